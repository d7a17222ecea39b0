/** NixOS systems (systems/*.nix) by the nixpkgs of NIXUS_NIXPKGS: the same `.drv` as with Nix, so the same system. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { suite } from "./lib/expected-failures.ts";
import { both, nixVersion } from "./lib/instantiate.ts";
import { nixpkgs, skipSuite } from "./lib/settings.ts";

const directory = join(import.meta.dirname, "systems");
const systems = readdirSync(directory).map((file) => file.slice(0, -".nix".length));
const { check, checkNames } = suite("systems");

function systemOf(name: string): string {
  return `(import ${nixpkgs}/nixos {
    system = "x86_64-linux";
    configuration = ${join(directory, name)}.nix;
  }).system.drvPath`;
}

/** Systems in one evaluation, which share what they have in common, and nothing else. */
function twins(): string {
  return `builtins.mapAttrs (name: configuration: (import ${nixpkgs}/nixos {
    system = "x86_64-linux";
    inherit configuration;
  }).system.drvPath) (import ${join(import.meta.dirname, "twins.nix")})`;
}

if (nixpkgs === undefined) {
  skipSuite("systems", "NIXUS_NIXPKGS does not name a nixpkgs");
} else if ((await nixVersion()) === undefined) {
  skipSuite("systems", "there is no nix-instantiate to compare with");
} else {
  const together = "twins, together";
  checkNames([...systems, together]);
  describe("the derivation of a system", () => {
    test.each(systems)("%s", (name) =>
      check(name, async () => {
        const { theirs, ours } = await both(["--eval", "-E", systemOf(name)]);
        expect(theirs.stdout, theirs.stderr).toMatch(/^"\/nix\/store\/[^"]+\.drv"\n?$/);
        expect(ours.stdout.trim(), ours.stderr).toBe(theirs.stdout.trim());
      }),
    );
  });
  test(together, () =>
    check(together, async () => {
      const { theirs, ours } = await both(["--eval", "--strict", "-E", twins()]);
      expect(theirs.stdout, theirs.stderr).toContain(".drv");
      expect(ours.stdout.trim(), ours.stderr).toBe(theirs.stdout.trim());
    }),
  );
}
