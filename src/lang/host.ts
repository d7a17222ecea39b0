/**
 * Everything that an evaluation may do to the world outside goes through this interface, so that it can be
 * recorded, restricted and cached. Paths are absolute byte strings. Failures are thrown as NixError of kind
 * "io", "restricted" or "store".
 */
import type { Derivation, DerivationHash } from "../store/derivation.ts";
import type { TreeNode } from "../store/tree.ts";

export type FileType = "regular" | "directory" | "symlink" | "unknown";

/** What stands in front of a message, before a colon. */
export type MessageKind = "trace" | "warning" | "evaluation warning";

export interface EvalHost {
  /** lstat; undefined when there is nothing. */
  fileType(path: string): FileType | undefined;
  /** Whether a regular file has its executable bit. */
  isExecutable(path: string): boolean;
  readFile(path: string): Uint8Array;
  /** Name to type, in any order. */
  readDirectory(path: string): ReadonlyMap<string, FileType>;
  readLink(path: string): string;
  environmentVariable(name: string): string | undefined;
  /** Seconds since the epoch, the same for the whole evaluation. */
  currentTime(): bigint;
  /** `builtins.trace` and warnings; a byte string without its kind and without a line end. */
  message(kind: MessageKind, text: string): void;
  /** Gets something from elsewhere, unless it is here already, and returns its store path. */
  fetch(request: FetchRequest): string;
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
