/** Results of evaluations are kept, and everything that an evaluation may read makes them anew when it changes. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EvaluationCache } from "../../src/cli/evaluation/cache.ts";
import { isAnswer, keep as keepIn, lookUp, nothingKnown } from "../../src/cli/evaluation/kept.ts";
import type { EvaluationRequest, EvaluationResult } from "../../src/cli/evaluation/protocol.ts";
import { runRecorded } from "../../src/cli/evaluation/run.ts";
import type { Environment } from "../../src/cli/private-cache.ts";
import { createNodeHost } from "../../src/lang/node-host.ts";
import { factsOf, holds } from "../../src/lang/read-facts.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "nixus-test-"));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(scratch, path)), { recursive: true });
  writeFileSync(join(scratch, path), text);
}

function environment(more: Environment = {}): Environment {
  return { XDG_CACHE_HOME: join(scratch, "cache"), ...more };
}

/** An archive of a directory with this text as `x.nix`. */
function archive(path: string, text: string): void {
  write("archived/directory/x.nix", text);
  execFileSync("tar", ["-cf", join(scratch, path), "-C", join(scratch, "archived"), "directory"]);
}

/** A network whose `value` is the expression. */
function network(expression: string): EvaluationRequest {
  write("default.nix", `{ lib, ... }: { options.value = lib.mkOption { }; config.value = ${expression}; }`);
  return { kind: "value", file: join(scratch, "default.nix"), path: "value", format: "json" };
}

function find(request: EvaluationRequest, env = environment()): EvaluationResult | undefined {
  const found = lookUp(EvaluationCache.open(env)!, request);
  return isAnswer(found) ? found.result : undefined;
}

const directory = () => join(scratch, "cache/nixus/evaluations");

/**
 * Evaluates and keeps; gives whether it could be kept. `later`: seconds from now to when it started; `meanwhile` is what
 * happens while it runs.
 */
function keep(request: EvaluationRequest, env = environment(), later = 10, meanwhile = () => {}): boolean {
  const cache = EvaluationCache.open(env)!;
  const before = readdirSync(directory()).length;
  const { result, parts } = runRecorded(request, { env, send: () => {} });
  meanwhile();
  const started = BigInt(Date.now() + later * 1000) * 1_000_000n;
  keepIn(cache, request, { known: nothingKnown, parts, started, answer: { messages: [], result } });
  return readdirSync(directory()).length > before;
}

