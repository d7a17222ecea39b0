/** Files of a Git commit, exactly as they were committed: no conversion of line ends, no filters. */
import { closeSync, mkdirSync, openSync, readSync, symlinkSync, writeSync } from "node:fs";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import type { Git } from "./git-program.ts";

export interface GitEntry {
  readonly kind: "file" | "executable" | "symlink" | "directory" | "submodule";
  /** Hash of the object, or of the submodule's commit. */
  readonly object: string;
  /** Relative to the root of the tree. */
  readonly path: string;
}

/** All entries of a commit's tree, directories before what is in them. */
export function listCommit(git: Git, rev: string): GitEntry[] {
  return nulTerminated(git.run(["ls-tree", "-r", "-t", "-z", "--full-tree", rev])).map((line) => {
    const [, mode = "", object = "", path = ""] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return { kind: kindOfMode(mode, path), object, path };
  });
}

export function kindOfMode(mode: string, path: string): GitEntry["kind"] {
  switch (mode) {
    case "100755":
      return "executable";
    case "100644":
    case "100664":
      return "file";
    case "120000":
      return "symlink";
    case "040000":
      return "directory";
    case "160000":
      return "submodule";
    default:
      throw new StoreError(`Git file '${path}' has an unsupported mode '${mode}'`);
  }
}

/** Those that are not, and are not in something that is, marked with the attribute `export-ignore` in the index. */
export function withoutIgnored(
  git: Git,
  entries: readonly GitEntry[],
  env: Readonly<Record<string, string>> = {},
): GitEntry[] {
  // With the slash at the end Git knows a directory when it sees one.
  const asked = entries.map(({ kind, path }) =>
    kind === "directory" || kind === "submodule" ? `${path}/` : path,
  );
  const answers = nulTerminated(
    git.run(["check-attr", "--cached", "-z", "--stdin", "export-ignore"], {
      input: asked.map((path) => `${path}\0`).join(""),
      env,
    }),
  );
  const ignored = new Set<string>();
  for (let i = 0; i + 2 < answers.length; i += 3) {
    if (answers[i + 2] === "set") ignored.add(answers[i]!.replace(/\/$/, ""));
  }
  if (ignored.size === 0) return [...entries];
  return entries.filter(({ path }) => !ancestorsOf(path).some((each) => ignored.has(each)));
}

/** `a`, `a/b` and `a/b/c` of the last. */
export function ancestorsOf(path: string): string[] {
  const names = path.split("/");
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** Writes entries of a commit to a new directory. A submodule becomes an empty directory. */
export function writeEntries(
  git: Git,
  entries: readonly GitEntry[],
  directory: string,
  scratch: string,
): void {
  const places = new Set([""]);
  mkdirSync(fsPath(directory));
  for (const { kind, path } of entries) {
    if (kind !== "directory" && kind !== "submodule") continue;
    checkPlace(path, places);
    mkdirSync(fsPath(`${directory}/${path}`));
    places.add(path);
  }
  const blobs = entries.filter(({ kind }) => kind !== "directory" && kind !== "submodule");
  const output = openSync(fsPath(scratch), "w+");
  try {
    git.run(["cat-file", "--batch"], { input: blobs.map(({ object }) => `${object}\n`).join(""), output });
    const reader = new BatchReader(output);
    for (const { kind, path, object } of blobs) {
      checkPlace(path, places);
      const contents = reader.next(object);
      const place = fsPath(`${directory}/${path}`);
      if (kind === "symlink")
        symlinkSync(Buffer.concat([...contents].map((each) => Buffer.from(each))), place);
      else writeFile(place, kind === "executable" ? 0o755 : 0o644, contents);
    }
  } finally {
    closeSync(output);
  }
}

/** Nothing is written outside of the directory, whatever a repository calls its files. */
function checkPlace(path: string, places: ReadonlySet<string>): void {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  const isBad =
    name === "" || name === "." || name === ".." || !places.has(path.slice(0, Math.max(0, slash)));
  if (isBad) throw new StoreError(`Git tree has an entry with the invalid name '${path}'`);
}

function writeFile(path: string | Buffer, mode: number, contents: Iterable<Uint8Array>): void {
  const file = openSync(path, "wx", mode);
  try {
    for (const chunk of contents) writeSync(file, chunk);
  } finally {
    closeSync(file);
  }
}

const chunkSize = 256 * 1024;

/** Reads what `git cat-file --batch` wrote: `<object> <type> <size>`, a line end, the contents, a line end. */
class BatchReader {
  private readonly file: number;
  private readonly buffer = Buffer.allocUnsafe(chunkSize);
  private position = 0;

  constructor(file: number) {
    this.file = file;
  }

  /** The contents of the next object, which is this one. Use each chunk before asking for the next. */
  *next(object: string): Generator<Uint8Array, void> {
    const count = readSync(this.file, this.buffer, 0, 256, this.position);
    const header = this.buffer.toString("latin1", 0, count).split("\n", 1)[0] ?? "";
    const [, found, sizeText] = /^([0-9a-f]+) blob (\d+)$/.exec(header) ?? [];
    if (found !== object) throw new StoreError(`getting Git object '${object}': object not found`);
    this.position += header.length + 1;
    let rest = Number.parseInt(sizeText!, 10);
    while (rest > 0) {
      const read = readSync(this.file, this.buffer, 0, Math.min(chunkSize, rest), this.position);
      if (read === 0) throw new StoreError(`getting Git object '${object}': it is truncated`);
      this.position += read;
      rest -= read;
      yield this.buffer.subarray(0, read);
    }
    this.position++;
  }
}

export function nulTerminated(text: string): string[] {
  return text.split("\0").slice(0, -1);
}
