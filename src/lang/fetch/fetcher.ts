/** Files and archives from elsewhere. */
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromText, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath, readChunksSync } from "../../store/file-chunks.ts";
import { hashOfChunks, printHash } from "../../store/hash.ts";
import { storeDir } from "../../store/store-path.ts";
import { withSystemErrors } from "../../store/system-error.ts";
import type { FetchRequest } from "../host.ts";
import { type Checked, lazySchema } from "../schema.ts";
import type { FetchCache, Method } from "./cache.ts";
import { download } from "./download.ts";
import { unpack } from "./unpack.ts";

/** Seconds for which a URL is not asked again: Nix's `tarball-ttl`. */
export const timeToLive = 3600;

const originSchema = lazySchema((z) =>
  z.object({
    storePath: z.string().startsWith(`${storeDir}/`),
    fetchedAt: z.number(),
    /** SRI, of the tree or of the file's bytes. */
    hash: z.string(),
    /** Of an archive: when its newest entry was changed, in seconds since the epoch. */
    lastModified: z.number(),
  }),
);
type Origin = Checked<typeof originSchema>;

export interface FetcherOptions {
  readonly cache: FetchCache;
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
    const { cache } = this.options;
    const { kind, url, name, expected } = request;
    if (expected !== undefined && cache.mount(expected, methodOf(kind))) return expected;
    const local = localPath(url);
    if (local !== undefined && kind === "file") return cache.store.addFlatFile(name, local);
    return this.fetchOrigin(request, local).storePath;
  }

  /** As {@link fetch}, of an archive, with what is known of it. */
  fetchArchive(url: string, name: string): Omit<Origin, "fetchedAt"> {
    return this.fetchOrigin({ kind: "tarball", url, name, expected: undefined }, localPath(url));
  }

  private fetchOrigin(request: FetchRequest, local: string | undefined): Origin {
    const { kind, url, name, expected } = request;
    const { cache, now } = this.options;
    // What is in a local archive depends on its bytes alone, so that there is nothing to expire.
    const from = local === undefined ? url : `sha256:${hashOfFile(local)}`;
    const key = [kind, name, from];
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
    local: string | undefined,
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

  private fetchNow({ kind, url, name }: FetchRequest, local: string | undefined): Origin {
    const { cache, env, now } = this.options;
    return cache.withTemporaryDirectory((work) => {
      const file = local ?? `${work}/download`;
      if (local === undefined) download(url, file, env);
      let contents = file;
      let lastModified = 0;
      if (kind === "tarball") {
        lastModified = unpack(file, `${work}/tree`, `${work}/scratch`, url);
        contents = onlyDirectoryIn(`${work}/tree`);
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
