import { dirname, resolve } from "node:path/posix";
import { callerFile } from "./script-position.ts";
import { SourcePath } from "./store-string.ts";

/**
 * A path as a definition, as `./keys/alice.pub` is in the Nix language: relative to the file that calls.
 * `imports` and `configuration` take such paths as plain strings as well.
 */
export function path(written: string): SourcePath {
  return new SourcePath(resolve(dirname(callerFile(path)), written));
}
