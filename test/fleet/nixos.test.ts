/** NixOS nodes, evaluated with the stand-in of test/fixtures/nixpkgs. */
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDerivation } from "../../src/store/aterm.ts";
import { fromBytes } from "../../src/store/bytes.ts";
import { contentsBytes } from "../../src/store/file-chunks.ts";
import { deploymentOf, evaluationOf, messageOf, optionValue } from "./network-of.ts";

const nixpkgs = resolve(import.meta.dirname, "../fixtures/nixpkgs");

const network = (rest: string, settings = "") => `{ lib, ... }: {
  defaults = { name, ... }: {
    nixpkgs = ${nixpkgs};
    ${settings}
    configuration = { lib, ... }: { networking.hostName = lib.mkDefault name; };
  };
  ${rest}
}`;

describe("a NixOS node", () => {
  test("is a derivation with all that it is built from", () => {
    const { nodes, objects, failures } = deploymentOf(network("nodes.foo = { };"));
    expect(failures).toEqual([]);
    const [foo] = nodes;
    expect(foo).toMatchObject({ platform: "nixos", baseline: null, closure: [], packages: [] });
    expect(foo!.toplevel).toMatch(/^\/nix\/store\/[0-9a-z]{32}-nixos-system-foo-20\.09$/);
    if (foo!.source.type !== "derivation") throw new Error("not a derivation");
    const byPath = new Map(objects.map((object) => [object.path, object]));
    const derivation = byPath.get(foo!.source.derivation);
    if (derivation?.tree.type !== "regular") throw new Error("no such derivation");
    const parsed = parseDerivation(fromBytes(contentsBytes(derivation.tree.contents)), "system");
    expect(parsed.outputs.get("out")).toEqual({ type: "inputAddressed", path: foo!.toplevel });
    const order = objects.map(({ path }) => path);
    for (const { path, references } of objects) {
      for (const reference of references) expect(order.indexOf(reference)).toBeLessThan(order.indexOf(path));
    }
    expect(order.at(-1)).toBe(derivation.path);
  });

  test("reads other nodes' final configuration, and gets definitions from every network module", () => {
    const text = network(`
      nodes.foo.configuration = { nodes, name, ... }: { environment.etc.other.text = "\${name} \${nodes.bar.networking.hostName}"; };
      nodes.bar.configuration = { lib, ... }: { networking.hostName = lib.mkForce "renamed"; };
      imports = [ { nodes.foo.configuration = [ ./extra.nix { environment.etc.b.text = "b"; } ]; } ];
    `);
    const files = { "default.nix": text, "extra.nix": '{ environment.etc.a.text = "a"; }' };
    expect(optionValue(files, "nodes.foo.configuration.environment.etc")).toEqual({
      a: { text: "a" },
      b: { text: "b" },
      other: { text: "foo renamed" },
    });
    expect(deploymentOf(files).nodes.map(({ name }) => name)).toEqual(["bar", "foo"]);
  });

  test.each([
    ["a name", "nodes.bar.networking.hostName", "nodes.foo.networking.hostName"],
    ["what comes of its own", "nodes.bar.environment.etc.file.text", '"bar"'],
    ["a whole system", '"${nodes.bar.system.build.toplevel}"', '"bar"'],
    ["whole systems both ways", '"${nodes.bar.system.build.toplevel}"', "nodes.foo.system.build.name"],
    [
      "what the network has of it",
      "config.nodes.bar.host",
      '"${config.nodes.foo.configuration.system.build.toplevel}"',
    ],
  ])("is the same system apart as in the network of all, reading %s of another one", (_, foo, bar) => {
    const text = network(`imports = [ ({ config, ... }: {
      nodes.foo.configuration = { nodes, ... }: { environment.etc.file.text = ${foo}; system.build.name = "foo"; };
      nodes.bar = { host = "example.org"; configuration = { nodes, ... }: { environment.etc.file.text = ${bar}; }; };
    }) ];`);
    const { nodes } = deploymentOf(text);
    for (const { name, toplevel } of nodes) {
      expect(optionValue(text, `nodes.${name}.configuration.system.build.toplevel.outPath`)).toBe(toplevel);
    }
    expect(nodes.map(({ name }) => name)).toEqual(["bar", "foo"]);
  });

  test.each([
    // NixOS has what the module says that comes last in front.
    [
      "orders",
      'lib.mkMerge [ (lib.mkAfter (part "c")) (part "b") (lib.mkBefore (part "a")) ]',
      // NixOS has in front what the module says that comes last.
      ["c", "b", "a"],
    ],
    ["conditions", 'lib.mkMerge [ (part "a") (lib.mkIf false (part "b")) ]', ["a"]],
    ["priorities", 'lib.mkMerge [ (lib.mkDefault (part "a")) (part "b") ]', ["b"]],
  ])("takes the definitions of its configuration with their %s", (_, configuration, expected) => {
    const text = network(`imports = [ ({ lib, ... }: let part = name: { system.parts = [ name ]; }; in {
      nodes.foo.configuration = ${configuration};
      defaults.configuration = { config, lib, ... }: {
        options.system.parts = lib.mkOption { type = lib.types.listOf lib.types.str; };
        config.environment.etc.parts.text = toString config.system.parts;
      };
    }) ];`);
    expect(optionValue(text, "nodes.foo.configuration.system.parts")).toEqual(expected);
    expect(deploymentOf(text).nodes.map(({ toplevel }) => toplevel)).toEqual([
      optionValue(text, "nodes.foo.configuration.system.build.toplevel.outPath"),
    ]);
  });

  test("shares what was evaluated for another node, also where that reads the network only then", () => {
    const text = `{ config, ... }: {
      defaults.nixpkgs = ${nixpkgs};
      defaults.configuration = { config, lib, pkgs, ... }: {
        options.domain = lib.mkOption { };
        config.nixpkgs.overlays = [ (final: prev: { domain = config.domain; }) ];
      };
      imports = [ ({ config, ... }: { defaults.configuration.domain = config.nodes.a.host; }) ];
      nodes.a = { host = "example.org"; };
      nodes.b.configuration = { pkgs, ... }: { environment.etc.domain.text = pkgs.domain; };
      nodes.c.configuration = { pkgs, ... }: { environment.etc.domain.text = pkgs.domain; };
    }`;
    const { nodes, failures } = evaluationOf(text);
    expect(failures).toEqual([]);
    expect(nodes.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("restarts sshd where there is one that listens itself", () => {
    const stopped = (configuration: string) =>
      optionValue(
        network(`nodes.foo.configuration = ${configuration};`),
        "nodes.foo.configuration.systemd.services",
      );
    expect(stopped("{ services.openssh.enable = true; }")).toMatchObject({
      sshd: { script: null, stopIfChanged: true },
    });
    expect(stopped("{ services.openssh = { enable = true; startWhenNeeded = true; }; }")).toEqual({});
    expect(stopped("{ }")).toEqual({});
  });

  test("takes packages into its closure beside the system", () => {
    const { nodes, objects } = deploymentOf(
      network(`nodes.foo.closurePaths = {
        hello = (import ${nixpkgs} { system = "x86_64-linux"; }).hello;
        file = builtins.toFile "file" "text";
        old = "/nix/store/00000000000000000000000000000000-old";
      };`),
    );
    const paths = nodes[0]!.closurePaths;
    expect(paths.map(({ source }) => source.type)).toEqual(["memory", "derivation", "store"]);
    expect(nodes[0]!.closure).toEqual([paths[0]!.path]);
    const held = objects.map(({ path }) => path);
    expect(held).toContain(paths[0]!.path);
    const [, { source } = { source: undefined }] = paths;
    expect(source?.type === "derivation" && held.includes(source.derivation)).toBe(true);
    expect(messageOf(() => deploymentOf(network("nodes.foo.closurePaths.x = ./x;")))).toContain("x");
    expect(messageOf(() => deploymentOf(network('nodes.foo.closurePaths.x = "y";')))).toContain(
      "'nodes.foo.closurePaths.x' has to be a store path or a package, but it is 'y'",
    );
  });
});

describe("a system that was made elsewhere", () => {
  const path = "/nix/store/00000000000000000000000000000000-system";

  test("is given as a store path, without a nixpkgs", () => {
    const { nodes } = deploymentOf(`{ nodes.foo.configuration.system = "${path}"; }`);
    expect(nodes[0]).toMatchObject({ toplevel: path, source: { type: "store" } });
  });

  test("is given as a derivation, or as an evaluated configuration", () => {
    const evaluated = `(import ${nixpkgs}/nixos/lib/eval-config.nix { system = "x86_64-linux"; modules = [ ]; })`;
    const toplevelOf = (configuration: string) =>
      deploymentOf(`{ nodes.foo.configuration = ${configuration}; }`).nodes[0];
    const given = toplevelOf(`{ system = ${evaluated}.config.system.build.toplevel; }`);
    expect(given?.source.type).toBe("derivation");
    expect(toplevelOf(`${evaluated} // { _type = "configuration"; }`)).toEqual(given);
  });
});

describe("what is wrong with a nixpkgs is said", () => {
  const failure = (value: string, files = {}) =>
    messageOf(() => deploymentOf({ "default.nix": `{ nodes.foo.nixpkgs = ${value}; }`, ...files }));

  test.each([
    ["null", "node 'foo' is a NixOS machine, but 'nodes.foo.nixpkgs' is not set"],
    ["./.", "which is not a nixpkgs: it has no nixos/lib/eval-config.nix"],
  ])("%s", (value, message) => expect(failure(value)).toContain(message));

  test("one of an old release", () => {
    const files = { "old/nixos/lib/eval-config.nix": "{ ... }: { }", "old/.version": "19.03\n" };
    expect(failure("./old", files)).toContain("which is of NixOS 19.03; 20.09 or later is needed");
  });
});

test("a node that can't be evaluated does not keep the others", () => {
  const text = network(`
    nodes.good = { };
    nodes.bad = { host = "root@bad.example.com"; configuration.networking.hostName = 5; };
    nodes.strict.configuration.assertions = [ { assertion = false; message = "no way"; } ];
  `);
  const { nodes, failures } = evaluationOf(text);
  expect(nodes.map(({ name }) => name)).toEqual(["good"]);
  expect(failures.map(({ node, host }) => [node, host])).toEqual([
    ["bad", "root@bad.example.com"],
    ["strict", "strict"],
  ]);
  expect(failures[0]!.message).toContain("networking.hostName");
  expect(failures[1]!.message).toContain("no way");
  expect(messageOf(() => deploymentOf(text, ["strict"]))).toContain("no way");
});

test.each([
  [
    "5",
    "A definition for option `nodes.foo.configuration' is not of type `configuration of the node's platform (module)'",
  ],
  ['throw "true"', "true"],
])("a configuration that is %s is said to be the node's", (configuration, message) => {
  const { failures } = evaluationOf(network(`nodes.good = { }; nodes.foo.configuration = ${configuration};`));
  expect(failures.map(({ node }) => node)).toEqual(["foo"]);
  expect(failures[0]!.message).toContain("while evaluating the option `nodes.foo.configuration'");
  expect(failures[0]!.message).toContain(message);
});

test("definitions keep their files in the messages of NixOS", () => {
  const files = {
    "default.nix": network("nodes.foo.configuration.imports = [ ./one.nix ./two.nix ];"),
    "one.nix": '{ networking.hostName = "one"; }',
    "two.nix": '{ networking.hostName = "two"; }',
  };
  const message = messageOf(() => deploymentOf(files));
  expect(message).toContain("one.nix");
  expect(message).toContain("two.nix");
});
