/** Networks that are outputs of flakes, with the nixpkgs that flake.lock or a pin names. */
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { findNetworkFile } from "../../src/cli/network-file.ts";
import { createSession } from "../../src/fleet/session.ts";
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

/** A lock file whose inputs these are; each is the fixture, by an absolute path. */
function lockFile(inputs: Readonly<Record<string, string | readonly string[]>>, more: object = {}): string {
  const { evaluator } = createSession({ env: { XDG_CACHE_HOME: cache.path }, onMessage: () => {} });
  const tree = evaluator.evalString(
    `(builtins.fetchTree { type = "path"; path = "${dirname(nixpkgs)}"; }).narHash`,
    { kind: "stdin" },
    "/",
  );
  const locked = { type: "path", path: dirname(nixpkgs), narHash: String(tree), dir: "nixpkgs" };
  const fixture = { locked, original: { type: "path", path: dirname(nixpkgs) }, flake: false, ...more };
  return JSON.stringify({ version: 7, root: "root", nodes: { root: { inputs }, fixture } });
}

const bare = "{ nodes.foo.configuration = { }; }";

test.each([
  ["an input of flake.lock", { "flake.lock": lockFile({ nixpkgs: "fixture" }) }],
  ["one that follows another", { "flake.lock": lockFile({ other: "fixture", nixpkgs: ["other"] }) }],
  ["a pin of npins", { "npins/default.nix": `{ nixpkgs = { outPath = ${nixpkgs}; }; }` }],
  [
    "npins beside a flake without it",
    {
      "flake.lock": lockFile({ other: "fixture" }),
      "npins/default.nix": `{ nixpkgs.outPath = ${nixpkgs}; }`,
    },
  ],
  [
    "one that the network says in spite of a pin that is none",
    {
      "npins/default.nix": "{ nixpkgs = throw; }",
      "default.nix": `{ defaults.nixpkgs = ${nixpkgs}; nodes.foo = { }; }`,
    },
  ],
])("nodes that say no nixpkgs get %s", (_, files) => {
  const { nodes, failures } = evaluate(networkFile({ "default.nix": bare, ...files }));
  expect(failures).toEqual([]);
  expect(nodes[0]?.toplevel).toMatch(/-nixos-system-nixos-20\.09$/);
});

test("an input in the flake's own directory is a path of it", () => {
  const local = {
    locked: { type: "path", path: "./own" },
    original: { type: "path", path: "./own" },
    parent: [],
  };
  const file = networkFile({
    "default.nix": bare,
    "flake.lock": lockFile({ nixpkgs: "fixture" }, local),
    "own/nixos/lib/eval-config.nix": `import ${nixpkgs}/nixos/lib/eval-config.nix`,
  });
  expect(evaluate(file).failures).toEqual([]);
});

test.each([
  [
    "both",
    {
      "flake.lock": lockFile({ nixpkgs: "fixture" }),
      "npins/default.nix": `{ nixpkgs.outPath = ${nixpkgs}; }`,
    },
    "say which one the machines get",
  ],
  [
    "none of the name",
    { "flake.lock": lockFile({ nixos: "fixture" }) },
    "lock one as the input or pin 'nixpkgs'",
  ],
  ["a file that is none", { "flake.lock": "{" }, "could not parse"],
])("%s is an error that says what to do", (_, files, message) => {
  const file = networkFile({ "default.nix": bare, ...files });
  expect(messageOf(() => evaluate(file))).toContain(message);
});
