/**
 * The packages of packages.txt by the nixpkgs of NIXUS_NIXPKGS: each has the same `.drv` as with Nix, or fails with
 * both. They are evaluated in groups, a process for each, so that memory stays bounded.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { suite } from "./lib/expected-failures.ts";
import { instantiate, nixVersion } from "./lib/instantiate.ts";
import { type Command, nix, nixpkgs, nixus, skipSuite } from "./lib/settings.ts";

const groupSize = 50;
const { check, checkNames } = suite("packages");

const packages = readFileSync(join(import.meta.dirname, "packages.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

/** What came of a package: its derivation, or that there is none. */
type Result = string | "failed";

/** A JSON list with, for each package, its derivation or null where `tryEval` caught something. */
function expressionOf(names: readonly string[]): string {
  const attempts = names.map((name) => `(attempt (pkgs: pkgs.${name}))`);
  return `let
    pkgs = import ${nixpkgs} { system = "x86_64-linux"; overlays = [ ]; config.allowUnfree = true; };
    attempt = select:
      let path = builtins.tryEval (select pkgs).drvPath;
      in if path.success then builtins.unsafeDiscardStringContext path.value else null;
  in [ ${attempts.join("\n")} ]`;
}

/** What `tryEval` does not catch ends the evaluation of all: then each is evaluated by itself. */
async function resultsOf(program: Command, names: readonly string[]): Promise<Map<string, Result>> {
  const { succeeded, stdout } = await instantiate(program, [
    "--eval",
    "--strict",
    "--json",
    "-E",
    expressionOf(names),
  ]);
  if (succeeded) {
    const paths = JSON.parse(stdout) as (string | null)[];
    return new Map(names.map((name, index) => [name, paths[index] ?? "failed"]));
  }
  if (names.length === 1) return new Map([[names[0]!, "failed"]]);
  const middle = Math.ceil(names.length / 2);
  const first = await resultsOf(program, names.slice(0, middle));
  const second = await resultsOf(program, names.slice(middle));
  return new Map([...first, ...second]);
}

/** By both at the same time. */
async function compareGroup(names: readonly string[]) {
  const [theirs, ours] = await Promise.all([resultsOf(nix, names), resultsOf(nixus, names)]);
  return { theirs, ours };
}

if (nixpkgs === undefined) {
  skipSuite("packages", "NIXUS_NIXPKGS does not name a nixpkgs");
} else if ((await nixVersion()) === undefined) {
  skipSuite("packages", "there is no nix-instantiate to compare with");
} else {
  checkNames(packages);
  for (let start = 0; start < packages.length; start += groupSize) {
    const names = packages.slice(start, start + groupSize);
    describe(`the derivations of packages ${start + 1} to ${start + names.length}`, () => {
      let comparison: ReturnType<typeof compareGroup> | undefined;
      test.each(names)("%s", (name) =>
        check(name, async () => {
          comparison ??= compareGroup(names);
          const { theirs, ours } = await comparison;
          expect(ours.get(name)).toBe(theirs.get(name));
        }),
      );
    });
  }
}
