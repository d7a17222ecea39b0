import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  flakeRefAttrs,
  flakeRefFromAttrs,
  parseFlakeRef,
  printFlakeRef,
} from "../../../src/lang/fetch/flake-ref.ts";
import { isLocked } from "../../../src/lang/fetch/input.ts";
import { isLegalRefName } from "../../../src/lang/fetch/names.ts";
import { gitUrl, parseUrl, percentDecode, percentEncode, printUrl } from "../../../src/lang/fetch/url.ts";

const rev = "0123456789012345678901234567890123456789";

/** Reference, attributes, and as it is printed (undefined: as it was). */
const references: readonly [text: string, attrs: Record<string, unknown>, printed?: string][] = [
  [`github:a/b/${rev}`, { type: "github", owner: "a", repo: "b", rev }],
  ["github:a/b/c?dir=x", { type: "github", owner: "a", repo: "b", ref: "c", dir: "x" }],
  [
    "github:a/b/c/d?host=h.org",
    { type: "github", owner: "a", repo: "b", ref: "c/d", host: "h.org" },
    "github:a/b/c%2Fd?host=h.org",
  ],
  ["gitlab:a%2Fb/c", { type: "gitlab", owner: "a/b", repo: "c" }],
  ["sourcehut:~a/b", { type: "sourcehut", owner: "~a", repo: "b" }],
  ["path:./x", { type: "path", path: "./x" }],
  ["/x/y?dir=q", { type: "path", path: "/x/y", dir: "q" }, "path:/x/y?dir=q"],
  ["path:/x?lastModified=1", { type: "path", path: "/x", lastModified: 1n }],
  [
    `git+ssh://git@host/x?ref=a&rev=${rev}&submodules=1`,
    { type: "git", url: "ssh://git@host/x", ref: "a", rev, submodules: true },
  ],
  ["git://h/x", { type: "git", url: "git://h/x" }],
  ["git+file:/x/y", { type: "git", url: "file:/x/y" }],
  ["hg+file:///x", { type: "hg", url: "file:///x" }],
  ["https://x.org/a.tar.gz", { type: "tarball", url: "https://x.org/a.tar.gz" }],
  ["https://x.org/a", { type: "tarball", url: "https://x.org/a" }],
  ["file+https://x.org/a", { type: "file", url: "https://x.org/a" }, "https://x.org/a"],
  ["http://[::1]:80/x.tar", { type: "tarball", url: "http://[::1]:80/x.tar" }],
  ["https://u:p@h:81/a%20b.zip?x=y", { type: "tarball", url: "https://u:p@h:81/a%20b.zip?x=y" }],
  [
    `nixpkgs/nixos-20.09/${rev}`,
    { type: "indirect", id: "nixpkgs", ref: "nixos-20.09", rev },
    `flake:nixpkgs/nixos-20.09/${rev}`,
  ],
];

test.each(references)("%s", (text, attrs, printed = text) => {
  const ref = parseFlakeRef(text);
  expect(Object.fromEntries(flakeRefAttrs(ref))).toEqual(attrs);
  expect(printFlakeRef(ref)).toBe(printed);
  expect(flakeRefFromAttrs(flakeRefAttrs(ref))).toEqual(ref);
});

test.each([
  ["./x", "flake reference './x' is not an absolute path"],
  ["", "flake reference '' is not an absolute path"],
  ["path:/a b", "flake reference 'path:/a b' is not an absolute path"],
  ["github:a", "flake reference 'github:a' is not an absolute path"],
  ["github:a/b/c?ref=d", "flake reference 'github:a/b/c?ref=d' is not an absolute path"],
  ["github:a/b/..", "is not an absolute path"],
  ["foo:bar", "input 'foo:bar' is unsupported"],
  ["file+git://x/y", "did you mean 'git+file' instead of 'file+git'?"],
  ["github:a/b#c", "unexpected fragment 'c' in flake reference 'github:a/b#c'"],
  ["path://h/x", "path URL 'path://h/x' should not have an authority ('h')"],
  ["path:/x?y=z", "has unsupported parameter 'y'"],
  ["path:/x?revCount=z", "has invalid parameter 'revCount'"],
])("refuses %j", (text, message) => {
  expect(() => parseFlakeRef(text)).toThrow(message);
});

