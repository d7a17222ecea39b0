/** Networks of NixOS nodes, of which each is evaluated apart: whatever changes, nothing of before is taken for its result. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Environment, EvaluationCache } from "../../src/cli/evaluation/cache.ts";
import type { EvaluationRequest, EvaluationResult } from "../../src/cli/evaluation/protocol.ts";
import { runRecorded } from "../../src/cli/evaluation/run.ts";
import { factsOf } from "../../src/lang/read-facts.ts";

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
  /** Whether the result was kept by an evaluation before. */
  readonly known: boolean;
  readonly result: EvaluationResult;
  readonly messages: readonly string[];
}

/** What was kept, or a new evaluation, which is kept then. */
function evaluate(more: Environment = {}): Evaluated {
  const env = { XDG_CACHE_HOME: join(scratch, "cache"), ...more };
  const request: EvaluationRequest = {
    kind: "network",
    file: join(scratch, "network/default.nix"),
    nodes: undefined,
  };
  const cache = EvaluationCache.open(env)!;
  const kept = cache.find<EvaluationResult>(request);
  const messages: string[] = [];
  const { result, host } = runRecorded(request, {
    env,
    send: (message) => message.type === "message" && messages.push(message.text),
  });
  expect(result).toMatchObject({ network: { failures: [] } });
  if (kept !== undefined) {
    expect(kept).toEqual(result);
    return { known: true, result, messages };
  }
  // As if all files had been written long before.
  const facts = factsOf(host.reads, BigInt(Date.now() + 10_000) * 1_000_000n, cache.context);
  if (facts !== undefined) cache.keep(request, { facts, value: result });
  return { known: false, result, messages };
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
}

describe("what changes makes the network anew", () => {
  const cases: Readonly<Record<string, Case>> = {
    "the file of a node": { files: {}, change: { "network/b.nix": etc('"b"') } },
    "a file that a node imports": {
      files: { "network/b.nix": "{ imports = [ ./more.nix ]; }", "network/more.nix": "{ }" },
      change: { "network/more.nix": etc('"b"') },
    },
    "a file that two nodes import": {
      files: {
        "network/a.nix": "{ imports = [ ./more.nix ]; }",
        "network/b.nix": "{ imports = [ ./more.nix ]; }",
        "network/more.nix": "{ }",
      },
      change: { "network/more.nix": etc('"new"') },
    },
    "a file that one node imports and another one looks for": {
      files: {
        "network/a.nix": "{ imports = [ ./more.nix ]; }",
        "network/b.nix": "{ imports = if builtins.pathExists ./other.nix then [ ./other.nix ] else [ ]; }",
        "network/more.nix": "{ }",
      },
      change: { "network/other.nix": etc('"b"') },
    },
    "a value in a file that all nodes import, computed once in it": {
      files: {
        "network/default.nix": network({ defaults: "./common.nix" }),
        "network/common.nix": `let text = import ./text.nix; in { ... }: ${etc("text")}`,
        "network/text.nix": '"old"',
      },
      change: { "network/text.nix": '"new"' },
    },
    "a node's settings, in the network file": {
      files: {},
      change: { "network/default.nix": network({ more: '{ nodes.a.tags = [ "x" ]; }' }) },
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
    },
    "a network module": {
      files: { "network/default.nix": network({ more: "import ./module.nix" }), "network/module.nix": "{ }" },
      change: { "network/module.nix": `{ nodes.b.configuration = ${etc('"b"')}; }` },
    },
    nixpkgs: {
      files: {},
      change: {
        "nixpkgs/nixos/modules/toplevel.nix": "{ lib, pkgs, ... }: { system.build.toplevel = pkgs.hello; }",
      },
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
    },
    "a file of a node that another node reads the configuration of": {
      files: {
        "network/a.nix": `{ nodes, ... }: ${etc("nodes.b.networking.hostName")}`,
        "network/b.nix": '{ networking.hostName = "old"; }',
      },
      change: { "network/b.nix": '{ networking.hostName = "new"; }' },
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
    },
  };

  test.each(Object.entries(cases))("%s", (_, { files, change }) => {
    write({ ...plain, ...files });
    const before = evaluate();
    expect(evaluate()).toMatchObject({ known: true });
    write(change);
    const after = evaluate();
    expect(after.known).toBe(false);
    expect(after.result).not.toEqual(before.result);
    expect(evaluate()).toMatchObject({ known: true });
  });

  test("a variable", () => {
    write({ ...plain, "network/a.nix": etc('builtins.getEnv "X"') });
    evaluate({ X: "old" });
    expect(evaluate({ X: "old" }).known).toBe(true);
    expect(evaluate({ X: "new" }).known).toBe(false);
  });

  test("a file that is there where one was looked for in vain, by all nodes", () => {
    const found = `import (builtins.findFile [ { prefix = ""; path = ../opt; } { prefix = ""; path = ../other; } ] "x.nix")`;
    write({ ...plain, "other/x.nix": '"other"', "network/a.nix": etc(found), "network/b.nix": etc(found) });
    evaluate();
    expect(evaluate().known).toBe(true);
    write({ "opt/x.nix": '"opt"' });
    expect(evaluate().known).toBe(false);
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
    expect(evaluate().known).toBe(true);
    at(1_900_000_001);
    expect(evaluate().known).toBe(false);
  });
});

test("where a directory changes between two nodes that list it, nothing is kept", () => {
  const names = `toString (builtins.attrNames (builtins.readDir ./listed))`;
  write({ ...plain, "network/listed/one": "", "network/a.nix": etc(names), "network/b.nix": etc(names) });
  const request: EvaluationRequest = {
    kind: "network",
    file: join(scratch, "network/default.nix"),
    nodes: undefined,
  };
  const afterNode = () => write({ "network/listed/two": "" });
  const { host } = runRecorded(request, { env: {}, send: () => {}, afterNode });
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
