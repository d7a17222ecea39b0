/** What an evaluation read of the world outside: all that its result may depend on, as data. */
import { createHash } from "node:crypto";
import { compareBytes } from "../store/store-path.ts";
import type { DirectoryNode } from "../store/tree.ts";
import type { FileType, TreeRequest } from "./host.ts";

/** Paths are absolute byte strings, digests SHA-256 in base 16. Store objects of the evaluation itself are not in it. */
export interface ReadRecord {
  /** Regular files whose contents were read, to their digest. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories that were listed, to the digest of their names and types. */
  readonly directories: ReadonlyMap<string, string>;
  /** Paths that were looked at or looked for (lstat). */
  readonly types: ReadonlyMap<string, FileType | "absent">;
  /** Symbolic links that were read, to their targets. */
  readonly links: ReadonlyMap<string, string>;
  /** Regular files whose executable bit was asked for. */
  readonly executables: ReadonlyMap<string, boolean>;
  /** What was fetched. */
  readonly fetches: readonly {
    readonly url: string;
    readonly kind: "file" | "tarball";
    readonly storePath: string;
    /** Whether its hash was given: it can be nothing else the next time. */
    readonly pinned: boolean;
  }[];
  /** Trees that were fetched: whether they still are what they were, only the same request can tell. */
  readonly trees: readonly {
    readonly request: TreeRequest;
    readonly storePath: string;
    readonly rev: string | undefined;
    /** Seconds since the epoch. */
    readonly lastModified: number | undefined;
  }[];
  /** Names of environment variables that were read; not their values, which may be secrets. */
  readonly variables: ReadonlySet<string>;
  /** Store paths that the evaluation did not make itself and whether they were there; what is in one never changes. */
  readonly storePaths: ReadonlyMap<string, boolean>;
  /** What cannot be recorded: the time, and code that reads by itself, e.g. a module in TypeScript. */
  readonly unrecorded: ReadonlySet<string>;
}

/** How much there was of each part of a record at some moment: a record only grows. */
export type ReadMark = Readonly<Record<keyof ReadRecord, number>>;

export function markOf(record: ReadRecord): ReadMark {
  return {
    files: record.files.size,
    directories: record.directories.size,
    types: record.types.size,
    links: record.links.size,
    executables: record.executables.size,
    fetches: record.fetches.length,
    trees: record.trees.length,
    variables: record.variables.size,
    storePaths: record.storePaths.size,
    unrecorded: record.unrecorded.size,
  };
}

/** What came to the record from one moment to another. */
export function readsBetween(record: ReadRecord, from: ReadMark, to: ReadMark): ReadRecord {
  const part = <K extends keyof ReadRecord, T>(key: K, all: Iterable<T>): T[] =>
    [...all].slice(from[key], to[key]);
  return {
    files: new Map(part("files", record.files)),
    directories: new Map(part("directories", record.directories)),
    types: new Map(part("types", record.types)),
    links: new Map(part("links", record.links)),
    executables: new Map(part("executables", record.executables)),
    fetches: part("fetches", record.fetches),
    trees: part("trees", record.trees),
    variables: new Set(part("variables", record.variables)),
    storePaths: new Map(part("storePaths", record.storePaths)),
    unrecorded: new Set(part("unrecorded", record.unrecorded)),
  };
}

/** The names and types of what is in a directory. */
export function listingOf({ entries }: DirectoryNode): ReadonlyMap<string, FileType> {
  return new Map([...entries].map(([name, entry]) => [name, entry.type]));
}

/** The digest of names and types. */
export function listingDigest(entries: ReadonlyMap<string, FileType>): string {
  const hash = createHash("sha256");
  for (const [name, type] of [...entries].sort((a, b) => compareBytes(a[0], b[0]))) {
    hash.update(`${name}\0${type}\0`, "latin1");
  }
  return hash.digest("hex");
}

export function contentDigest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
