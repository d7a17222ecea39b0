/** The store that a host gives to an evaluation. */
import type { Derivation, DerivationHash } from "../store/derivation.ts";
import type { TreeNode } from "../store/tree.ts";
import type { Located, VirtualStore } from "../store/virtual-store.ts";
import { asNixErrors } from "./eval/store-errors.ts";
import type { EvalStore, FileType } from "./host.ts";
import { Listings } from "./read-log.ts";

/** Who says what may be read, and notes what is. Paths are absolute byte strings. */
export interface StoreWatcher {
  /** Fails when the evaluation may not see this path of the file system, or not all that is `below` it. */
  checkAccess(path: string, below: boolean): void;
  /** Reads something; what can't be read is noted. */
  reading<T>(kind: "store", located: Located, read: () => T): T;
  /** Notes what was copied; `listed` is what a filter chose from. */
  noteCopy(sourcePath: string, storePath: string, method: "flat" | "nar", listed?: Listings): void;
  /** Notes whether something that the evaluation did not make is in the store of this machine. */
  noteStorePath(path: string, exists: boolean): void;
}

/** The virtual store with its failures as the evaluation's, and its reading noted. */
export class HostStore implements EvalStore {
  private readonly watcher: StoreWatcher;
  private readonly objects: VirtualStore;

  constructor(watcher: StoreWatcher, objects: VirtualStore) {
    this.watcher = watcher;
    this.objects = objects;
  }

  get storeDir(): string {
    return this.objects.storeDir;
  }

  addText(name: string, contents: Uint8Array, references: readonly string[]): string {
    return asNixErrors("store", () => this.objects.addText(name, contents, references));
  }

  addTree(name: string, tree: TreeNode, references?: readonly string[]): string {
    return asNixErrors("store", () => this.objects.addTree(name, tree, references));
  }

  addPath(
    name: string,
    sourcePath: string,
    filter?: (path: string, type: FileType) => boolean,
    references?: readonly string[],
  ): string {
    const located = this.checkSource(sourcePath);
    const listed = filter && new Listings();
    return this.watcher.reading("store", located, () => {
      const path = this.objects.addPath(name, sourcePath, filter && listed?.noting(filter), references);
      this.watcher.noteCopy(sourcePath, path, "nar", listed);
      return path;
    });
  }

  addFlatFile(name: string, sourcePath: string): string {
    const located = this.checkSource(sourcePath);
    return this.watcher.reading("store", located, () => {
      const path = this.objects.addFlatFile(name, sourcePath);
      this.watcher.noteCopy(sourcePath, path, "flat");
      return path;
    });
  }

  addDerivation(derivation: Derivation): string {
    return asNixErrors("store", () => this.objects.addDerivation(derivation));
  }

  readDerivation(path: string): Derivation {
    this.watcher.noteStorePath(path, true);
    return asNixErrors("store", () => this.objects.readDerivation(path));
  }

  derivationHash(path: string): DerivationHash {
    return asNixErrors("store", () => this.objects.derivationHash(path));
  }

  has(storePath: string): boolean {
    const exists = this.objects.has(storePath);
    this.watcher.noteStorePath(storePath, exists);
    return exists;
  }

  references(storePath: string): readonly string[] {
    return asNixErrors("store", () => this.objects.references(storePath));
  }

  contentHash(storePath: string, method: "flat" | "nar"): Uint8Array {
    return asNixErrors("store", () => this.objects.contentHash(storePath, method));
  }

  private checkSource(path: string): Located {
    const located = asNixErrors("store", () => this.objects.locate(path));
    if (located.type === "outside") this.watcher.checkAccess(located.path, true);
    return located;
  }
}