describe("what is read and changes makes an evaluation anew", () => {
  interface Case {
    readonly expression: string;
    readonly prepare?: () => void;
    readonly change: () => void;
  }
  const cases: Readonly<Record<string, Case>> = {
    "the network file": { expression: "1", change: () => network("2") },
    "an imported file": {
      expression: "import ./other.nix",
      prepare: () => write("other.nix", "1"),
      change: () => write("other.nix", "2"),
    },
    "a file of the same size and time": {
      expression: "builtins.readFile ./text",
      prepare: () => write("text", "a"),
      change: () => write("text", "b"),
    },
    "a file that goes": {
      expression: "import ./other.nix",
      prepare: () => write("other.nix", "1"),
      change: () => rmSync(join(scratch, "other.nix")),
    },
    "a file that was looked for in vain": {
      expression: "builtins.pathExists ./other.nix",
      change: () => write("other.nix", "1"),
    },
    "a file that was looked for and found": {
      expression: "builtins.pathExists ./other.nix",
      prepare: () => write("other.nix", "1"),
      change: () => rmSync(join(scratch, "other.nix")),
    },
    "a directory that was listed": {
      expression: "builtins.attrNames (builtins.readDir ./directory)",
      prepare: () => write("directory/a", ""),
      change: () => write("directory/b", ""),
    },
    "the type of a file in a listed directory": {
      expression: "builtins.readDir ./directory",
      prepare: () => write("directory/a", ""),
      change: () => {
        rmSync(join(scratch, "directory/a"));
        mkdirSync(join(scratch, "directory/a"));
      },
    },
    "a symbolic link on the way": {
      expression: "import ./link.nix",
      prepare: () => {
        write("one.nix", "1");
        write("two.nix", "2");
        symlinkSync("one.nix", join(scratch, "link.nix"));
      },
      change: () => {
        rmSync(join(scratch, "link.nix"));
        symlinkSync("two.nix", join(scratch, "link.nix"));
      },
    },
    "a file that was copied to the store": {
      expression: `"\${./text}"`,
      prepare: () => write("text", "a"),
      change: () => write("text", "b"),
    },
    "a file that was copied to the store, and is now a link to what it was": {
      expression: `"\${./text}"`,
      prepare: () => write("text", "a"),
      change: () => {
        renameSync(join(scratch, "text"), join(scratch, "moved"));
        symlinkSync("moved", join(scratch, "text"));
      },
    },
    "a file in a directory that was copied to the store": {
      expression: `"\${./directory}"`,
      prepare: () => write("directory/deep/a", "a"),
      change: () => write("directory/deep/a", "b"),
    },
    "a new file in a directory that was copied to the store": {
      expression: `"\${./directory}"`,
      prepare: () => write("directory/deep/a", "a"),
      change: () => write("directory/deep/b", "b"),
    },
    "the executable bit of a file that was copied to the store": {
      expression: `"\${./directory}"`,
      prepare: () => write("directory/a", "a"),
      change: () => chmodSync(join(scratch, "directory/a"), 0o755),
    },
    "a file that a filter let through": {
      expression: `"\${builtins.filterSource (path: type: baseNameOf path != "no") ./directory}"`,
      prepare: () => write("directory/a", "a"),
      change: () => write("directory/a", "b"),
    },
    "what was fetched, where it was kept": {
      expression: `"\${builtins.fetchTarball "file://\${toString ./archive.tar}"}"`,
      prepare: () => archive("archive.tar", "1"),
      change: () => rmSync(join(scratch, "cache/nixus/objects"), { recursive: true }),
    },
  };

  test.each(Object.entries(cases))("%s", (_, { expression, prepare, change }) => {
    prepare?.();
    const request = network(expression);
    expect(keep(request)).toBe(true);
    const kept = find(request);
    expect(kept).toEqual(runRecorded(request, { env: environment(), send: () => {} }).result);
    change();
    expect(find(request)).toBeUndefined();
  });

  test.each(Object.entries(cases))("%s, right after it was written", (_, { expression, prepare, change }) => {
    prepare?.();
    const request = network(expression);
    // Where even that can't be said, nothing is kept.
    if (keep(request, environment(), 0)) expect(find(request)).toBeDefined();
    change();
    expect(find(request)).toBeUndefined();
  });

  test.each(Object.entries(cases))("%s, while it runs", (_, { expression, prepare, change }) => {
    prepare?.();
    const request = network(expression);
    // Whatever clock the files have.
    keep(request, environment(), 10, change);
    expect(find(request)).toBeUndefined();
  });

  test("a directory while a filter chooses from it", () => {
    write("directory/a", "");
    const host = createNodeHost({ env: {}, onMessage: () => {} });
    host.store.addPath("name", join(scratch, "directory"), () => {
      write("directory/b", "");
      return true;
    });
    const context = { env: {}, key: new Uint8Array(32), now: 0 };
    const facts = factsOf(host.reads, BigInt(Date.now()) * 1_000_000n, context);
    expect(facts?.filter((fact) => !holds(fact, context))).toMatchObject([{ kind: "directory" }]);
  });

  test("a variable", () => {
    const request = network(`builtins.getEnv "FLEET"`);
    keep(request, environment({ FLEET: "a" }));
    expect(find(request, environment({ FLEET: "a" }))).toBeDefined();
    expect(find(request, environment({ FLEET: "b" }))).toBeUndefined();
    expect(find(request, environment())).toBeUndefined();
  });

  test("the search path", () => {
    write("a/x.nix", "1");
    const request = network("import <x.nix>");
    keep(request, environment({ NIX_PATH: join(scratch, "a") }));
    expect(find(request, environment({ NIX_PATH: join(scratch, "a") }))).toBeDefined();
    expect(find(request, environment({ NIX_PATH: join(scratch, "b") }))).toBeUndefined();
  });

  test("the question", () => {
    const request = network("1");
    keep(request);
    expect(find({ ...request, path: "nodes" } as EvaluationRequest)).toBeUndefined();
  });
});

