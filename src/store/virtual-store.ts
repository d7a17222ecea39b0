/**
 * The store objects that an evaluation makes. They need not exist in a `/nix/store` of this machine: whoever reads
 * a store path looks here first, and a deployment sends them from here.
 */
import { lstatSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { parseDerivation, unparseDerivation } from "./aterm.ts";
import { fromBytes, toBytes } from "./bytes.ts";
import { type Derivation, type DerivationHash, hashDerivation } from "./derivation.ts";
import { StoreError } from "./errors.ts";
import { contentsBytes, contentsChunks, fsPath } from "./file-chunks.ts";
import { type Hash, hashOf, hashOfChunks } from "./hash.ts";
import { hashNar } from "./nar.ts";
import { filterTree, type PathFilter, readTree } from "./read-tree.ts";
import {
  derivationExtension,
  fixedOutputPath,
  isDerivationPath,
  isInStore,
  parseStorePath,
  sortedUnique,
  storeDir,
  textPath,
} from "./store-path.ts";
import { withSystemErrors } from "./system-error.ts";
import type { StoreObject, TreeNode } from "./tree.ts";

/** An object before anyone asked for its archive's hash. */
interface Held {
  readonly references: readonly string[];
  readonly tree: TreeNode;
  readonly nar?: { readonly hash: Uint8Array; readonly size: number };
}

/** An object whose contents are at a path of this machine, read only when something asks for them. */
interface Mounted {
  readonly sourcePath: string;
  readonly method: "flat" | "nar";
}

/** What is at a path, as far as the held objects decide it. */
export type Located =
  | { readonly type: "held"; readonly node: TreeNode }
  /** The object is held, and there is nothing at this path in it. */
  | { readonly type: "missing" }
  /** Not in a held object: what the file system of this machine has at `path` (links within objects are followed). */
  | { readonly type: "outside"; readonly path: string }
  /** In a mounted object, of which the file system has the contents at `path`. */
  | { readonly type: "mounted"; readonly path: string };

const symlinkLimit = 1024;

/** Failures of all methods are StoreErrors. Paths are absolute byte strings. */
export class VirtualStore {
  private readonly held = new Map<string, Held>();
  private readonly mounted = new Map<string, Mounted>();
  private readonly objects = new Map<string, StoreObject>();
  private readonly copied = new Map<string, string>();
  private readonly derivationHashes = new Map<string, DerivationHash>();

  /** A text with references to other objects (`text:` content address). Returns the store path. */
  /** `/nix/store`. */
  get storeDir(): string {
    return storeDir;
  }

  addText(name: string, contents: Uint8Array, references: readonly string[]): string {
    const path = textPath(name, hashOf("sha256", contents), references);
    this.hold(path, {
      references: sortedUnique(references),
      tree: { type: "regular", executable: false, contents },
    });
    return path;
  }

  /** A tree, addressed by the SHA-256 of its archive, with references to other objects. Returns the store path. */
  addTree(name: string, tree: TreeNode, references: readonly string[] = []): string {
    const nar = hashNar(tree);
    const path = fixedOutputPath(name, "nar", { algorithm: "sha256", bytes: nar.hash }, references);
    this.hold(path, { references: sortedUnique(references), tree, nar });
    return path;
  }

  /**
   * A file or directory of this machine or of a held object. Without a filter, a path is read only once under the
   * same name, whatever becomes of it afterwards: an evaluation sees one state of it. Returns the store path.
   */
  addPath(name: string, sourcePath: string, filter?: PathFilter, references: readonly string[] = []): string {
    if (filter !== undefined) return this.addTree(name, this.treeAt(sourcePath, filter), references);
    const key = [name, sourcePath, ...references].join("\0");
    const known = this.copied.get(key);
    if (known !== undefined) return known;
    const path = this.addTree(name, this.treeAt(sourcePath), references);
    this.copied.set(key, path);
    return path;
  }

  /** From now on sources of this machine are read again when they are added: for another evaluation. */
  forgetSources(): void {
    this.copied.clear();
  }

  /**
   * Makes what is at a path of this machine the contents of an object whose path is known already, e.g. in a cache
   * of what was fetched. They are hashed, and compared with the path, only when the object is asked for.
   */
  mount(path: string, sourcePath: string, method: "flat" | "nar"): void {
    if (!this.held.has(path)) this.mounted.set(path, { sourcePath, method });
  }

  /** A regular file, addressed by the SHA-256 of its bytes; its executable bit is dropped. Returns the store path. */
  addFlatFile(name: string, sourcePath: string): string {
    const tree = flatTree(
      this.treeAt(sourcePath, () => false),
      sourcePath,
    );
    const path = fixedOutputPath(name, "flat", hashTree(tree, "flat"));
    this.hold(path, { references: [], tree });
    return path;
  }

  /** Writes the `.drv` of a finished derivation and returns its path. */
  addDerivation(derivation: Derivation): string {
    const references = [...derivation.inputDerivations.keys(), ...derivation.inputSources];
    const text = unparseDerivation(derivation);
    const path = this.addText(derivation.name + derivationExtension, toBytes(text), references);
    this.derivationHashes.set(
      path,
      hashDerivation(derivation, (input) => this.derivationHash(input)),
    );
    return path;
  }

  /** The derivation of a `.drv` that is held or on this machine. */
  readDerivation(path: string): Derivation {
    const { name } = parseStorePath(path);
    if (!isDerivationPath(name)) {
      throw new StoreError(`store path '${path}' is not a valid derivation path`);
    }
    return parseDerivation(fromBytes(this.readFile(path)), name.slice(0, -derivationExtension.length));
  }

  /** What stands for a derivation in the hashes of those that use it. */
  derivationHash(path: string): DerivationHash {
    const known = this.derivationHashes.get(path);
    if (known !== undefined) return known;
    const hash = hashDerivation(this.readDerivation(path), (input) => this.derivationHash(input));
    this.derivationHashes.set(path, hash);
    return hash;
  }

  /** Whether the object is held or on this machine. */
  has(path: string): boolean {
    return this.isHeld(path) || lstatSync(fsPath(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** References of a held object or of a derivation on this machine; of other objects none are known. */
  references(path: string): readonly string[] {
    const held = this.held.get(path);
    if (held !== undefined) return held.references;
    if (this.mounted.has(path) || !isDerivationPath(path)) return [];
    const { inputDerivations, inputSources } = this.readDerivation(path);
    return sortedUnique([...inputDerivations.keys(), ...inputSources]);
  }

  /** All held objects, in the order in which they were made. */
  heldPaths(): Iterable<string> {
    return this.held.keys();
  }

  /** A held object, as it is sent to a machine; undefined when there is none of this path. */
  get(path: string): StoreObject | undefined {
    const known = this.objects.get(path);
    if (known !== undefined) return known;
    const held = this.held.get(path) ?? this.readMounted(path);
    if (held === undefined) return undefined;
    const { hash, size } = held.nar ?? hashNar(held.tree);
    const object = { path, references: held.references, narHash: hash, narSize: size, tree: held.tree };
    this.objects.set(path, object);
    return object;
  }

  /** SHA-256 of a held object: of its archive, or of the bytes of its file (`flat`). */
  contentHash(path: string, method: "flat" | "nar"): Uint8Array {
    const object = this.get(path);
    if (object === undefined) throw new StoreError(`store path '${path}' was not made by this evaluation`);
    return method === "nar" ? object.narHash : hashTree(flatTree(object.tree, path), "flat").bytes;
  }

  /** Whether the contents of a held object are what they were: large ones are still those of a file of this machine. */
  isIntact(path: string, method: "flat" | "nar"): boolean {
    const held = this.held.get(path);
    if (held === undefined || isInMemory(held.tree)) return true;
    return (
      fixedOutputPath(parseStorePath(path).name, method, hashTree(held.tree, method), held.references) ===
      path
    );
  }

  /** The objects that these consist of, references before referrers. Fails when one of them is not held. */
  closure(paths: Iterable<string>): StoreObject[] {
    const found = new Map<string, StoreObject | undefined>();
    const visit = (path: string, referrer: string | undefined) => {
      if (found.has(path)) return;
      const object = this.get(path);
      if (object === undefined) {
        const why = referrer === undefined ? "" : `, which '${referrer}' refers to,`;
        throw new StoreError(`store path '${path}'${why} was not made by this evaluation`);
      }
      found.set(path, undefined);
      for (const reference of object.references) visit(reference, path);
      found.delete(path);
      found.set(path, object);
    };
    for (const path of paths) visit(path, undefined);
    return [...found.values()].filter((object) => object !== undefined);
  }

  /** The same, without what is not held: some other store has it. */
  heldClosure(paths: Iterable<string>): StoreObject[] {
    const found = new Map<string, StoreObject>();
    const seen = new Set<string>();
    const visit = (path: string) => {
      if (seen.has(path)) return;
      seen.add(path);
      const object = this.get(path);
      if (object === undefined) return;
      for (const reference of object.references) visit(reference);
      found.set(path, object);
    };
    for (const path of paths) visit(path);
    return [...found.values()];
  }

  /** What is at a path (lstat: a link at the end is not followed). Fails on a loop of links. */
  locate(path: string): Located {
    let at = path;
    for (let links = 0; links < symlinkLimit; links++) {
      const step = this.locateStep(at);
      if (step.type !== "link") return step;
      at = step.path;
    }
    throw new StoreError(`infinite symlink recursion in path '${path}'`);
  }

  private locateStep(path: string): Located | { readonly type: "link"; readonly path: string } {
    if (!isInStore(path)) return { type: "outside", path };
    const slash = path.indexOf("/", storeDir.length + 1);
    const objectPath = slash < 0 ? path : path.slice(0, slash);
    const mounted = this.mounted.get(objectPath);
    if (mounted !== undefined)
      return { type: "mounted", path: mounted.sourcePath + path.slice(objectPath.length) };
    const held = this.held.get(objectPath);
    if (held === undefined) return { type: "outside", path };
    let node = held.tree;
    let nodePath = objectPath;
    const rest = slash < 0 ? [] : path.slice(slash + 1).split("/");
    for (const [index, name] of rest.entries()) {
      if (node.type === "symlink") {
        const target = posix.resolve(posix.dirname(nodePath), node.target, ...rest.slice(index));
        return { type: "link", path: target };
      }
      const entry: TreeNode | undefined = node.type === "directory" ? node.entries.get(name) : undefined;
      if (entry === undefined) return { type: "missing" };
      node = entry;
      nodePath = `${nodePath}/${name}`;
    }
    return { type: "held", node };
  }

  /** The tree at a path, held or of this machine. */
  private treeAt(path: string, filter?: PathFilter): TreeNode {
    const located = this.locate(path);
    switch (located.type) {
      case "held":
        return filter === undefined ? located.node : filterTree(located.node, path, filter);
      case "missing":
        throw new StoreError(`path '${path}' does not exist`);
      case "mounted":
      case "outside":
        return readTree(located.path, { filter });
    }
  }

  private readFile(path: string): Uint8Array {
    const located = this.locate(path);
    if (located.type === "held" && located.node.type === "regular")
      return contentsBytes(located.node.contents);
    if (located.type === "held" || located.type === "missing") {
      throw new StoreError(`path '${path}' is not a regular file`);
    }
    return withSystemErrors("opening file", path, () => readFileSync(fsPath(located.path)));
  }

  private isHeld(path: string): boolean {
    return this.held.has(path) || this.mounted.has(path);
  }

  private hold(path: string, held: Held): void {
    if (!this.isHeld(path)) this.held.set(path, held);
  }

  private readMounted(path: string): Held | undefined {
    const mounted = this.mounted.get(path);
    if (mounted === undefined) return undefined;
    const { sourcePath, method } = mounted;
    const found = readTree(sourcePath, { inMemoryLimit: 0 });
    const tree = method === "flat" ? flatTree(found, sourcePath) : found;
    if (fixedOutputPath(parseStorePath(path).name, method, hashTree(tree, method)) !== path) {
      throw new StoreError(`'${sourcePath}' is no longer what was kept there as '${path}'; remove it`);
    }
    const held: Held = { references: [], tree };
    this.held.set(path, held);
    this.mounted.delete(path);
    return held;
  }
}

function isInMemory(tree: TreeNode): boolean {
  switch (tree.type) {
    case "regular":
      return tree.contents instanceof Uint8Array;
    case "symlink":
      return true;
    case "directory":
      return [...tree.entries.values()].every(isInMemory);
  }
}

/** What a flat content address is of: a regular file without its executable bit. */
function flatTree(tree: TreeNode, path: string): TreeNode {
  if (tree.type !== "regular") throw new StoreError(`cannot hash '${path}' since it is not a regular file`);
  return { ...tree, executable: false };
}

function hashTree(tree: TreeNode, method: "flat" | "nar"): Hash {
  if (method === "flat" && tree.type === "regular")
    return hashOfChunks("sha256", contentsChunks(tree.contents));
  return { algorithm: "sha256", bytes: hashNar(tree).hash };
}
