import { isStackOverflow } from "../syntax/overflow.ts";
import type { Pos } from "../syntax/positions.ts";
import { NixError } from "./errors.ts";

/**
 * What was thrown, as the language's error where it is one: a stack overflow becomes a NixError at `pos`. When
 * there is not even enough stack for that, calling this throws another RangeError, and a frame further out does it.
 */
export function languageError(error: unknown, pos: Pos): unknown {
  return isStackOverflow(error) ? callDepthExceeded(pos) : error;
}

/** Calls, or values, are nested too deeply. */
export function callDepthExceeded(pos: Pos): NixError {
  return new NixError("stackOverflow", "stack overflow; max-call-depth exceeded", { pos });
}
