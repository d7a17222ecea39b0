/**
 * The real {@link EvalHost}: files of this machine through node:fs, and a virtual store in front of `/nix/store`.
 * All that an evaluation looks at is recorded. Of what it sees twice it has to see the same, or its result is not kept.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fromText } from "../store/bytes.ts";
import { StoreError } from "../store/errors.ts";
import { contentsBytes, fsPath } from "../store/file-chunks.ts";
import { fileTypeOf } from "../store/read-tree.ts";
import { systemErrorCode, withSystemErrors } from "../store/system-error.ts";
import type { TreeNode } from "../store/tree.ts";
import { type Located, VirtualStore } from "../store/virtual-store.ts";
import { NixError } from "./eval/errors.ts";
import { asNixErrors } from "./eval/store-errors.ts";
import { isAllowedUri } from "./fetch/allowed-uris.ts";
import { FetchCache } from "./fetch/cache.ts";
import { Fetcher, localPath } from "./fetch/fetcher.ts";
import { TreeFetcher } from "./fetch/tree-fetcher.ts";
import type {
  EvalHost,
  EvalStore,
  FetchedTree,
  FetchRequest,
  FileType,
  MessageKind,
  TreeRequest,
} from "./host.ts";
import { HostStore } from "./host-store.ts";
import { MessageLog } from "./message-log.ts";
import { type Listings, ReadLog } from "./read-log.ts";
import { contentDigest, listingDigest, listingOf, type ReadRecord } from "./read-record.ts";

export interface NodeHostOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Seconds since the epoch; default: when the host is made. */
  readonly now?: bigint;
  /** `text` is a byte string without its kind and without a line end. */
  readonly onMessage: (kind: MessageKind, text: string) => void;
  /** Restricted and pure evaluation: only these paths, what is below them, and the objects of the evaluation. */
  readonly allowed?: {
    readonly mode: "restricted" | "pure";
    readonly paths: readonly string[];
    /** What else restricted evaluation may fetch (`allowed-uris`); byte strings. */
    readonly uris?: readonly string[];
  };
  /** Work trees of Git and Mercurial with changes that are in no commit; default: `warn`. */
  readonly dirtyTrees?: "allow" | "warn" | "refuse";
  /** To share the objects of several evaluations; default: a new one. */
  readonly store?: VirtualStore;
}

export interface NodeHost extends EvalHost {
  readonly reads: ReadRecord;
  readonly messages: MessageLog;
  /** What the evaluation made, for whoever deploys it. */
  readonly objects: VirtualStore;
}

export function createNodeHost(options: NodeHostOptions): NodeHost {
  return new FileSystemHost(options);
}

class FileSystemHost implements NodeHost {
  readonly objects: VirtualStore;
  readonly store: EvalStore;
  private readonly options: NodeHostOptions;
  private readonly now: bigint;
  private isQuiet = false;
  private fetchers:
    | { readonly cache: FetchCache; readonly files: Fetcher; readonly trees: TreeFetcher }
    | undefined;
  readonly messages = new MessageLog();
  readonly reads = new ReadLog();
  /** What is in the store of this machine and may be read whatever is allowed. */
  private readonly pinned = new Set<string>();
  /** What was copied whole, and is noted. */
  private readonly copied = new Set<string>();

  constructor(options: NodeHostOptions) {
    this.options = options;
    this.now = options.now ?? BigInt(Math.floor(Date.now() / 1000));
    this.objects = options.store ?? new VirtualStore();
    this.store = new HostStore(this, this.objects);
  }

  fileType(path: string): FileType | undefined {
    const located = this.locate(path);
    if (located.type === "held") return located.node.type;
    if (located.type === "missing") return undefined;
    if (located.type === "mounted") return typeAt(located.path);
    if (!this.isAllowed(located.path)) return undefined;
    const type = this.typeOutside(located.path);
    return type === "absent" ? undefined : type;
  }

  missing(path: string): NixError {
    const located = this.locate(path);
    return located.type === "outside" && !this.isAllowed(located.path)
      ? this.forbidden(located.path)
      : new NixError("io", `path '${path}' does not exist`);
  }

  isExecutable(path: string): boolean {
    const located = this.locate(path);
    if (located.type === "missing") return false;
    if (located.type === "held") return isExecutable(located.node);
    if (located.type === "outside") this.checkAccess(located.path);
    const executable = this.reading("io", located, () =>
      withSystemErrors("getting status of", path, () => {
        const stats = lstatSync(fsPath(located.path));
        return stats.isFile() && (stats.mode & 0o100) !== 0;
      }),
    );
    if (located.type === "outside") this.reads.looked("executables", located.path, executable);
    return executable;
  }

  readFile(path: string): Uint8Array {
    const located = this.locateExisting(path);
    if (located.type === "held")
      return asNixErrors("io", () => contentsBytes(regular(path, located.node).contents));
    const bytes = this.reading("io", located, () =>
      withSystemErrors("opening file", path, () => readFileSync(fsPath(located.path))),
    );
    if (located.type === "outside") this.reads.looked("files", located.path, contentDigest(bytes));
    return bytes;
  }

