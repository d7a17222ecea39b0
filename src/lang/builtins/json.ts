/** JSON to and from values. */
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { stringValue, type Value } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import type { Builtin } from "./builtin.ts";
import { JsonParseError, parseJson } from "./json-parse.ts";
import { printJson } from "./json-print.ts";

export function jsonFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "toJSON",
      arity: 1,
      doc: "The JSON text of a value. A path is copied to the store; a set with `__toString` or `outPath` stands for what that gives.",
      fn: (slot) => {
        const context = new Set<string>();
        return stringValue(printJson(evaluator, slot, { context, copyToStore: true }), context);
      },
    },
    {
      name: "fromJSON",
      arity: 1,
      doc: "The value that a JSON text describes.",
      fn: (slot) => {
        const what = "the first argument passed to builtins.fromJSON";
        return valueOfJson(evaluator.forceString(slot, noPos, what, undefined));
      },
    },
  ];
}

/** As {@link parseJson}, with a NixError for text that is not JSON. */
function valueOfJson(text: string): Value {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw new NixError("eval", error.message, { cause: error }).addTrace(
      noPos,
      "while decoding a JSON string",
    );
  }
}
