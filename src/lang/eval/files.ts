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
  if (type === undefined) throw host.missing(file);
  return type === "directory" ? normalisePath(`${file}/default.nix`) : file;
}

/** The first entry that has the file; undefined when none has. `resolve`: where an entry's path leads. */
export function findInSearchPath(
  host: EvalHost,
  entries: readonly SearchPathEntry[],
  name: string,
  resolve: (path: string) => string | undefined,
): string | undefined {
  for (const { prefix, path } of entries) {
    const rest = afterPrefix(name, prefix);
    if (rest === undefined) continue;
    const directory = resolve(path);
    if (directory === undefined) continue;
    // `..` leads no further up than there.
    const candidate = normalisePath(`${directory}${normalisePath(`/${rest}`)}`);
    if (host.fileType(candidate) !== undefined) return candidate;
  }
  return undefined;
}

/**
 * Where an entry of the search path leads: what is in the archive, or the path itself. Undefined, with a warning, when
 * there is nothing.
 */
export function locateEntry(host: EvalHost, path: string, workingDirectory: string): string | undefined {
  if (isArchiveUrl(path)) {
    try {
      return fetchArchive(host, path);
    } catch (error) {
      if (!(error instanceof NixError) || error.kind === "restricted") throw error;
      const why = `: ${error.message}`;
      host.message("warning", `Nix search path entry '${path}' cannot be downloaded, ignoring${why}`);
      return undefined;
    }
  }
  const absolute = resolvePath(workingDirectory, path);
  if (host.fileType(absolute) !== undefined) return absolute;
  const error = host.missing(absolute);
  if (error.kind === "restricted") throw error;
  host.message("warning", `Nix search path entry '${path}' does not exist, ignoring`);
  return undefined;
}

/** Whether a search path or a command line means the archive at a URL rather than a file. */
export function isArchiveUrl(text: string): boolean {
  return /^(?:channel:|(?:https?|file|channel|git|s3|ssh):\/\/)/.test(text);
}

/** The store path of the tree that the archive holds. */
export function fetchArchive(host: EvalHost, url: string): string {
  return host.fetch({ kind: "tarball", url: resolveChannel(url), name: "source", expected: undefined });
}

/** `channel:nixos-25.05` is short for where the archive of that channel is. */
export function resolveChannel(url: string): string {
  if (!url.startsWith("channel:")) return url;
  return `https://channels.nixos.org/${url.slice("channel:".length)}/nixexprs.tar.xz`;
}

function afterPrefix(name: string, prefix: string): string | undefined {
  if (prefix === "") return name;
  if (name === prefix) return "";
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined;
}
