/** Networks that are outputs of flakes, with the nixpkgs that flake.lock or a pin names. */
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { findNetworkFile } from "../../src/cli/network-file.ts";
import { scratchDirectory } from "../store/installed-nix.ts";
import { messageOf, networkFile } from "./network-of.ts";

const nixpkgs = resolve(import.meta.dirname, "../fixtures/nixpkgs");

const cache = scratchDirectory();
afterAll(() => cache[Symbol.dispose]());

function evaluate(file: string) {
  const env = { XDG_CACHE_HOME: cache.path };
  const result = runRequest({ kind: "network", file, nodes: undefined }, env, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  return result.network;
}

test("a flake's output is the network, and its inputs are nixpkgs", () => {
  const directory = dirname(
    networkFile({
      "flake.nix": `{
        inputs.nixpkgs = { url = "path:${nixpkgs}"; flake = false; };
        outputs = { nixpkgs, ... }: {
          network = { lib, ... }: {
            defaults.nixpkgs = nixpkgs;
            nodes.foo.configuration = ./foo.nix;
          };
        };
      }`,
      "foo.nix": '{ networking.hostName = "flaky"; }',
    }),
  );
  const file = findNetworkFile(`${directory}#network`, "/");
  expect(file).toBe(`${directory}/flake.nix#network`);
  expect(findNetworkFile("#", directory)).toBe(file);
  const { nodes, failures } = evaluate(file);
  expect(failures).toEqual([]);
  expect(nodes[0]?.toplevel).toMatch(/-nixos-system-flaky-20\.09$/);
  expect(messageOf(() => evaluate(`${directory}/flake.nix#other`))).toContain("has no output 'other'");
  mkdirSync(join(directory, "empty"));
  expect(() => findNetworkFile("empty#network", directory)).toThrow("no directory with a flake.nix");
});

test("a pin with an outPath is a nixpkgs", () => {
  const file = networkFile({
    "default.nix": "{ defaults.nixpkgs = (import ./npins).nixpkgs; nodes.foo = { }; }",
    "npins/default.nix": `{ nixpkgs = { type = "Channel"; outPath = ${nixpkgs}; }; }`,
  });
  expect(evaluate(file).nodes[0]?.source.type).toBe("derivation");
});
