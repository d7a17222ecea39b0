import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closureChange, splitName } from "../../../src/plan/preview/closure.ts";

const path = (name: string, hash = "a") => `/nix/store/${hash.repeat(32)}-${name}`;

test.each([
  ["openssl-3.0.8", "openssl", "3.0.8"],
  ["openssl-3.0.8-bin", "openssl", "3.0.8-bin"],
  ["etc-motd", "etc-motd", ""],
  ["perl5.32.0-DBI-1.643", "perl5.32.0-DBI", "1.643"],
  ["gtk+-2.24", "gtk+", "2.24"],
  ["nixos-system-foo-20.09pre-git", "nixos-system-foo", "20.09pre-git"],
])("%s is the package %s in version %s", (whole, name, version) => {
  expect(splitName(path(whole))).toEqual({ name, version });
});

describe("what changes of a closure", () => {
  test("packages by name, with their versions and by how much they grow", () => {
    const before = new Map([
      [path("openssl-3.0.7"), 1000],
      [path("bash-5.1"), 500],
      [path("curl-7.0"), 10],
      [path("motd"), 3],
    ]);
    const after = new Map([
      [path("openssl-3.0.8"), 1200],
      [path("bash-5.1"), 500],
      [path("hello-1.0"), 7],
      [path("motd", "b"), 4],
    ]);
    expect(closureChange(before, after)).toEqual({
      added: [
        { path: path("openssl-3.0.8"), size: 1200 },
        { path: path("hello-1.0"), size: 7 },
        { path: path("motd", "b"), size: 4 },
      ],
      removed: [
        { path: path("openssl-3.0.7"), size: 1000 },
        { path: path("curl-7.0"), size: 10 },
        { path: path("motd"), size: 3 },
      ],
      packages: [
        { name: "curl", before: ["7.0"], after: [], sizeDifference: -10 },
        { name: "hello", before: [], after: ["1.0"], sizeDifference: 7 },
        { name: "motd", before: [""], after: [""], sizeDifference: 1 },
        { name: "openssl", before: ["3.0.7"], after: ["3.0.8"], sizeDifference: 200 },
      ],
      sizeDifference: 198,
    });
  });

  test("adds up, whatever the closures are", () => {
    const closures = fc.dictionary(fc.stringMatching(/^[a-c](-[0-9])?$/), fc.nat({ max: 1000 }));
    fc.assert(
      fc.property(closures, closures, (a, b) => {
        const entries = (closure: Record<string, number>) =>
          new Map(Object.entries(closure).map(([name, size]) => [path(name), size]));
        const sum = (closure: ReadonlyMap<string, number>) =>
          [...closure.values()].reduce((total, size) => total + size, 0);
        const [before, after] = [entries(a), entries(b)];
        // The same path has the same size.
        for (const [key, size] of before) if (after.has(key)) after.set(key, size);
        const change = closureChange(before, after);
        expect(change.sizeDifference).toBe(sum(after) - sum(before));
        expect(change.packages.reduce((total, { sizeDifference }) => total + sizeDifference, 0)).toBe(
          change.sizeDifference,
        );
      }),
    );
  });
});
