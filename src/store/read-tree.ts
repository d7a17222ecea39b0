/** Files and directories of this machine as trees. Paths are byte strings. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { StoreError } from "./errors.ts";
import { fsPath } from "./file-chunks.ts";
import { withSystemErrors } from "./system-error.ts";
import type { FileContents, TreeNode } from "./tree.ts";

/** The type of a file as the filters of `builtins.path` see it. */
export type FileType = "regular" | "directory" | "symlink" | "unknown";

/** Whether something belongs into a copy: gets its absolute path and type. */
export type PathFilter = (path: string, type: FileType) => boolean;

export interface ReadTreeOptions {
  /** Asked for everything below the path; what it refuses is left out. */
  readonly filter?: PathFilter | undefined;
  /** Files up to this many bytes are held in memory (default 64 KiB); larger ones are read when they are needed. */
  readonly inMemoryLimit?: number;
}

const defaultInMemoryLimit = 64 * 1024;

/** What is at a path. Fails with a StoreError on what can't be read and on what a store can't hold. */
export function readTree(path: string, options: ReadTreeOptions = {}): TreeNode {
  const { filter, inMemoryLimit = defaultInMemoryLimit } = options;
  const stats = withSystemErrors("getting status of", path, () => lstatSync(fsPath(path)));
  const type = fileTypeOf(stats);
  switch (type) {
    case "symlink":
      return { type, target: readLink(path) };
    case "directory": {
      const prefix = path.endsWith("/") ? path : `${path}/`;
      const entries = new Map<string, TreeNode>();
      for (const name of listNames(path)) {
        const entry = prefix + name;
        if (filter === undefined || filter(entry, fileTypeAt(entry)))
          entries.set(name, readTree(entry, options));
      }
      return { type, entries };
    }
    case "regular":
      return {
        type,
        executable: (stats.mode & 0o100) !== 0,
        contents: readContents(path, stats.size, inMemoryLimit),
      };
    case "unknown":
      throw new StoreError(`file '${path}' has an unsupported type`);
  }
}

/** The part of a tree that a filter lets through; `path` is where the tree is. */
export function filterTree(tree: TreeNode, path: string, filter: PathFilter): TreeNode {
  if (tree.type !== "directory") return tree;
  const entries = new Map<string, TreeNode>();
  for (const name of [...tree.entries.keys()].sort()) {
    const entry = tree.entries.get(name)!;
    const entryPath = `${path}/${name}`;
    if (filter(entryPath, entry.type)) entries.set(name, filterTree(entry, entryPath, filter));
  }
  return { type: "directory", entries };
}

/** The type of a file in Nix's words; `unknown` is what a store can't hold (sockets, devices...). */
export function fileTypeOf(entry: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): FileType {
  if (entry.isFile()) return "regular";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  return "unknown";
}

function fileTypeAt(path: string): FileType {
  return fileTypeOf(withSystemErrors("getting status of", path, () => lstatSync(fsPath(path))));
}

function listNames(path: string): string[] {
  return withSystemErrors("reading directory", path, () => readdirSync(fsPath(path), "latin1")).sort();
}

function readLink(path: string): string {
  return withSystemErrors("reading symbolic link", path, () => readlinkSync(fsPath(path), "latin1"));
}

function readContents(path: string, size: number, inMemoryLimit: number): FileContents {
  if (size > inMemoryLimit) return { sourcePath: path, size };
  return withSystemErrors("opening file", path, () => readFileSync(fsPath(path)));
}
