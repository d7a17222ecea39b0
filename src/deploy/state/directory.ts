/**
 * What is remembered of a network on the deploying machine, between deployments: a directory for each network file below
 * `$XDG_STATE_HOME/nixus` (XDG Base Directory Specification; by default `~/.local/state/nixus`).
 */
import { createHash } from "node:crypto";
import { realpathSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { makeDirectory } from "../../store/make-directory.ts";

/** What is remembered can't be read or written; the message says what to do. */
export class StateError extends Error {
  override readonly name = "StateError";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The directory of a network, by the path of its file. It need not exist. */
export function stateDirectory(networkFile: string, env: Environment): string {
  const given = env["XDG_STATE_HOME"];
  // A relative path is to be ignored, the specification says.
  const base =
    given !== undefined && isAbsolute(given) ? given : join(env["HOME"] ?? homedir(), ".local/state");
  const digest = createHash("sha256").update(realPath(networkFile)).digest("hex").slice(0, 16);
  return join(base, "nixus", digest);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Writes a file as a whole, for us alone. Throws a StateError. */
export function writeState(path: string, contents: string | Uint8Array): void {
  try {
    makeDirectory(dirname(path), 0o700);
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, contents, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    throw new StateError(`what is remembered of this network can't be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
