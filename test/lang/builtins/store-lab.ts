/** Evaluations with all builtins on the real file system, for tests of what they make in the store. */
import { families } from "../../../src/lang/builtins/index.ts";
import { NixError } from "../../../src/lang/eval/errors.ts";
import { createEvaluator } from "../../../src/lang/eval/evaluation.ts";
import type { EvalSettings, Evaluator } from "../../../src/lang/eval/evaluator.ts";
import { printValue } from "../../../src/lang/eval/print.ts";
import { createNodeHost, type NodeHost, type NodeHostOptions } from "../../../src/lang/node-host.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";

export interface StoreLab {
  readonly host: NodeHost;
  readonly evaluator: Evaluator;
  readonly messages: readonly string[];
  /** The value as `nix-instantiate --eval --strict` prints it. */
  print(expression: string): string;
  /** A string value. */
  text(expression: string): string;
  /** The failure that the value has. */
  fail(expression: string): NixError;
}

export function storeLab(
  options: Partial<NodeHostOptions> & { readonly settings?: Partial<EvalSettings> } = {},
): StoreLab {
  const messages: string[] = [];
  const onMessage = (kind: string, text: string) => messages.push(`${kind}: ${toText(text)}`);
  const host = createNodeHost({ env: {}, onMessage, ...options });
  const settings: EvalSettings = {
    pureEval: false,
    restrictEval: false,
    nixPath: [],
    currentSystem: "x86_64-linux",
    ...options.settings,
  };
  const evaluator = createEvaluator({ host, settings, families });
  const evaluate = (expression: string) =>
    evaluator.deepForce(evaluator.evalString(fromText(expression), { kind: "string" }, "/"));
  return {
    host,
    evaluator,
    messages,
    print: (expression) => toText(printValue(evaluate(expression))),
    text: (expression) => JSON.parse(toText(printValue(evaluate(expression)))) as string,
    fail: (expression) => {
      try {
        evaluate(expression);
      } catch (error) {
        if (error instanceof NixError) return error;
        throw error;
      }
      throw new Error(`it did not fail: ${expression}`);
    },
  };
}
