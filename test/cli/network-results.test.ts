/** Networks of NixOS nodes, of which each is evaluated apart: whatever changes, nothing of before is taken for its result. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EvaluationCache } from "../../src/cli/evaluation/cache.ts";
import {
  type Answer,
  isAnswer,
  type Known,
  keep,
  lookUp,
  nothingKnown,
} from "../../src/cli/evaluation/kept.ts";
import type { EvaluationRequest, EvaluationResult } from "../../src/cli/evaluation/protocol.ts";
import { runRecorded } from "../../src/cli/evaluation/run.ts";
import type { Environment } from "../../src/cli/private-cache.ts";

const fixture = resolve(import.meta.dirname, "../fixtures/nixpkgs");

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "nixus-test-"));
  cpSync(fixture, join(scratch, "nixpkgs"), { recursive: true });
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

function write(files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), text);
  }
}

interface Evaluated {
  /** Nodes whose results were kept by an evaluation before; "all" where the answer was. */
  readonly known: readonly string[] | "all";
  readonly result: EvaluationResult;
  readonly messages: readonly string[];
}

const request = (): EvaluationRequest => ({
  kind: "network",
  file: join(scratch, "network/default.nix"),
  nodes: undefined,
});

/** With what is kept, which is as if there were nothing, but for the time it takes. */
function evaluate(more: Environment = {}): Evaluated {
  const env = { XDG_CACHE_HOME: join(scratch, "cache"), ...more };
  const anew = runRecorded(request(), { env, send: () => {} }).result;
  const cache = EvaluationCache.open(env)!;
  const found = lookUp(cache, request());
  if (isAnswer(found)) {
    expect(found.result).toEqual(anew);
    return { known: "all", result: found.result, messages: found.messages.map(({ text }) => text) };
  }
  const messages: Answer["messages"][number][] = [];
  const { result, parts } = runRecorded(request(), {
    env,
    known: found,
    send: (message) => message.type === "message" && messages.push(message),
  });
  expect(result).toEqual(anew);
  // As if all files had been written long before.
  const started = BigInt(Date.now() + 10_000) * 1_000_000n;
  keep(cache, request(), { known: found, parts, started, answer: { messages, result } });
  const known = found.parts.flatMap(({ node }) => (node === null ? [] : [node.name]));
  return { known, result, messages: messages.map(({ text }) => text) };
}

/** Three machines with a file each; `more` are network modules, `defaults` what all machines have. */
function network({ defaults = "{ }", more = "{ }" } = {}): string {
  return `{
    defaults = { name, ... }: { nixpkgs = ../nixpkgs; configuration = ${defaults}; };
    nodes.a.configuration = ./a.nix;
    nodes.b.configuration = ./b.nix;
    nodes.c.configuration = ./c.nix;
    imports = [ (${more}) ];
  }`;
}

const etc = (value: string) => `{ environment.etc.file.text = ${value}; }`;

const plain: Files = {
  "network/default.nix": network(),
  "network/a.nix": "{ }",
  "network/b.nix": "{ }",
  "network/c.nix": "{ }",
};

interface Case {
  readonly files: Files;
  readonly change: Files;
  /** The nodes that are not evaluated again. */
  readonly known: readonly string[];
}

