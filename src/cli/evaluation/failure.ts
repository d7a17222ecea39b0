import { NixError } from "../../lang/eval/errors.ts";
import { showError } from "../../lang/eval/show-error.ts";
import { languageError } from "../../lang/eval/stack.ts";
import { noPos } from "../../lang/syntax/positions.ts";

/** A failure of an evaluation as it is shown, a byte string. What is no such failure is thrown again. */
export function renderFailure(error: unknown, showTrace: boolean): string {
  const failure = languageError(error, noPos);
  if (failure instanceof NixError) return showError(failure, { showTrace });
  throw error;
}