test.each([
  [{ type: "git" }, "input attribute 'url' is missing"],
  [{ url: "https://x/y" }, "'type' attribute to specify input scheme is required but not provided"],
  [{ type: "git", url: "https://x/y", foo: true }, "input attribute 'foo' not supported by scheme 'git'"],
  [{ type: "git", url: "https://x/y", shallow: "yes" }, "input attribute 'shallow' is not a Boolean"],
  [
    { type: "git", url: "https://x/y", ref: "--upload-pack=x" },
    "invalid Git branch/tag name '--upload-pack=x'",
  ],
  [{ type: "github", owner: "a", repo: "b", ref: "x", rev }, "contains both a commit hash"],
  [{ type: "github", owner: "a", repo: "b", host: "h/../x" }, "contains an invalid instance host"],
  [{ type: "svn", url: "https://x/y" }, "input type 'svn' is not supported"],
])("refuses %j", (attrs, message) => {
  expect(() => flakeRefFromAttrs(new Map<string, string | boolean>(Object.entries(attrs)))).toThrow(message);
});

test("is locked by a revision, a hash or both, as the type needs it", () => {
  const locked = (text: string) => isLocked(parseFlakeRef(text).input);
  const hash = "narHash=sha256-9XZrGeJw%2BOchGFfFaETkowZoRS1tctCyEsFzv9AiTh0%3D";
  expect(
    ["git+https://x/y", `git+https://x/y?rev=${rev}`, `git+https://x/y?rev=${"0".repeat(40)}`].map(locked),
  ).toEqual([false, true, false]);
  expect([`github:a/b/${rev}`, `github:a/b?${hash}`, `github:a/b/${rev}?${hash}`].map(locked)).toEqual([
    false,
    false,
    true,
  ]);
  expect(["path:/x", `path:/x?${hash}`, "https://x/y", `https://x/y?${hash}`, "nixpkgs"].map(locked)).toEqual(
    [false, true, false, true, false],
  );
});

test.each([
  ["/a/b c", "file:///a/b%20c"],
  ["git@github.com:a/b.git", "ssh://git@github.com/a/b.git"],
  ["host:/a", "ssh://host/a"],
  ["[::1]:a", "ssh://[::1]/a"],
  ["git+https://x/y", "https://x/y"],
  ["ssh://h:22/~/x", "ssh://h:22/~/x"],
])("the Git URL %s is %s", (text, url) => {
  expect(printUrl(gitUrl(text))).toBe(url);
});

describe("URLs", () => {
  const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });

  test("escapes are undone", () => {
    fc.assert(
      fc.property(
        text,
        text,
        (any, keep) => percentDecode(percentEncode(any, keep.replaceAll("%", ""))) === any,
      ),
    );
  });

  test("what is printed is read as the same", () => {
    const name = text.filter((each) => each !== "");
    const url = fc.record({
      scheme: fc.constantFrom("https", "git+ssh", "x"),
      authority: fc.constant(parseUrl("x://user@host:1/").authority),
      path: fc.array(text).map((segments) => ["", ...segments]),
      query: fc
        .array(fc.tuple(name, text))
        .map((entries) => new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)))),
      fragment: text,
    });
    fc.assert(
      fc.property(url, (each) => {
        expect(parseUrl(printUrl(each))).toEqual(each);
      }),
    );
  });

  test("anything is parsed or refused", () => {
    fc.assert(
      fc.property(text, (any) => {
        try {
          const ref = parseFlakeRef(any);
          expect(printFlakeRef(parseFlakeRef(printFlakeRef(ref)))).toBe(printFlakeRef(ref));
        } catch (error) {
          expect((error as Error).name).toBe("StoreError");
        }
      }),
    );
  });
});

test.each(["main", "v1.0", "feature/x", "a@b", "refs/heads/x"])("%s may be a branch", (name) => {
  expect(isLegalRefName(name)).toBe(true);
});

test.each([
  "",
  "@",
  "-x",
  "a..b",
  "a b",
  "a~1",
  "a^",
  "a:b",
  "x.lock",
  ".x",
  "a//b",
  "a/",
  "/a",
  "a.",
  "a@{b",
  "\x7f",
])("%j is no branch", (name) => {
  expect(isLegalRefName(name)).toBe(false);
});