describe("what changes makes the network anew", () => {
  const cases: Readonly<Record<string, Case>> = {
    "the file of a node": { files: {}, change: { "network/b.nix": etc('"b"') }, known: ["a"] },
    "a file that a node imports": {
      files: { "network/b.nix": "{ imports = [ ./more.nix ]; }", "network/more.nix": "{ }" },
      change: { "network/more.nix": etc('"b"') },
      known: ["a"],
    },
    "a file that two nodes import": {
      files: {
        "network/a.nix": "{ imports = [ ./more.nix ]; }",
        "network/b.nix": "{ imports = [ ./more.nix ]; }",
        "network/more.nix": "{ }",
      },
      change: { "network/more.nix": etc('"new"') },
      known: [],
    },
    "a file that one node imports and another one looks for": {
      files: {
        "network/a.nix": "{ imports = [ ./more.nix ]; }",
        "network/b.nix": "{ imports = if builtins.pathExists ./other.nix then [ ./other.nix ] else [ ]; }",
        "network/more.nix": "{ }",
      },
      change: { "network/other.nix": etc('"b"') },
      known: ["a"],
    },
    "a value in a file that all nodes import, computed once in it": {
      files: {
        "network/default.nix": network({ defaults: "./common.nix" }),
        "network/common.nix": `let text = import ./text.nix; in { ... }: ${etc("text")}`,
        "network/text.nix": '"old"',
      },
      change: { "network/text.nix": '"new"' },
      known: [],
    },
    "a node's settings, in the network file": {
      files: {},
      change: { "network/default.nix": network({ more: '{ nodes.a.tags = [ "x" ]; }' }) },
      known: [],
    },
    "a node's settings, in a file of their own": {
      files: {
        "network/default.nix": network({
          more: "{ nodes.a = ./settings-a.nix; nodes.b = ./settings-b.nix; }",
        }),
        "network/settings-a.nix": "{ }",
        "network/settings-b.nix": "{ }",
      },
      change: { "network/settings-a.nix": '{ tags = [ "x" ]; }' },
      known: [],
    },
    "a network module": {
      files: { "network/default.nix": network({ more: "import ./module.nix" }), "network/module.nix": "{ }" },
      change: { "network/module.nix": `{ nodes.b.configuration = ${etc('"b"')}; }` },
      known: [],
    },
    nixpkgs: {
      files: {},
      change: {
        "nixpkgs/nixos/modules/toplevel.nix": "{ lib, pkgs, ... }: { system.build.toplevel = pkgs.hello; }",
      },
      known: [],
    },
    "a file that an overlay of all nodes reads": {
      files: {
        "network/default.nix": network({
          defaults: `{ pkgs, ... }: {
            nixpkgs.overlays = [ (self: super: { extra = super.writeText "extra" (import ./extra.nix); }) ];
            environment.systemPackages = [ pkgs.extra ];
          }`,
        }),
        "network/extra.nix": '"old"',
      },
      change: { "network/extra.nix": '"new"' },
      known: [],
    },
    "the file of a node where all nodes have an overlay": {
      files: {
        "network/default.nix": network({
          defaults: `{ pkgs, ... }: {
            nixpkgs.overlays = [ (self: super: { extra = super.writeText "extra" "extra"; }) ];
            environment.systemPackages = [ pkgs.extra ];
          }`,
        }),
      },
      change: { "network/b.nix": etc('"b"') },
      known: ["a"],
    },
    "a file of a node that another node reads the configuration of": {
      files: {
        "network/a.nix": `{ nodes, ... }: ${etc("nodes.b.networking.hostName")}`,
        "network/b.nix": '{ networking.hostName = "old"; }',
      },
      change: { "network/b.nix": '{ networking.hostName = "new"; }' },
      known: [],
    },
    "the file of a node that others leave alone, which read each other's configurations": {
      files: {
        "network/a.nix": `{ nodes, ... }: ${etc("nodes.b.networking.hostName")}`,
        "network/b.nix": `{ nodes, ... }: ${etc("nodes.a.networking.hostName")}`,
      },
      change: { "network/c.nix": etc('"c"') },
      known: ["a", "b"],
    },
    "a file of a node that a network module reads the configuration of": {
      files: {
        "network/default.nix": network({
          more: `{ config, ... }: {
            nodes.a.configuration = ${etc("config.nodes.b.configuration.networking.hostName")};
          }`,
        }),
        "network/b.nix": '{ networking.hostName = "old"; }',
      },
      change: { "network/b.nix": '{ networking.hostName = "new"; }' },
      known: [],
    },
  };

  test.each(Object.entries(cases))("%s", (_, { files, change, known }) => {
    write({ ...plain, ...files });
    const before = evaluate();
    expect(evaluate()).toMatchObject({ known: "all", result: before.result });
    write(change);
    const after = evaluate();
    expect(after.known).toEqual(known);
    expect(after.result).not.toEqual(before.result);
    expect(evaluate()).toMatchObject({ known: "all", result: after.result });
  });

  test("a variable", () => {
    write({ ...plain, "network/a.nix": etc('builtins.getEnv "X"') });
    evaluate({ X: "old" });
    expect(evaluate({ X: "old" }).known).toBe("all");
    expect(evaluate({ X: "new" }).known).not.toBe("all");
  });

  test("a file that is there where one was looked for in vain, by all nodes", () => {
    const found = `import (builtins.findFile [ { prefix = ""; path = ../opt; } { prefix = ""; path = ../other; } ] "x.nix")`;
    write({ ...plain, "other/x.nix": '"other"', "network/a.nix": etc(found), "network/b.nix": etc(found) });
    evaluate();
    expect(evaluate().known).toBe("all");
    write({ "opt/x.nix": '"opt"' });
    expect(evaluate().known).not.toBe("all");
  });

  test("the time of a tree", () => {
    write({
      ...plain,
      "tree/file": "x",
      "network/a.nix": etc(
        'toString (builtins.fetchTree { type = "path"; path = toString ../tree; }).lastModified',
      ),
    });
    const at = (seconds: number) => utimesSync(join(scratch, "tree/file"), seconds, seconds);
    at(1_900_000_000);
    evaluate();
    expect(evaluate().known).toBe("all");
    at(1_900_000_001);
    expect(evaluate().known).not.toBe("all");
  });
});

