/** Networks of NixOS machines (networks/) by the nixpkgs of NIXUS_NIXPKGS: each node's `.drv` as Nix has it for the same modules. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { suite } from "./lib/expected-failures.ts";
import { instantiate, nixVersion } from "./lib/instantiate.ts";
import { nix, nixpkgs, nixus, skipSuite } from "./lib/settings.ts";

const directory = join(import.meta.dirname, "networks");
const sshd = resolve(import.meta.dirname, "../../src/fleet/platforms/nixos/sshd.nix");
const networks = readdirSync(directory);
const { check, checkNames } = suite("networks");

/** The nodes' `.drv`s by name, as `nixus build --dry-run` prints them. */
async function derivationsOf(network: string): Promise<Readonly<Record<string, string>>> {
  const command = nixus.filter((word) => word !== "nix-instantiate") as [string, ...string[]];
  const { stdout, stderr } = await instantiate(command, ["build", "--dry-run", network]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  expect(lines, stderr).not.toEqual([]);
  return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}

if (nixpkgs === undefined) {
  skipSuite("networks", "NIXUS_NIXPKGS does not name a nixpkgs");
} else if ((await nixVersion()) === undefined) {
  skipSuite("networks", "there is no nix-instantiate to compare with");
} else {
  checkNames(networks);
  describe("the derivations of a network's machines", () => {
    test.each(networks)("%s", (name) =>
      check(name, async () => {
        const plain = `import ${join(directory, name)}/plain.nix { nixpkgs = ${nixpkgs}; sshd = ${sshd}; }`;
        const theirs = await instantiate(nix, ["--eval", "--strict", "--json", "-E", plain]);
        expect(theirs.succeeded, theirs.stderr).toBe(true);
        expect(await derivationsOf(join(directory, name, "network.nix"))).toEqual(JSON.parse(theirs.stdout));
      }),
    );
  });
}
