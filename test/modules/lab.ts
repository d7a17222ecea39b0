/** Evaluations with the module system for tests: all builtins, files that are given, messages collected. */
import { families } from "../../src/lang/builtins/index.ts";
import { NixError } from "../../src/lang/eval/errors.ts";
import { createEvaluator } from "../../src/lang/eval/evaluation.ts";
import type { Evaluator } from "../../src/lang/eval/evaluator.ts";
import { printValue } from "../../src/lang/eval/print.ts";
import { lazy, type Slot, type Value } from "../../src/lang/eval/value.ts";
import { createNodeHost } from "../../src/lang/node-host.ts";
import { type Evaluation, evalModules } from "../../src/modules/evaluate.ts";
import { libGlobal } from "../../src/modules/lib/load.ts";
import type { ModuleSource } from "../../src/modules/module.ts";
import { ModuleSystem } from "../../src/modules/system.ts";
import { fromText, toText } from "../../src/store/bytes.ts";

export interface ModulesLab {
  readonly system: ModuleSystem;
  readonly evaluator: Evaluator;
  readonly messages: readonly string[];
  /** Evaluates an expression that may use `lib`, `t` (its types) and `o type` (an option of the type). */
  eval(expression: string): Value;
  print(slot: Slot): string;
  /** A module of the language in a file of this name. */
  nix(file: string, text: string): ModuleSource;
  modules(...modules: readonly (string | ModuleSource)[]): Evaluation;
  /** The final configuration, printed. */
  config(...modules: readonly (string | ModuleSource)[]): string;
  /** The message with which reading the whole configuration fails. */
  fails(...modules: readonly (string | ModuleSource)[]): NixError;
}

export function modulesLab(): ModulesLab {
  const messages: string[] = [];
  const host = createNodeHost({ env: {}, onMessage: (_, text) => messages.push(toText(text)) });
  const evaluator: Evaluator = createEvaluator({
    host,
    settings: { pureEval: false, restrictEval: false, nixPath: [], currentSystem: "x86_64-linux" },
    families,
    extraGlobals: { [libGlobal]: lazy(() => ModuleSystem.of(evaluator).lib) },
  });
  const system = ModuleSystem.of(evaluator);
  const scope = (text: string) =>
    `let lib = ${libGlobal}; t = lib.types; o = type: lib.mkOption { inherit type; };\nin ${text}`;
  const evaluate = (text: string) => evaluator.evalString(fromText(scope(text)), { kind: "string" }, "/base");
  const nix = (file: string, text: string): ModuleSource => ({
    kind: "nix",
    value: lazy(() => evaluator.evalString(fromText(scope(text)), { kind: "file", path: file }, "/base")),
    file,
  });
  const print = (slot: Slot) => toText(printValue(evaluator.deepForce(slot)));
  const sources = (modules: readonly (string | ModuleSource)[]) =>
    modules.map((module, index) =>
      typeof module === "string" ? nix(`/${String.fromCharCode(97 + index)}.nix`, module) : module,
    );
  const lab: ModulesLab = {
    system,
    evaluator,
    messages,
    eval: evaluate,
    print,
    nix,
    modules: (...modules) => evalModules(evaluator, { modules: sources(modules) }),
    config: (...modules) => print(lab.modules(...modules).config),
    fails: (...modules) => {
      try {
        lab.config(...modules);
      } catch (error) {
        if (error instanceof NixError) return error;
        throw error;
      }
      throw new Error("the modules evaluate");
    },
  };
  return lab;
}
