/** Resolution of symbolic links in the file system that an evaluation sees, held store objects included. */
import { NixError } from "./eval/errors.ts";
import type { EvalHost } from "./host.ts";

/** As many as Nix follows. */
const linkLimit = 1024;

/**
 * The path without symbolic links in it: `full`, or except for its last component (`ancestors`). What doesn't
 * exist is left as it is. Fails on a loop of links.
 */
export function resolveSymlinks(
  host: Pick<EvalHost, "fileType" | "readLink">,
  path: string,
  mode: "full" | "ancestors",
): string {
  let resolved = "";
  let links = 0;
  const todo = path.split("/").reverse();
  for (;;) {
    const component = todo.pop();
    if (component === undefined) return resolved === "" ? "/" : resolved;
    if (component === "" || component === ".") continue;
    if (component === "..") {
      resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf("/")));
      continue;
    }
    const parent = resolved;
    resolved = `${parent}/${component}`;
    if (mode === "ancestors" && todo.length === 0) continue;
    if (host.fileType(resolved) !== "symlink") continue;
    if (++links > linkLimit) throw new NixError("io", `infinite symlink recursion in path '${path}'`);
    const target = host.readLink(resolved);
    resolved = target.startsWith("/") ? "" : parent;
    todo.push(...target.split("/").reverse());
  }
}
