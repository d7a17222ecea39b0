import { SecretError } from "../deploy/secrets/errors.ts";
import { LockFileError } from "../fleet/lock-file.ts";
import { UserError } from "./errors.ts";
import * as text from "./text.ts";

/** A failed command as it is shown. A stack is for us: only failures that nobody expected have one. */
export function formatFailure(error: unknown): string {
  if (error instanceof UserError || error instanceof LockFileError || error instanceof SecretError) {
    return error.message.startsWith("error:") ? error.message : `error: ${error.message}`;
  }
  return text.unexpected(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