describe("what is used again", () => {
  test("the nodes before the one that has changed, and all others the next time", () => {
    write(plain);
    evaluate();
    write({ "network/b.nix": etc('"1"') });
    expect(evaluate().known).toEqual(["a"]);
    write({ "network/b.nix": etc('"2"') });
    expect(evaluate().known).toEqual(["a", "c"]);
    write({ "network/b.nix": etc('"3"') });
    expect(evaluate().known).toEqual(["a", "c"]);
    // The network anew: the order stays.
    write({ "network/default.nix": network({ more: '{ nodes.a.tags = [ "x" ]; }' }) });
    expect(evaluate().known).toEqual([]);
    write({ "network/b.nix": etc('"4"') });
    expect(evaluate().known).toEqual(["a", "c"]);
  });

  test("without an entry that grows", () => {
    write(plain);
    const parts = [1, 2, 3, 4].map((number) => {
      write({ "network/b.nix": etc(`"${number}"`) });
      evaluate();
      return EvaluationCache.open({ XDG_CACHE_HOME: join(scratch, "cache") })!.read<Known>(request())?.parts
        .length;
    });
    expect(parts.slice(1)).toEqual(Array(3).fill(parts[1]));
  });

  test("all but the node that failed, once it does not any more", () => {
    write({ ...plain, "network/b.nix": etc('throw "true"') });
    expect(evaluate()).toMatchObject({
      known: [],
      result: { network: { failures: [expect.objectContaining({ node: "b" })] } },
    });
    // It may not fail the next time.
    expect(evaluate().known).toEqual(["a", "c"]);
    write({ "network/b.nix": etc('throw "false"') });
    expect(evaluate().known).toEqual(["a"]);
    write({ "network/b.nix": "{ }" });
    expect(evaluate()).toMatchObject({ known: ["a", "c"], result: { network: { failures: [] } } });
    expect(evaluate().known).toBe("all");
  });

  test.each(["import", "builtins.readFile"])(
    "no node that has read a file by %s before it changed, nor any node behind it",
    async (read) => {
      const text = etc(`${read} ./text.nix`);
      write({ ...plain, "network/text.nix": '"old"', "network/b.nix": text, "network/c.nix": text });
      const env = { XDG_CACHE_HOME: join(scratch, "cache") };
      const cache = EvaluationCache.open(env)!;
      // So much later that what has been written until now counts as unchanged, and what follows does not.
      await setTimeout(20);
      const started = BigInt(Date.now() + 2000) * 1_000_000n;
      let parts = 0;
      const recorded = runRecorded(request(), {
        env,
        send: () => {},
        // What belongs to no node, a, b.
        afterNode: () => ++parts === 3 && write({ "network/text.nix": '"new"' }),
      });
      const answer = { messages: [], result: recorded.result };
      keep(cache, request(), { known: nothingKnown, parts: recorded.parts, started, answer });
      expect(lookUp(cache, request())).toMatchObject({ parts: [{ node: null }, { node: { name: "a" } }] });
    },
  );
});

/**
 * Whatever files have in common, and whatever becomes of them: what is put together of earlier evaluations is what a new
 * one gives. `evaluate` compares them.
 */