describe("what changes without an effect does not", () => {
  test("a file that is written again as it was", () => {
    write("text", "a");
    const request = network("builtins.readFile ./text");
    keep(request);
    write("text", "a");
    expect(find(request)).toBeDefined();
  });

  test("a file that a filter left out, in a directory below", () => {
    write("directory/a/kept", "a");
    write("directory/b/left-out", "a");
    const request = network(
      `"\${builtins.filterSource (path: type: baseNameOf path != "left-out") ./directory}"`,
    );
    keep(request);
    write("directory/b/left-out", "b");
    expect(find(request)).toBeDefined();
  });

  test("a variable that nothing read", () => {
    const request = network("1");
    keep(request);
    expect(find(request, environment({ OTHER: "x" }))).toBeDefined();
  });
});

describe("what can't be checked is not kept", () => {
  test("the time", () => {
    expect(keep(network("builtins.currentTime"))).toBe(false);
  });

  test("what could not be read, where the evaluation goes on without", () => {
    network('{ copied = ./directory + ""; text = "${./directory}"; }');
    const request = { kind: "explain", file: join(scratch, "default.nix"), path: "value" } as const;
    expect(keep(request)).toBe(true);
    // Where there is nothing, that is a fact.
    write("directory/file", "");
    expect(find(request)).toBeUndefined();
    execFileSync("mkfifo", [join(scratch, "directory/pipe")]);
    rmSync(directory(), { recursive: true });
    expect(keep(request)).toBe(false);
  });

  test("an archive of the search path that could not be had", () => {
    write("other/x.nix", "1");
    const env = environment({ NIX_PATH: `x=file://${scratch}/archive.tar:x=${scratch}/other` });
    const request = network("import <x/x.nix>");
    keep(request, env);
    archive("archive.tar", "2");
    expect(find(request, env)).toBeUndefined();
  });

  test("a module in TypeScript, which may read anything", () => {
    write("module.ts", `import { defineModule } from "nixus"; export default defineModule({ config: {} });`);
    write("default.nix", "{ imports = [ ./module.ts ]; }");
    const file = join(scratch, "default.nix");
    expect(keep({ kind: "value", file, path: "nodes", format: "json" })).toBe(false);
  });
});

describe("entries", () => {
  const entries = () => readdirSync(directory()).filter((name) => name !== "key");

  test("that are damaged are ignored", () => {
    const request = network("1");
    keep(request);
    const path = join(directory(), entries()[0]!);
    const whole = readFileSync(path);
    for (const damaged of [
      whole.subarray(0, 10),
      Buffer.alloc(0),
      Buffer.concat([whole, Buffer.from("x")]),
    ]) {
      writeFileSync(path, damaged);
      expect(find(request)).toBeUndefined();
    }
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 1;
    writeFileSync(path, flipped);
    expect(find(request)).toBeUndefined();
    writeFileSync(path, whole);
    expect(find(request)).toBeDefined();
  });

  test("of another cache are ignored", () => {
    const request = network("1");
    keep(request);
    writeFileSync(join(directory(), "key"), Buffer.alloc(32));
    expect(find(request)).toBeUndefined();
  });

  test("are for their owner alone, and a cache that others can write to is not used", () => {
    keep(network("1"));
    expect(EvaluationCache.open(environment())).toBeDefined();
    chmodSync(directory(), 0o777);
    expect(EvaluationCache.open(environment())).toBeUndefined();
  });

  test("do not hold what variables and files have", () => {
    write("text", "not to be found");
    const request = network(`builtins.stringLength (builtins.getEnv "TOKEN" + builtins.readFile ./text)`);
    keep(request, environment({ TOKEN: "hunter2" }));
    const contents = readFileSync(join(directory(), entries()[0]!), "latin1");
    expect(contents).not.toContain("hunter2");
    expect(contents).not.toContain("not to be found");
  });

  test("are gone without a trace where the cache can't be written", () => {
    const request = network("1");
    expect(EvaluationCache.open({})).toBeUndefined();
    keep(request);
    expect(entries().every((name) => !name.endsWith(".tmp"))).toBe(true);
  });
});
