/**
 * What comes from elsewhere, kept in a cache on disk:
 *
 * - `objects/<digest>-<name>`: contents of store objects, complete once they are there;
 * - `origins/<SHA-256>.json`: which object a URL (or a local archive's contents) gave, and when.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { fromText, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath, readChunksSync } from "../../store/file-chunks.ts";
import { hashOfChunks, printHash, sha256Hex } from "../../store/hash.ts";
import { hashNar } from "../../store/nar.ts";
import { readTree } from "../../store/read-tree.ts";
import { fixedOutputPath, storeDir } from "../../store/store-path.ts";
import { systemErrorCode, withSystemErrors } from "../../store/system-error.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { FetchRequest } from "../host.ts";
import { download } from "./download.ts";
import { unpack } from "./unpack.ts";

/** Seconds for which a URL is not asked again: Nix's `tarball-ttl`. */
const timeToLive = 3600;

interface Origin {
  readonly storePath: string;
  /** Seconds since the epoch. */
  readonly fetchedAt: number;
}

// A schema library would cost every evaluation more time at its start than this check is worth.
function isOrigin(value: unknown): value is Origin {
  if (typeof value !== "object" || value === null) return false;
  const { storePath, fetchedAt } = value as Partial<Record<keyof Origin, unknown>>;
  return (
    typeof storePath === "string" && storePath.startsWith(`${storeDir}/`) && typeof fetchedAt === "number"
  );
}

export interface FetcherOptions {
  /** Created when it's needed; a byte string. */
  readonly cacheDirectory: string;
  readonly store: VirtualStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly onWarning: (message: string) => void;
}

export class Fetcher {
  private readonly options: FetcherOptions;

  constructor(options: FetcherOptions) {
    this.options = options;
  }

  /** The store path of what the request asks for, which the store then has. Fails with a StoreError. */
  fetch(request: FetchRequest): string {
    const { kind, url, name, expected } = request;
    if (expected !== undefined && this.mount(expected, kind)) return expected;
    const local = localPath(url);
    if (local !== undefined && kind === "file") return this.options.store.addFlatFile(name, local);
    // What is in a local archive depends on its bytes alone, so that there is nothing to expire.
    const from = local === undefined ? url : `sha256:${hashOfFile(local)}`;
    const originFile = `${this.options.cacheDirectory}/origins/${sha256Hex([kind, name, from].join("\0"))}.json`;
    const origin = this.readOrigin(originFile);
    const isFresh = origin !== undefined && this.options.now - origin.fetchedAt < timeToLive;
    if (
      origin !== undefined &&
      (isFresh || local !== undefined) &&
      origin.storePath === (expected ?? origin.storePath)
    ) {
      if (this.mount(origin.storePath, kind)) return origin.storePath;
    }
    return this.fetchAgain(request, local, originFile, origin);
  }

  private fetchAgain(
    request: FetchRequest,
    local: string | undefined,
    originFile: string,
    origin: Origin | undefined,
  ): string {
    try {
      const storePath = this.fetchNow(request, local);
      this.writeOrigin(originFile, { storePath, fetchedAt: this.options.now });
      return storePath;
    } catch (error) {
      if (!(error instanceof StoreError) || origin === undefined || request.expected !== undefined)
        throw error;
      if (!this.mount(origin.storePath, request.kind)) throw error;
      this.options.onWarning(`${error.message}; using cached version`);
      return origin.storePath;
    }
  }

  private fetchNow({ kind, url, name }: FetchRequest, local: string | undefined): string {
    const { cacheDirectory, env } = this.options;
    const work = makeTemporaryDirectory(cacheDirectory);
    try {
      const file = local ?? `${work}/download`;
      if (local === undefined) download(url, file, env);
      let contents = file;
      if (kind === "tarball") {
        unpack(file, `${work}/tree`, `${work}/scratch`, url);
        contents = onlyDirectoryIn(`${work}/tree`);
      }
      return this.keep(contents, kind, name);
    } finally {
      rmSync(fsPath(work), { recursive: true, force: true });
    }
  }

