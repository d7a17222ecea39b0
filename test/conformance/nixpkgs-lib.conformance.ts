/**
 * The tests of nixpkgs' lib (NIXUS_NIXPKGS_LIB): what they evaluate, and its scripts with a `nix-instantiate` on
 * their PATH that is ours.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { suite } from "./lib/expected-failures.ts";
import { instantiate } from "./lib/instantiate.ts";
import { nixpkgsLib, nixus, skipSuite } from "./lib/settings.ts";

/** Each evaluates to the list of what went wrong. */
const expressions = ["misc.nix", "systems.nix"];
const scripts = ["modules.sh", "network.sh", "filesystem.sh", "sources.sh", "debug.sh"];

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

if (nixpkgsLib === undefined) {
  skipSuite("nixpkgs' lib/tests", "NIXUS_NIXPKGS_LIB does not name a nixpkgs");
} else {
  const tests = join(nixpkgsLib, "tests");
  const { check, checkNames } = suite("lib");
  checkNames([...expressions, ...scripts]);

  describe("evaluates to nothing that went wrong", () => {
    test.each(expressions)("%s", (name) =>
      check(name, async () => {
        const { stdout, stderr } = await instantiate(nixus, ["--eval", "--strict", join(tests, name)]);
        expect(stdout.trim(), stderr).toBe("[ ]");
      }),
    );
  });

  describe("script", () => {
    let scratch = "";
    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), "nixus-lib-"));
      mkdirSync(join(scratch, "bin"));
      const program = `#!/bin/sh\nexec ${nixus.map(quoted).join(" ")} "$@"\n`;
      writeFileSync(join(scratch, "bin/nix-instantiate"), program, { mode: 0o755 });
    });
    afterAll(() => rmSync(scratch, { recursive: true }));

    test.each(scripts)(
      "%s",
      (name) =>
        check(name, async () => {
          const { PATH = "" } = process.env;
          const { all, failed } = await execa("bash", [join(tests, name)], {
            all: true,
            reject: false,
            stdin: "ignore",
            env: { PATH: `${join(scratch, "bin")}:${PATH}`, HOME: scratch },
          });
          const counts = all.match(/^\d+ (Pass|Fail)$/gm);
          if (counts !== null) console.log(`${name}: ${counts.join(", ")}`);
          expect(failed, all).toBe(false);
        }),
      // Hundreds of processes.
      1_200_000,
    );
  });
}
