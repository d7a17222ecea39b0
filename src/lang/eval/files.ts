/** Which file a path or a `<name>` means. */
import type { EvalHost } from "../host.ts";
import { NixError } from "./errors.ts";
import type { SearchPathEntry } from "./evaluator.ts";
import { normalisePath, parentPath, resolvePath } from "./paths.ts";

/** As the kernel, roughly: then it is a loop. */
const maxLinks = 1024;

/**
 * The file to evaluate for `import path`: symbolic links at the end are followed, so that relative paths in the
 * file start from where it really is; a directory means its `default.nix`.
 */
export function expressionFile(host: EvalHost, path: string): string {
  let file = path;
  for (let followed = 0; file !== "/" && host.fileType(file) === "symlink"; followed++) {
    if (followed >= maxLinks) {
      throw new NixError("io", `too many symbolic links encountered while traversing the path '${path}'`);
    }
    file = resolvePath(parentPath(file), host.readLink(file));
  }
  const type = host.fileType(file);
  if (type === undefined) throw new NixError("io", `path '${file}' does not exist`);
  return type === "directory" ? normalisePath(`${file}/default.nix`) : file;
}

/** The first entry that has the file; undefined when none has. */
export function findInSearchPath(
  host: EvalHost,
  entries: readonly SearchPathEntry[],
  name: string,
): string | undefined {
  for (const { prefix, path } of entries) {
    const rest = afterPrefix(name, prefix);
    if (rest === undefined) continue;
    const candidate = resolvePath(path, `./${rest}`);
    if (host.fileType(candidate) !== undefined) return candidate;
  }
  return undefined;
}

function afterPrefix(name: string, prefix: string): string | undefined {
  if (prefix === "") return name;
  if (name === prefix) return "";
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined;
}
