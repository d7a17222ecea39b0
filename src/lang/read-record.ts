/** What an evaluation read of the world outside: all that its result may depend on, as data. */
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
  }[];
  /** Trees that were fetched: whether they still are what they were, only the same request can tell. */
  readonly trees: readonly {
    readonly request: TreeRequest;
    readonly storePath: string;
    readonly rev: string | undefined;
  }[];
  /** Names of environment variables that were read; not their values, which may be secrets. */
  readonly variables: ReadonlySet<string>;
}
