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

/** What another command of ours prints. */
async function printed(...args: readonly string[]): Promise<string> {
  const command = nixus.filter((word) => word !== "nix-instantiate") as [string, ...string[]];
  const { stdout, stderr } = await instantiate(command, args);
  expect(stdout, stderr).not.toBe("");
  return stdout.trimEnd();
}

/** The nodes' `.drv`s by name, as `nixus build --dry-run` prints them. */
async function derivationsOf(network: string): Promise<Readonly<Record<string, string>>> {
  const lines = (await printed("build", "--dry-run", network)).split("\n");
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
        const expected = JSON.parse(theirs.stdout) as Readonly<Record<string, string>>;
        const network = join(directory, name, "network.nix");
        expect(await derivationsOf(network)).toEqual(expected);
        const [node = "", drv] = Object.entries(expected)[0] ?? [];
        const path = `nodes.${node}.configuration.system.build.toplevel.drvPath`;
        expect(JSON.parse(await printed("eval", "-f", network, path, "--json"))).toBe(drv);
      }),
    );
  });
}