  readDirectory(path: string): ReadonlyMap<string, FileType> {
    const located = this.locateExisting(path);
    if (located.type === "held") return listing(path, located.node);
    const entries = new Map<string, FileType>();
    const found = this.reading("io", located, () =>
      withSystemErrors("opening directory", path, () =>
        readdirSync(fsPath(located.path), { encoding: "latin1", withFileTypes: true }),
      ),
    );
    const prefix = located.path === "/" ? "/" : `${located.path}/`;
    if (located.type === "mounted") return new Map(found.map((entry) => [entry.name, fileTypeOf(entry)]));
    for (const entry of found) {
      if (this.isAllowed(prefix + entry.name)) entries.set(entry.name, fileTypeOf(entry));
    }
    this.reads.looked("directories", located.path, listingDigest(entries));
    return entries;
  }

  readLink(path: string): string {
    const located = this.locateExisting(path);
    if (located.type === "held") {
      if (located.node.type === "symlink") return located.node.target;
      throw new NixError("io", `path '${path}' is not a symlink`);
    }
    const known = this.reads.links.get(located.path);
    if (known !== undefined) return known;
    const target = this.reading("io", located, () =>
      withSystemErrors("reading symbolic link", path, () => readlinkSync(fsPath(located.path), "latin1")),
    );
    if (located.type === "outside") this.reads.links.set(located.path, target);
    return target;
  }

  environmentVariable(name: string): string | undefined {
    this.reads.variables.add(name);
    const value = this.options.env[name];
    return value === undefined ? undefined : fromText(value);
  }

  noteUnrecorded(what: string): void {
    this.reads.unrecorded.add(what);
  }

  currentTime(): bigint {
    this.noteUnrecorded("the time");
    return this.now;
  }

  message(kind: MessageKind, text: string): void {
    if (this.isQuiet) throw new NixError("eval", `a message where nothing was asked for: ${text}`);
    if (this.messages.isNews(kind, text)) this.options.onMessage(kind, text);
  }

  quietly<T>(compute: () => T): T {
    const before = this.isQuiet;
    this.isQuiet = true;
    try {
      return compute();
    } finally {
      this.isQuiet = before;
    }
  }

  fetch(request: FetchRequest): string {
    return this.fetching(request.url, () => {
      this.checkUrl(request.url);
      const storePath = this.makeFetchers().files.fetch(request);
      this.noteMounted(storePath);
      const pinned = storePath === request.expected;
      this.reads.fetches.push({ url: request.url, kind: request.kind, storePath, pinned });
      return storePath;
    });
  }

  fetchTree(request: TreeRequest): FetchedTree {
    return this.fetching(request.kind === "directory" ? request.path : request.url, () => {
      if (request.kind === "archive" && localPath(request.url) !== undefined) this.checkUrl(request.url);
      const tree = this.makeFetchers().trees.fetch(request);
      const { storePath, rev, lastModified } = tree;
      this.noteMounted(storePath);
      this.reads.trees.push({ request, storePath, rev, lastModified });
      return tree;
    });
  }

  /** Whether something that the evaluation did not make is in the store of this machine. */
  noteStorePath(path: string, exists: boolean): void {
    if (this.locate(path).type === "outside") this.reads.looked("storePaths", path, exists);
  }

  hasPinned(storePath: string): boolean {
    const isThere = this.store.has(storePath);
    if (isThere) this.pinned.add(storePath);
    return isThere;
  }

  isAvailable(storePath: string): boolean {
    if (this.hasPinned(storePath)) return true;
    if (cacheDirectory(this.options.env) === undefined) return false;
    const isMounted = this.makeFetchers().cache.mount(storePath, "nar");
    if (isMounted) this.noteMounted(storePath);
    return isMounted;
  }

  /** What was fetched is of use as long as it is where it is kept. */
  private noteMounted(storePath: string): void {
    const located = this.locate(storePath);
    if (located.type === "mounted") this.typeOutside(located.path);
  }

  private makeFetchers() {
    if (this.fetchers !== undefined) return this.fetchers;
    const { env } = this.options;
    const directory = cacheDirectory(env);
    if (directory === undefined) {
      throw new StoreError("there is no place to keep downloads: neither XDG_CACHE_HOME nor HOME is set");
    }
    const cache = new FetchCache(directory, this.objects);
    const onWarning = (message: string) => this.message("warning", message);
    const onRead = (path: string, digest: string) => this.reads.looked("files", path, digest);
    const files = new Fetcher({ cache, env, now: Number(this.now), onWarning, onRead });
    const trees = new TreeFetcher({
      archives: files,
      cache,
      env,
      now: Number(this.now),
      onWarning,
      onDirty: (message) => this.noteDirty(message),
      onCopy: (from, to, listed) => this.noteCopy(from, to, "nar", listed),
    });
    this.fetchers = { cache, files, trees };
    return this.fetchers;
  }

  private noteDirty(message: string): void {
    const { dirtyTrees = "warn" } = this.options;
    if (dirtyTrees === "refuse") throw new StoreError(message);
    if (dirtyTrees === "warn") this.message("warning", message);
  }

