/** Results of single nodes are kept: what changes makes those nodes anew that depend on it, and no others. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Environment, EvaluationCache } from "../../src/cli/evaluation/cache.ts";
import { KeptResults } from "../../src/cli/evaluation/kept-results.ts";
import type { EvaluationMessage, EvaluationRequest } from "../../src/cli/evaluation/protocol.ts";
import { runRecorded } from "../../src/cli/evaluation/run.ts";

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

/** Evaluates and keeps. `anew`: the nodes for which nothing was known. */
function evaluate(more: Environment = {}, nodes?: readonly string[]) {
  const env = { XDG_CACHE_HOME: join(scratch, "cache"), ...more };
  const request: EvaluationRequest = { kind: "network", file: join(scratch, "network/default.nix"), nodes };
  // As if all files had been written long before.
  const started = BigInt(Date.now() + 10_000) * 1_000_000n;
  const kept = new KeptResults(EvaluationCache.open(env)!, request, started);
  const messages: Extract<EvaluationMessage, { type: "message" }>[] = [];
  const send = (message: EvaluationMessage) => {
    if (message.type === "message") messages.push(message);
  };
  const anew: string[] = [];
  const known = {
    keep: kept.keep.bind(kept),
    find(name: string) {
      const found = kept.find(name);
      if (found === undefined) anew.push(name);
      return found;
    },
  };
  const { result, host } = runRecorded(request, { env, send, known });
  kept.save(host, { messages, result });
  const plain = runRecorded(request, { env, send: () => {} }).result;
  expect(result).toEqual(plain);
  if (result.kind !== "network") throw new Error("not a network");
  return { anew, network: result.network, messages: messages.map(({ text }) => text) };
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
  readonly anew: readonly string[];
}

const all = ["a", "b", "c"];

describe("what changes makes nodes anew", () => {
  const cases: Readonly<Record<string, Case>> = {
    nothing: { files: {}, change: {}, anew: [] },
    "the file of a node": { files: {}, change: { "network/b.nix": etc('"b"') }, anew: ["b"] },
    "a file that a node imports": {
      files: { "network/b.nix": "{ imports = [ ./more.nix ]; }", "network/more.nix": "{ }" },
      change: { "network/more.nix": etc('"b"') },
      anew: ["b"],
    },
    "a file that two nodes import": {
      files: {
        "network/a.nix": "{ imports = [ ./more.nix ]; }",
        "network/b.nix": "{ imports = [ ./more.nix ]; }",
        "network/more.nix": "{ }",
      },
      change: { "network/more.nix": etc('"new"') },
      anew: ["a", "b"],
    },
    "a file that one node imports and another one looks for": {
      files: {
        "network/a.nix": "{ imports = [ ./more.nix ]; }",
        "network/b.nix": "{ imports = if builtins.pathExists ./other.nix then [ ./other.nix ] else [ ]; }",
        "network/more.nix": "{ }",
      },
      change: { "network/other.nix": etc('"b"') },
      anew: ["b"],
    },
    "a value in a file that all nodes import, computed once in it": {
      files: {
        "network/default.nix": network({ defaults: "./common.nix" }),
        "network/common.nix": `let text = import ./text.nix; in { ... }: ${etc("text")}`,
        "network/text.nix": '"old"',
      },
      change: { "network/text.nix": '"new"' },
      anew: all,
    },
    "a node's settings, in the network file": {
      files: {},
      change: { "network/default.nix": network({ more: '{ nodes.a.tags = [ "x" ]; }' }) },
      anew: all,
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
      anew: ["a"],
    },
    "a network module": {
      files: { "network/default.nix": network({ more: "import ./module.nix" }), "network/module.nix": "{ }" },
      change: { "network/module.nix": `{ nodes.b.configuration = ${etc('"b"')}; }` },
      anew: all,
    },
    nixpkgs: {
      files: {},
      change: {
        "nixpkgs/nixos/modules/toplevel.nix": "{ lib, pkgs, ... }: { system.build.toplevel = pkgs.hello; }",
      },
      anew: all,
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
      anew: all,
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
      anew: ["b"],
    },
    "a file of a node that another node reads the configuration of": {
      files: {
        "network/a.nix": `{ nodes, ... }: ${etc("nodes.b.networking.hostName")}`,
        "network/b.nix": '{ networking.hostName = "old"; }',
      },
      change: { "network/b.nix": '{ networking.hostName = "new"; }' },
      anew: ["a", "b"],
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
      anew: ["a", "b"],
    },
    "nixus.lock, which nobody reads": { files: {}, change: { "network/nixus.lock": "" }, anew: [] },
  };

  test.each(Object.entries(cases))("%s", (_, { files, change, anew }) => {
    write({ ...plain, ...files });
    expect(evaluate().anew).toEqual(all);
    write(change);
    expect(evaluate().anew).toEqual(anew);
    // And once more, with what was kept of several evaluations.
    expect(evaluate().anew).toEqual(anew.filter((name) => !isKept(files, name)));
  });

  /** Nodes that read the configurations of others are evaluated with them each time, unless nothing has changed at all. */
  function isKept(files: Files, name: string): boolean {
    return !(name === "a" && JSON.stringify(files).includes("networking.hostName"));
  }

  test("a variable", () => {
    write({ ...plain, "network/a.nix": etc('builtins.getEnv "X"') });
    evaluate({ X: "old" });
    expect(evaluate({ X: "old" }).anew).toEqual([]);
    expect(evaluate({ X: "new" }).anew).toEqual(all);
  });
});

describe("what was kept", () => {
  test("does for another selection of nodes", () => {
    write(plain);
    evaluate({}, ["a"]);
    expect(evaluate({}, ["a", "b"]).anew).toEqual(["b"]);
    expect(evaluate().anew).toEqual(["c"]);
  });

  test("is nothing where the evaluation asked for the time", () => {
    write({ ...plain, "network/a.nix": etc('if builtins.currentTime > 0 then "a" else ""') });
    evaluate();
    expect(evaluate().anew).toEqual(all);
  });

  test("is what succeeded, where a node failed", () => {
    write({ ...plain, "network/b.nix": 'throw "broken"' });
    expect(evaluate().network.failures).toMatchObject([{ node: "b" }]);
    expect(evaluate().anew).toEqual(["b"]);
    write(plain);
    const { anew, network } = evaluate();
    expect([anew, network.failures]).toEqual([["b"], []]);
  });
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
