/** File system objects as a store sees them: what a NAR can express (Nix manual, "Nix Archive (NAR) Format"). */

/** The contents of a regular file: bytes in memory, or a file of the deploying machine that is read when needed. */
export type FileContents = Uint8Array | { readonly sourcePath: string; readonly size: number };

export interface RegularNode {
  readonly type: "regular";
  readonly executable: boolean;
  readonly contents: FileContents;
}

interface SymlinkNode {
  readonly type: "symlink";
  /** A byte string. */
  readonly target: string;
}

export interface DirectoryNode {
  readonly type: "directory";
  /** Keyed by file name (a byte string); in any order: a NAR sorts them. */
  readonly entries: ReadonlyMap<string, TreeNode>;
}

export type TreeNode = RegularNode | SymlinkNode | DirectoryNode;

/**
 * A store object made by an evaluation. Only structured-cloneable data: it travels from the evaluation's worker
 * thread to the deployment.
 */
export interface StoreObject {
  /** `/nix/store/<digest>-<name>`. */
  readonly path: string;
  /** Store paths that the contents refer to, sorted, without duplicates. */
  readonly references: readonly string[];
  /** SHA-256 of the NAR, 32 bytes. */
  readonly narHash: Uint8Array;
  /** Bytes of the NAR. */
  readonly narSize: number;
  readonly tree: TreeNode;
}