test("any changes of any files", () => {
  const shared = ["one", "two", "three"] as const;
  const file = fc.constantFrom(...shared);
  const use = fc.oneof(
    file.map((name) => `(toString (import ./shared/${name}.nix))`),
    file.map((name) => `(if builtins.pathExists ./shared/${name}.nix then "there" else "absent")`),
    file.map((name) => `(builtins.hashFile "sha256" ./shared/${name}.nix)`),
    file.map((name) => `(import ./lazy.nix).${name}`),
    fc.constant("(toString (builtins.attrNames (builtins.readDir ./shared)))"),
    fc.constant("pkgs.extra.name"),
    fc.constant('"${./shared}"'),
    file.map((name) => `"\${builtins.filterSource (path: type: baseNameOf path != "${name}.nix") ./shared}"`),
    fc.constant('(builtins.readFile (builtins.toFile "lazy" (import ./lazy.nix).one))'),
    fc.constantFrom("a", "b", "c").map((name) => `nodes.${name}.networking.hostName`),
    fc.constant('(throw "broken")'),
    fc.nat(9).map((number) => `"${number}"`),
  );
  const configuration = fc
    .array(use, { maxLength: 3 })
    .map((uses) => `{ pkgs, nodes, ... }: ${etc(["''x''", ...uses].join(" + "))}`);
  const change = fc.oneof(
    fc.record({ path: fc.constantFrom("a.nix", "b.nix", "c.nix"), text: configuration }),
    fc.record({
      path: file.map((name) => `shared/${name}.nix`),
      text: fc.oneof(fc.nat(9).map(String), fc.constant(null)),
    }),
    fc.record({ path: fc.constant("shared/other"), text: fc.constantFrom("", null) }),
  );
  const base: Files = {
    ...plain,
    "network/default.nix": network({
      defaults: `{
        nixpkgs.overlays = [ (self: super: { extra = super.writeText (toString (import ./shared/one.nix)) "x"; }) ];
      }`,
    }),
    "network/lazy.nix": `{ ${shared.map((name) => `${name} = toString (import ./shared/${name}.nix);`).join(" ")} }`,
    ...Object.fromEntries(shared.map((name) => [`network/shared/${name}.nix`, "0"])),
  };
  fc.assert(
    fc.property(
      fc.tuple(configuration, configuration, configuration),
      fc.array(change, { minLength: 1, maxLength: 5 }),
      ([a, b, c], changes) => {
        rmSync(join(scratch, "network"), { recursive: true, force: true });
        rmSync(join(scratch, "cache"), { recursive: true, force: true });
        write({ ...base, "network/a.nix": a, "network/b.nix": b, "network/c.nix": c });
        evaluate();
        for (const { path, text } of changes) {
          if (text === null) rmSync(join(scratch, "network", path), { force: true });
          else write({ [`network/${path}`]: text });
          evaluate();
        }
      },
    ),
    { numRuns: 25 },
  );
}, 300_000);

test("where a directory changes between two nodes that list it, nothing is kept", () => {
  const names = `toString (builtins.attrNames (builtins.readDir ./listed))`;
  write({ ...plain, "network/listed/one": "", "network/a.nix": etc(names), "network/b.nix": etc(names) });
  let parts = 0;
  // What belongs to no node, a.
  const afterNode = () => ++parts === 2 && write({ "network/listed/two": "" });
  const { host } = runRecorded(request(), { env: {}, send: () => {}, afterNode });
  expect([...host.reads.unrecorded]).toEqual([expect.stringContaining("listed', which changed meanwhile")]);
});

describe("messages", () => {
  test("of the network are shown once, and so is what several nodes say alike", () => {
    write({
      ...plain,
      "network/default.nix": `builtins.trace "network" (${network()})`,
      "network/a.nix": 'builtins.trace "node" { }',
      "network/b.nix": 'builtins.trace "node" { }',
      "network/c.nix": 'builtins.trace "c" { }',
    });
    expect(evaluate().messages).toEqual(["network", "node", "c"]);
    expect(evaluate().messages).toEqual(["network", "node", "c"]);
  });

  test("that one node repeats are repeated", () => {
    write({ ...plain, "network/a.nix": 'builtins.trace "x" (builtins.trace "x" { })' });
    expect(evaluate().messages).toEqual(["x", "x"]);
  });
});
