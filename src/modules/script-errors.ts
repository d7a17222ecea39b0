/** What is thrown in code of users, as errors of the evaluation. */
import { NixError } from "../lang/eval/errors.ts";
import { fromText } from "../store/bytes.ts";
import { positionOfError } from "./script-position.ts";

/** Calls a user's function; what it throws is an error with the place in its file. */
export function callScript<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw scriptError(error);
  }
}

/** The error itself when it is one of the evaluation, of the stack's depth, or has nothing to do with a user's file. */
function scriptError(error: unknown): unknown {
  if (error instanceof NixError || error instanceof RangeError) return error;
  if (!(error instanceof Error)) {
    return new NixError("eval", `a TypeScript module threw ${fromText(String(error))}`, { cause: error });
  }
  const pos = positionOfError(error);
  if (pos === undefined) return error;
  return new NixError("eval", fromText(`${error.name}: ${error.message}`), { pos, cause: error });
}
