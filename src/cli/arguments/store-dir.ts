/** Where Nix's own programs have their store (Nix manual, "Common Environment Variables"). */
import { posix } from "node:path";
import { UsageError } from "../errors.ts";

/** Throws a {@link UsageError}. */
export function storeDirOf(env: Readonly<Record<string, string | undefined>>): string {
  const name = env["NIX_STORE_DIR"] ? "NIX_STORE_DIR" : "NIX_STORE";
  const directory = env[name] || "/nix/store";
  if (directory.startsWith("/")) return posix.resolve(directory);
  throw new UsageError(`the store directory '${directory}' (${name}) is not an absolute path`);
}