  /** Moves finished contents into the cache. */
  private keep(contents: string, kind: FetchRequest["kind"], name: string): string {
    const hash =
      kind === "file"
        ? hashOfChunks("sha256", readChunksSync(contents, statSync(fsPath(contents)).size))
        : { algorithm: "sha256" as const, bytes: hashNar(readTree(contents, { inMemoryLimit: 0 })).hash };
    const storePath = fixedOutputPath(name, methodOf(kind), hash);
    try {
      mkdirSync(fsPath(`${this.options.cacheDirectory}/objects`), { recursive: true });
      renameSync(fsPath(contents), fsPath(this.objectFile(storePath)));
    } catch (error) {
      // Another process was faster, and has put there the same.
      const code = systemErrorCode(error);
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    }
    this.mount(storePath, kind);
    return storePath;
  }

  /** Makes an object of the cache one of the store; false when the cache doesn't have it. */
  private mount(storePath: string, kind: FetchRequest["kind"]): boolean {
    const file = this.objectFile(storePath);
    if (!existsSync(fsPath(file))) return false;
    this.options.store.mount(storePath, file, methodOf(kind));
    return true;
  }

  private objectFile(storePath: string): string {
    return `${this.options.cacheDirectory}/objects/${storePath.slice(storeDir.length + 1)}`;
  }

  /** What a URL gave before; undefined also when the record is damaged, which is no reason to fail. */
  private readOrigin(file: string): Origin | undefined {
    if (!existsSync(fsPath(file))) return undefined;
    try {
      const origin: unknown = JSON.parse(readFileSync(fsPath(file), "utf8"));
      return isOrigin(origin) ? origin : undefined;
    } catch {
      return undefined;
    }
  }

  private writeOrigin(file: string, origin: Origin): void {
    const { cacheDirectory } = this.options;
    mkdirSync(fsPath(`${cacheDirectory}/origins`), { recursive: true });
    const work = makeTemporaryDirectory(cacheDirectory);
    writeFileSync(fsPath(`${work}/origin`), JSON.stringify(origin));
    renameSync(fsPath(`${work}/origin`), fsPath(file));
    rmSync(fsPath(work), { recursive: true, force: true });
  }
}

/** The path of a `file:` URL (both byte strings); undefined for URLs of other kinds. */
export function localPath(url: string): string | undefined {
  let parsed: URL;
  try {
    parsed = new URL(toText(url));
  } catch (cause) {
    throw new StoreError(`'${url}' is not a valid URL`, { cause });
  }
  switch (parsed.protocol) {
    case "http:":
    case "https:":
      return undefined;
    case "file:":
      try {
        return fromText(fileURLToPath(parsed));
      } catch (cause) {
        throw new StoreError(`'${url}' is not the URL of a file on this machine`, { cause });
      }
    default:
      throw new StoreError(`cannot fetch '${url}': only http, https and file URLs are supported here`);
  }
}

function methodOf(kind: FetchRequest["kind"]): "flat" | "nar" {
  return kind === "file" ? "flat" : "nar";
}

/** SHA-256 of a file's bytes in base 16. */
export function hashOfFile(path: string): string {
  return withSystemErrors("opening file", path, () => {
    const hash = hashOfChunks("sha256", readChunksSync(path, statSync(fsPath(path)).size));
    return printHash(hash, "base16", false);
  });
}

/** The one directory that an archive consists of, or all of it. */
function onlyDirectoryIn(path: string): string {
  const entries = readdirSync(fsPath(path), { encoding: "latin1", withFileTypes: true });
  const only = entries.length === 1 ? entries[0] : undefined;
  return only?.isDirectory() ? `${path}/${only.name}` : path;
}

function makeTemporaryDirectory(parent: string): string {
  return withSystemErrors("creating directory", parent, () => {
    mkdirSync(fsPath(parent), { recursive: true });
    return fromText(mkdtempSync(`${toText(parent)}/tmp-`));
  });
}
