/** An evaluation for tests: no files but those given, no store, messages collected. */

import type { BuiltinFamily } from "../../../src/lang/builtins/builtin.ts";
import { controlFamily } from "../../../src/lang/builtins/control.ts";
import { NixError } from "../../../src/lang/eval/errors.ts";
import { createEvaluator } from "../../../src/lang/eval/evaluation.ts";
import type { Evaluator } from "../../../src/lang/eval/evaluator.ts";
import { printValue } from "../../../src/lang/eval/print.ts";
import type { SharedPlace } from "../../../src/lang/eval/sharing.ts";
import type { EvalHost } from "../../../src/lang/host.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";

export interface Lab {
  readonly evaluator: Evaluator;
  readonly messages: readonly string[];
  /** Paths that were copied to the store. */
  readonly copied: readonly string[];
  /** The value as `nix-instantiate --eval` prints it. */
  print(expression: string): string;
  /** As {@link print}, with `--strict`. */
  printStrict(expression: string): string;
  fail(expression: string): NixError;
}

export interface LabOptions {
  /** Contents by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly nixPath?: readonly { readonly prefix: string; readonly path: string }[];
  readonly reservedPath?: (name: string) => string | undefined;
  readonly families?: readonly BuiltinFamily[];
  readonly sharedPlaces?: readonly SharedPlace[];
}

/** What these tests are not about. */
function outside(): never {
  throw new Error("the lab has no such thing");
}

export function lab(options: LabOptions = {}): Lab {
  const files = options.files ?? {};
  const links = options.links ?? {};
  const messages: string[] = [];
  const copied: string[] = [];
  let isQuiet = false;
  const host: EvalHost = {
    fileType: (path) => {
      if (path in links) return "symlink";
      if (path in files) return "regular";
      return [...Object.keys(files), ...Object.keys(links)].some((file) => file.startsWith(`${path}/`))
        ? "directory"
        : undefined;
    },
    missing: (path) => new NixError("io", `path '${path}' does not exist`),
    isExecutable: () => false,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new NixError("io", `cannot read ${path}`);
      return Buffer.from(text);
    },
    readDirectory: () => new Map(),
    readLink: (path) => links[path]!,
    environmentVariable: (name) => ({ HOME: "/home/user", LANGUAGE: "nix" })[name],
    noteUnrecorded: () => undefined,
    currentTime: () => 1_700_000_000n,
    message: (kind, text) => {
      if (isQuiet) throw new NixError("eval", "quiet");
      messages.push(`${kind}: ${toText(text)}`);
    },
    quietly: (compute) => {
      isQuiet = true;
      try {
        return compute();
      } finally {
        isQuiet = false;
      }
    },
    fetch: outside,
    fetchTree: outside,
    checkUrl: outside,
    hasPinned: outside,
    isAvailable: outside,
    store: {
      storeDir: "/nix/store",
      addText: outside,
      addTree: outside,
      addPath: (name, sourcePath) => {
        copied.push(sourcePath);
        return `/nix/store/00000000000000000000000000000000-${name}`;
      },
      addFlatFile: outside,
      addDerivation: outside,
      readDerivation: outside,
      derivationHash: outside,
      has: () => false,
      references: () => [],
      contentHash: outside,
    },
  };
  const evaluator = createEvaluator({
    host,
    settings: {
      pureEval: false,
      restrictEval: false,
      nixPath: options.nixPath ?? [],
      currentSystem: "x86_64-linux",
    },
    families: [controlFamily, ...(options.families ?? [])],
    ...(options.sharedPlaces === undefined ? {} : { sharedPlaces: options.sharedPlaces }),
    ...(options.reservedPath === undefined ? {} : { reservedPath: options.reservedPath }),
  });
  const evaluate = (expression: string) =>
    evaluator.evalString(fromText(expression), { kind: "string" }, "/base");
  return {
    evaluator,
    messages,
    copied,
    print: (expression) => toText(printValue(evaluate(expression))),
    printStrict: (expression) => toText(printValue(evaluator.deepForce(evaluate(expression)))),
    fail: (expression) => {
      try {
        evaluator.deepForce(evaluate(expression));
      } catch (error) {
        if (error instanceof NixError) return error;
        throw error;
      }
      throw new Error(`${expression} did not fail`);
    },
  };
}
