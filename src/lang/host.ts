/**
 * Everything that an evaluation may do to the world outside goes through this interface, so that it can be
 * recorded, restricted and cached. Paths are absolute byte strings. Failures are thrown as NixError of kind
 * "io", "restricted" or "store".
 */
import type { Derivation, DerivationHash } from "../store/derivation.ts";
import type { TreeNode } from "../store/tree.ts";
import type { NixError } from "./eval/errors.ts";

export type FileType = "regular" | "directory" | "symlink" | "unknown";

/** What stands in front of a message, before a colon. */
export type MessageKind = "trace" | "warning" | "evaluation warning";

export interface EvalHost {
  /** lstat; undefined when there is nothing. */
  fileType(path: string): FileType | undefined;
  /** The error for a path at which {@link fileType} sees nothing: there is nothing, or the evaluation may not look there. */
  missing(path: string): NixError;
  /** Whether a regular file has its executable bit. */
  isExecutable(path: string): boolean;
  readFile(path: string): Uint8Array;
  /** Name to type, in any order. */
  readDirectory(path: string): ReadonlyMap<string, FileType>;
  readLink(path: string): string;
  environmentVariable(name: string): string | undefined;
  /** Something that the host does not see was read: the evaluation can't be said to depend on this and that alone. */
  noteUnrecorded(what: string): void;
  /** Seconds since the epoch, the same for the whole evaluation. */
  currentTime(): bigint;
  /** `builtins.trace` and warnings; a byte string without its kind and without a line end. */
  message(kind: MessageKind, text: string): void;
  /** For what nothing has asked for yet: while it runs, a message fails instead of being shown. */
  quietly<T>(compute: () => T): T;
  /** Gets something from elsewhere, unless it is here already, and returns its store path. */
  fetch(request: FetchRequest): string;
  /** As {@link fetch}, of a tree of which more is to be known. */
  fetchTree(request: TreeRequest): FetchedTree;
  /** Fails where restricted evaluation may not fetch from there. */
  checkUrl(url: string): void;
  /** Whether the store has the object, of which the expression says the hash: then pure evaluation may read it too. */
  hasPinned(storePath: string): boolean;
  /** As {@link hasPinned}; or it gets it from what was fetched earlier. */
  isAvailable(storePath: string): boolean;
  readonly store: EvalStore;
}

export interface FetchRequest {
  /** A file as it is (`flat`), or the tree that an archive holds (`nar`). */
  readonly kind: "file" | "tarball";
  /** `http:`, `https:` or `file:`. */
  readonly url: string;
  /** The name part of the store path. */
  readonly name: string;
  /** The store path that it will have, where its hash was given; what comes instead is returned all the same. */
  readonly expected: string | undefined;
}

/** What else a tree can be fetched from. `name` is the name part of the store path. */
export type TreeRequest = ArchiveRequest | DirectoryRequest | GitRequest | MercurialRequest;

interface ArchiveRequest {
  readonly kind: "archive";
  /** `http:`, `https:` or `file:`. */
  readonly url: string;
  readonly name: string;
}

export interface DirectoryRequest {
  readonly kind: "directory";
  /** Absolute; in the store or elsewhere on this machine. */
  readonly path: string;
  readonly name: string;
}

export interface GitRequest {
  readonly kind: "git";
  /** Of a repository with a work tree on this machine (`file:`), that is used as it is; others are cloned. */
  readonly url: string;
  readonly name: string;
  /** Without both, the work tree with its changes, where there is one; else the tip of the default branch. */
  readonly ref: string | undefined;
  /** A commit hash in base 16. */
  readonly rev: string | undefined;
  readonly submodules: boolean;
  /** Clone without history. */
  readonly shallow: boolean;
  readonly allRefs: boolean;
  /** Leave out what has the Git attribute `export-ignore`. */
  readonly exportIgnore: boolean;
}

export interface MercurialRequest {
  readonly kind: "hg";
  readonly url: string;
  readonly name: string;
  /** A branch, tag or bookmark; default: `default`, or the work tree where there is a changed one. */
  readonly ref: string | undefined;
  readonly rev: string | undefined;
}

export interface FetchedTree {
  readonly storePath: string;
  /** SHA-256 of the archive, SRI. */
  readonly narHash: string;
  /** Seconds since the epoch. */
  readonly lastModified?: number;
  /** In base 16; of a work tree without a commit all zeroes, of one with changes there is none. */
  readonly rev?: string;
  readonly ref?: string;
  /** The commit that a work tree with changes is based on. */
  readonly dirtyRev?: string;
  /** How many commits led to this one; fails in a clone without history. */
  readonly revCount?: () => number;
}

/**
 * The store as an evaluation sees it: what it makes is held here (nothing needs to exist in a /nix/store on this
 * machine), and can be read back through {@link EvalHost}.
 */
export interface EvalStore {
  /** `/nix/store`. */
  readonly storeDir: string;
  /** `builtins.toFile`, and every text with references: `text:` content address. Returns the store path. */
  addText(name: string, contents: Uint8Array, references: readonly string[]): string;
  /** A tree, recursively hashed (`nar`, sha256), with references to other store paths. Returns the store path. */
  addTree(name: string, tree: TreeNode, references?: readonly string[]): string;
  /**
   * A file or directory of this machine (a path coerced to a string, `builtins.path`, `filterSource`).
   * `filter` gets the absolute path and its type. Returns the store path.
   */
  addPath(
    name: string,
    sourcePath: string,
    filter?: (path: string, type: FileType) => boolean,
    references?: readonly string[],
  ): string;
  /** A regular file of this machine, addressed by the SHA-256 of its bytes (`flat`). Returns the store path. */
  addFlatFile(name: string, sourcePath: string): string;

  /** Writes the `.drv` and returns its path. */
  addDerivation(derivation: Derivation): string;
  /** Parses a `.drv` that is held here or exists on this machine. */
  readDerivation(path: string): Derivation;
  /** What stands for the derivation at this path in the hashes of those that use it. */
  derivationHash(path: string): DerivationHash;

  /** Whether the object is held here or exists on this machine. */
  has(storePath: string): boolean;
  /** The references of an object; none when it is only on this machine and is not a derivation. */
  references(storePath: string): readonly string[];
  /** SHA-256 of the contents of an object that is held here: of its archive, or of the bytes of a file (`flat`). */
  contentHash(storePath: string, method: "flat" | "nar"): Uint8Array;
}
