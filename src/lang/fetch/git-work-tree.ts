/** Work trees of Git repositories: the tracked files as they are now, added or not committed yet included. */
import { existsSync } from "node:fs";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import { ancestorsOf, type GitEntry, kindOfMode, nulTerminated, withoutIgnored } from "./git-export.ts";
import type { Git } from "./git-program.ts";
import { readSettings } from "./git-submodules.ts";

export interface WorkTree {
  /** What belongs to it, relative to its root: files, and the directories that have such. */
  readonly paths: ReadonlySet<string>;
  readonly isDirty: boolean;
  /** The commit that it is based on; undefined when there is none yet. */
  readonly head: string | undefined;
}

/** Reads what there is to know without touching the index. `program` is git, on no repository yet. */
export function readWorkTree(
  program: Git,
  path: string,
  options: { readonly submodules: boolean; readonly exportIgnore: boolean },
): WorkTree {
  const git = program.inWorkTree(path);
  const head = git.ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?.trim();
  const changes = changedPaths(git);
  const entries = indexEntries(git).filter((entry) => changes.get(entry.path) !== "deleted");
  const files = withDirectories(entries.filter(({ kind }) => kind !== "submodule"));
  const kept = options.exportIgnore ? withoutIgnored(git, files) : files;
  const paths = new Set(kept.map((entry) => entry.path));
  let isDirty = changes.size > 0;
  if (options.submodules) {
    const links = new Set(entries.filter(({ kind }) => kind === "submodule").map((entry) => entry.path));
    for (const submodule of submodulePaths(git, path)) {
      if (!links.has(submodule)) continue;
      if (!existsSync(fsPath(`${path}/${submodule}/.git`))) {
        throw new StoreError(`Git submodule '${submodule}' of '${path}' is not checked out`);
      }
      const inner = readWorkTree(program, `${path}/${submodule}`, options);
      for (const each of ancestorsOf(submodule)) paths.add(each);
      for (const each of inner.paths) paths.add(`${submodule}/${each}`);
      isDirty ||= inner.isDirty;
    }
  }
  return { paths, isDirty, head };
}

/** The files in the index. */
function indexEntries(git: Git): GitEntry[] {
  return nulTerminated(git.run(["ls-files", "-z", "--stage"])).map((line) => {
    const [, mode = "", object = "", path = ""] = /^(\d+) ([0-9a-f]+) \d\t(.*)$/s.exec(line) ?? [];
    return { kind: kindOfMode(mode, path), object, path };
  });
}

/** What differs from the commit, in the index or in the work tree. */
function changedPaths(git: Git): Map<string, "deleted" | "changed"> {
  const args = [
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=no",
    "--ignore-submodules=all",
    "--no-renames",
  ];
  const lines = nulTerminated(git.run(args, { env: { GIT_OPTIONAL_LOCKS: "0" } }));
  return new Map(
    lines.map((line) => [line.slice(3), line.slice(0, 2).includes("D") ? "deleted" : "changed"]),
  );
}

/** With the directories that they are in, each before what is in it. */
function withDirectories(files: readonly GitEntry[]): GitEntry[] {
  const directories = new Set<string>();
  const all: GitEntry[] = [];
  for (const file of files) {
    for (const path of ancestorsOf(file.path).slice(0, -1)) {
      if (directories.has(path)) continue;
      directories.add(path);
      all.push({ kind: "directory", object: "", path });
    }
    all.push(file);
  }
  return all;
}

function submodulePaths(git: Git, path: string): string[] {
  if (!existsSync(fsPath(`${path}/.gitmodules`))) return [];
  const settings = readSettings(git, ["--file", `${path}/.gitmodules`]);
  return [...settings.values()].map((each) => each.path).filter((each) => each !== undefined);
}
