/** Trees of Mercurial repositories, by the `hg` program. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fromBytes, fromText, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import { sha256Hex } from "../../store/hash.ts";
import { makeDirectory } from "../../store/make-directory.ts";
import { lazySchema } from "../../store/schema.ts";
import { isInStore } from "../../store/store-path.ts";
import type { FetchedTree, MercurialRequest } from "../host.ts";
import { Listings } from "../read-log.ts";
import { printNarHash } from "./cache.ts";
import { timeToLive } from "./fetcher.ts";
import { ancestorsOf, nulTerminated } from "./git-export.ts";
import type { TreeFetcherOptions } from "./tree-fetcher.ts";
import { filePath, parseUrl } from "./url.ts";

const tipSchema = lazySchema((z) => z.object({ rev: z.string(), fetchedAt: z.number() }));
const treeSchema = lazySchema((z) =>
  z.object({
    storePath: z.string().refine(isInStore),
    narHash: z.string(),
    revCount: z.number(),
  }),
);

type Options = Pick<TreeFetcherOptions, "cache" | "env" | "now" | "onDirty" | "onCopy">;

export class MercurialFetcher {
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  fetch(request: MercurialRequest): FetchedTree {
    const url = parseUrl(request.url);
    const local = url.scheme === "file" ? filePath(url.path) : undefined;
    if (local !== undefined && !existsSync(fsPath(local))) {
      throw new StoreError(`Mercurial repository '${local}' does not exist`);
    }
    const isOpen = request.ref === undefined && request.rev === undefined;
    if (local !== undefined && isOpen && this.hg(["status", "-R", local, "-mar"]) !== "") {
      return this.fromWorkTree(local, request);
    }
    return this.fromCommit(local ?? request.url, request);
  }

  private fromWorkTree(path: string, { name }: MercurialRequest): FetchedTree {
    const { cache, onDirty, onCopy } = this.options;
    onDirty(`Mercurial tree '${path}' is unclean`);
    const tracked = this.hg([
      "status",
      "-R",
      path,
      "--clean",
      "--modified",
      "--added",
      "--no-status",
      "--print0",
    ]);
    const paths = new Set(nulTerminated(tracked).flatMap(ancestorsOf));
    const listed = new Listings();
    const isTracked = listed.noting((each) => paths.has(each.slice(path.length + 1)));
    const storePath = cache.store.addPath(name, path, isTracked);
    onCopy(path, storePath, listed);
    const ref = this.hg(["branch", "-R", path]).trim();
    return { storePath, narHash: printNarHash(cache.store.contentHash(storePath, "nar")), ref };
  }

  private fromCommit(source: string, request: MercurialRequest): FetchedTree {
    const { cache, now } = this.options;
    const ref = request.ref ?? "default";
    const clone = `${cache.directory}/hg/${sha256Hex(source)}`;
    const tipKey = ["hg-tip", source, ref];
    const tip = request.rev === undefined ? cache.read(tipKey, tipSchema) : undefined;
    const known = request.rev ?? (tip && now - tip.fetchedAt < timeToLive ? tip.rev : undefined);
    const rev = known ?? this.update(clone, source, ref);
    if (known === undefined) cache.write(tipKey, { rev, fetchedAt: now });
    const key = ["hg-tree", request.name, rev];
    let tree = cache.read(key, treeSchema);
    if (tree === undefined || !cache.mount(tree.storePath, "nar")) {
      if (!existsSync(fsPath(clone)) || this.ask(["log", "-R", clone, "-r", rev]) === undefined) {
        this.update(clone, source, rev);
      }
      tree = cache.withTemporaryDirectory((work) => {
        this.hg(["archive", "-R", clone, "-r", rev, `${work}/tree`]);
        rmSync(fsPath(`${work}/tree/.hg_archival.txt`), { force: true });
        const { storePath, hash } = cache.keep(`${work}/tree`, "nar", request.name);
        const revCount = Number.parseInt(this.log(clone, rev, "{rev}"), 10);
        return { storePath, narHash: printNarHash(hash.bytes), revCount };
      });
      cache.write(key, tree);
    }
    const { storePath, narHash, revCount } = tree;
    return { storePath, narHash, rev, ref, revCount: () => revCount };
  }

  /** Brings a clone up to date; the commit that a branch, tag, bookmark or hash means. */
  private update(clone: string, source: string, which: string): string {
    if (existsSync(fsPath(clone))) this.hg(["pull", "-q", "-R", clone, "--", source]);
    else {
      makeDirectory(fsPath(`${this.options.cache.directory}/hg`));
      this.hg(["clone", "-q", "--noupdate", "--", source, clone]);
    }
    return this.log(clone, which, "{node}");
  }

  private log(clone: string, which: string, template: string): string {
    return this.hg(["log", "-R", clone, "-r", which, "--template", template]).trim();
  }

  private ask(args: readonly string[]): string | undefined {
    try {
      return this.hg(args);
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  private hg(args: readonly string[]): string {
    // HGPLAIN: nobody's settings change what is printed.
    const result = spawnSync("hg", args.map(toText), {
      env: { ...this.options.env, HGPLAIN: "" },
      maxBuffer: 1 << 30,
    });
    if (result.error !== undefined) {
      throw new StoreError(
        "the program 'hg' is not installed, and it is needed to fetch Mercurial repositories",
        {
          cause: result.error,
        },
      );
    }
    if (result.status !== 0) {
      throw new StoreError(`hg ${args[0]} failed: ${fromText(result.stderr.toString().trim())}`);
    }
    return fromBytes(result.stdout);
  }
}
