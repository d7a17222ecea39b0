import { UserError } from "./errors.ts";
import * as text from "./text.ts";

/** A failed command as it is shown. A stack is for us: only failures that nobody expected have one. */
export function formatFailure(error: unknown): string {
  if (isWithoutDirectory(error)) return text.noDirectory;
  if (error instanceof UserError || isTheirs(error)) {
    return error.message.startsWith("error:") ? error.message : `error: ${error.message}`;
  }
  return text.unexpected(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** What getcwd(3) says of a directory that somebody has removed. */
function isWithoutDirectory(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

/** A message of an evaluation begins with `error:`, which is said in front of it already. */
export function withoutPrefix(message: string): string {
  return message.replace(/^error:\s*/, "");
}

/** With the node in front that it is about, unless it says so itself, as failed assertions do. */
export function aboutNode(node: string, message: string): string {
  const about = `node '${node}': `;
  const problem = withoutPrefix(message);
  return problem.startsWith(about) ? problem : about + problem;
}

/** Errors of the rooms below that are about what somebody wrote or has to do. */
const theirs: readonly string[] = [
  ...["LockFileError", "PhaseError", "RolloutError", "SecretError", "SelectionError", "StateError"],
];

function isTheirs(error: unknown): error is Error {
  // By name: their modules are loaded only by the commands that need them.
  return error instanceof Error && theirs.includes(error.name);
}
