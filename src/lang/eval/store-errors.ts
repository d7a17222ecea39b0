import { StoreError } from "../../store/errors.ts";
import { NixError, type NixErrorKind } from "./errors.ts";

/** Runs something of the store's; its failures become failures of the evaluation. */
export function asNixErrors<T>(kind: NixErrorKind, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof StoreError) throw new NixError(kind, error.message, { cause: error });
    throw error;
  }
}
