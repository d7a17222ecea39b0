/** Trees from everywhere: archives, directories of this machine, repositories. */
import { isStorePath, parseStorePath } from "../../store/store-path.ts";
import type { DirectoryRequest, FetchedTree, TreeRequest } from "../host.ts";
import { newestChange } from "../newest-change.ts";
import type { Listings } from "../read-log.ts";
import { type FetchCache, printNarHash } from "./cache.ts";
import type { Fetcher } from "./fetcher.ts";
import { GitFetcher } from "./git.ts";
import type { Environment } from "./git-program.ts";
import { MercurialFetcher } from "./mercurial.ts";

export interface TreeFetcherOptions {
  readonly archives: Fetcher;
  readonly cache: FetchCache;
  readonly env: Environment;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly onWarning: (message: string) => void;
  /** A work tree has changes that are in no commit; may refuse it. */
  readonly onDirty: (message: string) => void;
  /** Something of this machine was copied to the store; `listed` is what a filter chose from. */
  readonly onCopy: (sourcePath: string, storePath: string, listed?: Listings) => void;
}

/** Failures are StoreErrors. */
export class TreeFetcher {
  private readonly options: TreeFetcherOptions;
  private readonly git: GitFetcher;
  private readonly mercurial: MercurialFetcher;

  constructor(options: TreeFetcherOptions) {
    this.options = options;
    this.git = new GitFetcher(options);
    this.mercurial = new MercurialFetcher(options);
  }

  fetch(request: TreeRequest): FetchedTree {
    switch (request.kind) {
      case "archive": {
        const { storePath, hash, lastModified } = this.options.archives.fetchArchive(
          request.url,
          request.name,
        );
        return { storePath, narHash: hash, lastModified };
      }
      case "directory":
        return this.directory(request);
      case "git":
        return this.git.fetch(request);
      case "hg":
        return this.mercurial.fetch(request);
    }
  }

  private directory({ path, name }: DirectoryRequest): FetchedTree {
    const { store } = this.options.cache;
    const isSource = isStorePath(path) && parseStorePath(path).name === name;
    const outside = store.locate(path).type === "outside";
    const lastModified = isSource ? 0 : outside ? newestChange(path) : 1;
    const storePath = store.addPath(name, path);
    if (outside) this.options.onCopy(path, storePath);
    return { storePath, narHash: printNarHash(store.contentHash(storePath, "nar")), lastModified };
  }
}