  /** Pure evaluation fetches what is locked from anywhere. */
  checkUrl(url: string): void {
    const { allowed } = this.options;
    if (allowed?.mode !== "restricted" || isAllowedUri(url, allowed.uris ?? [])) return;
    const local = asNixErrors("io", () => localPath(url));
    if (local === undefined) {
      throw new NixError("restricted", `access to URI '${url}' is forbidden in restricted mode`);
    }
    this.checkAccess(local, true);
  }

  /** Fails when the evaluation may not see this path of the file system, or not all that is `below` it. */
  checkAccess(path: string, below = false): void {
    if (!(below ? this.isBelowAllowed(path) : this.isAllowed(path))) throw this.forbidden(path);
  }

  private forbidden(path: string): NixError {
    const how =
      this.options.allowed?.mode === "pure"
        ? "in pure evaluation mode (use '--impure' to override)"
        : "in restricted mode";
    return new NixError("restricted", `access to absolute path '${path}' is forbidden ${how}`);
  }

  /** Notes what was copied; `listed` is what a filter chose from. */
  noteCopy(sourcePath: string, storePath: string, method: "flat" | "nar", listed?: Listings): void {
    const located = this.locate(sourcePath);
    const copy = `${sourcePath}\0${storePath}`;
    // The store reads it once.
    if (located.type !== "outside" || (listed === undefined && this.copied.has(copy))) return;
    this.copied.add(copy);
    const tree = this.objects.get(storePath)!.tree;
    if (method === "flat") this.reads.copiedContents(located.path, regular(sourcePath, tree).contents);
    else this.reads.copied(located.path, tree, listed);
    // Large files were read once more.
    if (!this.objects.isIntact(storePath, method)) this.reads.changed(located.path);
  }

  /** Reads something. What can't be read, the evaluation may go on without; a fact says so where there is nothing. */
  reading<T>(kind: "io" | "store", located: Located, read: () => T): T {
    return asNixErrors(kind, () => {
      try {
        return read();
      } catch (error) {
        const isOutside = error instanceof StoreError && located.type === "outside";
        if (isOutside && this.typeOutside(located.path) !== "absent") this.reads.failed(located.path);
        throw error;
      }
    });
  }

  private fetching<T>(what: string, fetch: () => T): T {
    try {
      return asNixErrors("io", fetch);
    } catch (error) {
      this.reads.failed(what);
      throw error;
    }
  }

  private typeOutside(path: string): FileType | "absent" {
    const known = this.reads.types.get(path);
    if (known !== undefined) return known;
    try {
      const type = typeAt(path) ?? "absent";
      this.reads.types.set(path, type);
      return type;
    } catch (error) {
      this.reads.failed(path);
      throw error;
    }
  }

  private locate(path: string) {
    return asNixErrors("io", () => this.objects.locate(path));
  }

  private locateExisting(path: string) {
    const located = this.locate(path);
    if (located.type === "missing") throw new NixError("io", `path '${path}' does not exist`);
    if (located.type === "outside") this.checkAccess(located.path);
    return located;
  }

  /** What leads to something allowed may be looked at too. */
  private isAllowed(path: string): boolean {
    return (
      this.isBelowAllowed(path) || (this.options.allowed?.paths.some((root) => isWithin(root, path)) ?? true)
    );
  }

  private isBelowAllowed(path: string): boolean {
    const { allowed } = this.options;
    return allowed === undefined || [...allowed.paths, ...this.pinned].some((root) => isWithin(path, root));
  }
}

/** lstat; undefined when there is nothing. */
function typeAt(path: string): FileType | undefined {
  return asNixErrors("io", () =>
    withSystemErrors("getting status of", path, () => {
      try {
        const stats = lstatSync(fsPath(path), { throwIfNoEntry: false });
        return stats && fileTypeOf(stats);
      } catch (error) {
        if (systemErrorCode(error) === "ENOTDIR") return undefined;
        throw error;
      }
    }),
  );
}

/** Where downloads are kept (XDG Base Directory Specification); undefined when nothing says where. */
function cacheDirectory(env: NodeHostOptions["env"]): string | undefined {
  const { XDG_CACHE_HOME: cacheHome, HOME: home } = env;
  const base = cacheHome || (home && `${home}/.cache`);
  return base ? fromText(`${base}/nixus`) : undefined;
}

function isWithin(path: string, root: string): boolean {
  return path === root || root === "/" || path.startsWith(`${root}/`);
}

function isExecutable(node: TreeNode): boolean {
  return node.type === "regular" && node.executable;
}

function regular(path: string, node: TreeNode): Extract<TreeNode, { type: "regular" }> {
  if (node.type !== "regular") throw new NixError("io", `path '${path}' is not a regular file`);
  return node;
}

function listing(path: string, node: TreeNode): ReadonlyMap<string, FileType> {
  if (node.type !== "directory") throw new NixError("io", `path '${path}' is not a directory`);
  return listingOf(node);
}
