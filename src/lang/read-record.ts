/** What an evaluation read of the world outside: all that its result may depend on, as data. */
import { createHash } from "node:crypto";
import { compareBytes } from "../store/store-path.ts";
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
  /** What was copied whole to the store: the store path tells the digest. */
  readonly copies: readonly {
    readonly sourcePath: string;
    readonly storePath: string;
    readonly method: "flat" | "nar";
  }[];
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
