/** Evaluations that may fail. */
import { NixError } from "../../lang/eval/errors.ts";

/** The value, or why there is none. Only failures of the language are caught. */
export function attempt<T>(compute: () => T): T | NixError {
  try {
    return compute();
  } catch (error) {
    if (error instanceof NixError) return error;
    throw error;
  }
}

/** Undefined where the evaluation fails. */
export function ifPossible<T>(compute: () => T): T | undefined {
  const value = attempt(compute);
  return value instanceof NixError ? undefined : value;
}
