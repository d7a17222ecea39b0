/** Writes the record of what an evaluation reads. Paths are absolute byte strings. */
import { contentsChunks } from "../store/file-chunks.ts";
import { hashOfChunks, printHash } from "../store/hash.ts";
import type { PathFilter } from "../store/read-tree.ts";
import type { FileContents, TreeNode } from "../store/tree.ts";
import type { FileType } from "./host.ts";
import { listingDigest, listingOf, type ReadRecord } from "./read-record.ts";

export class ReadLog implements ReadRecord {
  readonly files = new Map<string, string>();
  readonly directories = new Map<string, string>();
  readonly types = new Map<string, FileType | "absent">();
  readonly links = new Map<string, string>();
  readonly executables = new Map<string, boolean>();
  readonly fetches: ReadRecord["fetches"][number][] = [];
  readonly trees: ReadRecord["trees"][number][] = [];
  readonly variables = new Set<string>();
  readonly storePaths = new Map<string, boolean>();
  readonly unrecorded = new Set<string>();

  /** Nobody can say of what was seen twice, and was not the same, what the evaluation has made of it. */
  looked(
    kind: "files" | "directories" | "types" | "links" | "executables" | "storePaths",
    path: string,
    seen: string | boolean,
  ): void {
    const record: Map<string, string | boolean> = this[kind];
    const before = record.get(path);
    if (before === undefined) record.set(path, seen);
    // What was evaluated before has seen the one, what follows the other.
    else if (before !== seen) this.changed(path);
  }

  /** A file was copied, as it was then; only its contents count. */
  copiedContents(path: string, contents: FileContents): void {
    const hash = hashOfChunks("sha256", contentsChunks(contents));
    this.looked("files", path, printHash(hash, "base16", false));
  }

  /** Something was copied, as it was then, by a filter's choice from what is `listed`. */
  copied(path: string, tree: TreeNode, listed: Listings | undefined): void {
    this.looked("types", path, tree.type);
    this.copiedNode(path, tree, listed);
  }

  private copiedNode(path: string, node: TreeNode, listed: Listings | undefined): void {
    switch (node.type) {
      case "regular":
        this.copiedContents(path, node.contents);
        this.looked("executables", path, node.executable);
        break;
      case "symlink":
        this.looked("links", path, node.target);
        break;
      case "directory":
        this.looked("directories", path, listingDigest(listed?.of(path) ?? listingOf(node)));
        for (const [name, entry] of node.entries) this.copiedNode(`${path}/${name}`, entry, listed);
    }
  }

  changed(path: string): void {
    this.unrecorded.add(`'${path}', which changed meanwhile`);
  }

  /** The evaluation may go on without it, and no fact tells when it can be had. `what` is a path or a URL. */
  failed(what: string): void {
    this.unrecorded.add(`'${what}', which could not be read`);
  }
}

/** What a filter chose from: its choice can't be made again without the evaluation. */
export class Listings {
  private readonly directories = new Map<string, Map<string, FileType>>();

  /** The filter, and what it is asked of is noted. */
  noting(filter: PathFilter): PathFilter {
    return (path, type) => {
      const slash = path.lastIndexOf("/");
      const directory = path.slice(0, slash) || "/";
      const entries = this.directories.get(directory) ?? new Map<string, FileType>();
      this.directories.set(directory, entries.set(path.slice(slash + 1), type));
      return filter(path, type);
    };
  }

  /** What is in the directory. */
  of(directory: string): ReadonlyMap<string, FileType> {
    return this.directories.get(directory) ?? new Map();
  }
}
