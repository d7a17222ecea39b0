/** Failures of system calls in the words of the C library, as Nix shows them. */
import { getSystemErrorMap } from "node:util";
import { fromText } from "./bytes.ts";
import { StoreError } from "./errors.ts";

/** Where libuv's words are not those of the C library. */
const descriptions: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  ENOENT: "No such file or directory",
  ENOTDIR: "Not a directory",
  EPERM: "Operation not permitted",
};

/** The code of a failed system call, e.g. `ENOENT`; undefined when the error is none. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** `opening file '/x': Permission denied`, where `doing` is `opening file`; errors of other kinds are passed through. */
function describeSystemError(error: unknown, doing: string, path: string): Error {
  const code = systemErrorCode(error);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  if (code === "ENOENT") return new StoreError(`path '${path}' does not exist`, { cause: error });
  return new StoreError(`${doing} '${path}': ${descriptionOf(code, error)}`, { cause: error });
}

/** Runs a system call; its failure becomes a StoreError in Nix's words. */
export function withSystemErrors<T>(doing: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw describeSystemError(error, doing, path);
  }
}

function descriptionOf(code: string, error: unknown): string {
  const known = descriptions[code];
  if (known !== undefined) return known;
  for (const [name, description] of getSystemErrorMap().values()) if (name === code) return description;
  return fromText(error instanceof Error ? error.message : code);
}
