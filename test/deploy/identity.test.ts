import { existsSync, mkdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { withSocketDirectory } from "../../src/deploy/identity.ts";
import { scratchDirectory } from "../store/installed-nix.ts";

afterEach(() => vi.unstubAllEnvs());

test("a directory for control sockets is private, and gone afterwards", async () => {
  const lent = await withSocketDirectory(async (directory) => {
    expect(dirname(directory)).toBe(tmpdir());
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    return directory;
  });
  expect(existsSync(lent)).toBe(false);
});

test.each(["100%h", "a b", "~", "${HOME}", '"', "é", "x".repeat(100)])(
  "it is in /tmp where ssh would not take $TMPDIR for what it is: %s",
  async (name) => {
    using scratch = scratchDirectory();
    const odd = join(scratch.path, name);
    mkdirSync(odd);
    vi.stubEnv("TMPDIR", odd);
    expect(await withSocketDirectory(async (directory) => dirname(directory))).toBe("/tmp");
  },
);
