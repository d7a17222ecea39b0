/** Files and archives from elsewhere. */
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromText, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath, readChunksSync } from "../../store/file-chunks.ts";
import { hashOfChunks, printHash } from "../../store/hash.ts";
import { type Checked, lazySchema } from "../../store/schema.ts";
import { isInStore } from "../../store/store-path.ts";
import { withSystemErrors } from "../../store/system-error.ts";
import type { FetchRequest } from "../host.ts";
import type { FetchCache, Method } from "./cache.ts";
import { download } from "./download.ts";
import { unpack } from "./unpack.ts";

/** Seconds for which a URL is not asked again: Nix's `tarball-ttl`. */
export const timeToLive = 3600;

const originSchema = lazySchema((z) =>
  z.object({
    storePath: z.string().refine(isInStore),
    fetchedAt: z.number(),
    /** SRI, of the tree or of the file's bytes. */
    hash: z.string(),
    /** Of an archive: when its newest entry was changed, in seconds since the epoch. */
    lastModified: z.number(),
  }),
);
type Origin = Checked<typeof originSchema>;

interface LocalFile {
  readonly path: string;
  /** SHA-256 in base 16. */
  readonly digest: string;
}

export interface FetcherOptions {
  readonly cache: FetchCache;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly onWarning: (message: string) => void;
  /** A file of this machine was read; its SHA-256 in base 16. */
  readonly onRead: (path: string, digest: string) => void;
}

export class Fetcher {
  private readonly options: FetcherOptions;

  constructor(options: FetcherOptions) {
    this.options = options;
  }

  /** The store path of what the request asks for, which the store then has. Fails with a StoreError. */
  fetch(request: FetchRequest): string {
    const { cache } = this.options;
    const { kind, url, name, expected } = request;
    if (expected !== undefined && cache.mount(expected, methodOf(kind))) return expected;
    const local = localPath(url);
    if (local !== undefined && kind === "file") return this.addLocal(name, local);
    return this.fetchOrigin(request, local).storePath;
  }

  private addLocal(name: string, path: string): string {
    const { cache, onRead } = this.options;
    const storePath = cache.store.addFlatFile(name, path);
    onRead(path, base16(cache.store.contentHash(storePath, "flat")));
    return storePath;
  }

  /** As {@link fetch}, of an archive, with what is known of it. */
  fetchArchive(url: string, name: string): Omit<Origin, "fetchedAt"> {
    return this.fetchOrigin({ kind: "tarball", url, name, expected: undefined }, localPath(url));
  }

  private fetchOrigin(request: FetchRequest, path: string | undefined): Origin {
    const { kind, url, name, expected } = request;
    const { cache, now, onRead } = this.options;
    const local = path === undefined ? undefined : { path, digest: hashOfFile(path) };
    if (local !== undefined) onRead(local.path, local.digest);
    // What is in a local archive depends on its bytes alone, so that there is nothing to expire.
    const key = [kind, name, local === undefined ? url : `sha256:${local.digest}`];
    const origin = cache.read(key, originSchema);
    const isFresh = origin !== undefined && now - origin.fetchedAt < timeToLive;
    if (
      origin !== undefined &&
      (isFresh || local !== undefined) &&
      origin.storePath === (expected ?? origin.storePath) &&
      cache.mount(origin.storePath, methodOf(kind))
    ) {
      return origin;
    }
    return this.fetchAgain(request, local, key, origin);
  }

  private fetchAgain(
    request: FetchRequest,
    local: LocalFile | undefined,
    key: readonly string[],
    origin: Origin | undefined,
  ): Origin {
    const { cache } = this.options;
    try {
      const fetched = this.fetchNow(request, local);
      cache.write(key, fetched);
      return fetched;
    } catch (error) {
      if (!(error instanceof StoreError) || origin === undefined || request.expected !== undefined)
        throw error;
      if (!cache.mount(origin.storePath, methodOf(request.kind))) throw error;
      this.options.onWarning(`${error.message}; using cached version`);
      return origin;
    }
  }

  private fetchNow({ kind, url, name }: FetchRequest, local: LocalFile | undefined): Origin {
    const { cache, env, now } = this.options;
    return cache.withTemporaryDirectory((work) => {
      const file = local?.path ?? `${work}/download`;
      if (local === undefined) download(url, file, env);
      let contents = file;
      let lastModified = 0;
      if (kind === "tarball") {
        lastModified = unpack(file, `${work}/tree`, `${work}/scratch`, url);
        contents = onlyDirectoryIn(`${work}/tree`);
      }
      if (local !== undefined && hashOfFile(local.path) !== local.digest) {
        throw new StoreError(`'${url}' changed while it was unpacked`);
      }
      const { storePath, hash } = cache.keep(contents, methodOf(kind), name);
      return { storePath, fetchedAt: now, hash: printHash(hash, "sri", true), lastModified };
    });
  }
}

function methodOf(kind: FetchRequest["kind"]): Method {
  return kind === "file" ? "flat" : "nar";
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

/** SHA-256 of a file's bytes in base 16. */
function hashOfFile(path: string): string {
  return withSystemErrors("opening file", path, () =>
    base16(hashOfChunks("sha256", readChunksSync(path, statSync(fsPath(path)).size)).bytes),
  );
}

function base16(sha256: Uint8Array): string {
  return Buffer.from(sha256).toString("hex");
}

/** The one directory that an archive consists of, or all of it. */
function onlyDirectoryIn(path: string): string {
  const entries = readdirSync(fsPath(path), { encoding: "latin1", withFileTypes: true });
  const only = entries.length === 1 ? entries[0] : undefined;
  return only?.isDirectory() ? `${path}/${only.name}` : path;
}
