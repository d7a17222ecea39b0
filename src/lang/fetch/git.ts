/** Trees of Git repositories: of a commit, or a work tree of this machine with its changes. */
import { existsSync, realpathSync, rmSync } from "node:fs";
import { fromBytes } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import { sha256Hex } from "../../store/hash.ts";
import { makeDirectory } from "../../store/make-directory.ts";
import { lazySchema } from "../../store/schema.ts";
import { isInStore } from "../../store/store-path.ts";
import { withSystemErrors } from "../../store/system-error.ts";
import type { FetchedTree, GitRequest } from "../host.ts";
import { Listings } from "../read-log.ts";
import { printNarHash } from "./cache.ts";
import { timeToLive } from "./fetcher.ts";
import { listCommit, withoutIgnored, writeEntries } from "./git-export.ts";
import { Git } from "./git-program.ts";
import { type Submodule, submodulesIn } from "./git-submodules.ts";
import { readWorkTree } from "./git-work-tree.ts";
import type { TreeFetcherOptions } from "./tree-fetcher.ts";
import { filePath, parseUrl, printUrl } from "./url.ts";

const tipSchema = lazySchema((z) => z.object({ rev: z.string(), fetchedAt: z.number() }));
const headSchema = lazySchema((z) => z.object({ ref: z.string(), fetchedAt: z.number() }));
const treeSchema = lazySchema((z) =>
  z.object({
    storePath: z.string().refine(isInStore),
    narHash: z.string(),
    lastModified: z.number(),
  }),
);
const countSchema = lazySchema((z) => z.object({ revCount: z.number() }));

/** A repository that has a commit. */
interface Clone {
  readonly git: Git;
  /** What relative URLs of its submodules are relative to. */
  readonly origin: string;
  readonly rev: string;
  readonly ref: string | undefined;
}

type Options = Pick<TreeFetcherOptions, "cache" | "env" | "now" | "onWarning" | "onDirty" | "onCopy">;

export class GitFetcher {
  private readonly options: Options;
  private readonly git: Git;

  constructor(options: Options) {
    this.options = options;
    this.git = new Git(options.env);
  }

  fetch(request: GitRequest): FetchedTree {
    if (request.exportIgnore && request.submodules) {
      throw new StoreError("exportIgnore and submodules are not supported together yet");
    }
    const workTree = workTreeOf(request.url);
    return workTree !== undefined && request.ref === undefined && request.rev === undefined
      ? this.fromWorkTree(workTree, request)
      : this.fromCommit(request);
  }

  private fromWorkTree(path: string, request: GitRequest): FetchedTree {
    const { cache, onDirty, onCopy } = this.options;
    const found = readWorkTree(this.git, path, request);
    if (found.isDirty) onDirty(`Git tree '${path}' is dirty`);
    const prefix = path === "/" ? 1 : path.length + 1;
    const listed = new Listings();
    const isTracked = listed.noting((each) => found.paths.has(each.slice(prefix)));
    const storePath = cache.store.addPath(request.name, path, isTracked);
    onCopy(path, storePath, listed);
    const git = this.git.inWorkTree(path);
    const { head } = found;
    const common = {
      storePath,
      narHash: printNarHash(cache.store.contentHash(storePath, "nar")),
      lastModified: head === undefined ? 0 : this.commitTime(git, head),
    };
    if (found.isDirty) return head === undefined ? common : { ...common, dirtyRev: head };
    const ref = git.ask(["symbolic-ref", "-q", "HEAD"])?.trim();
    return {
      ...common,
      rev: head ?? "0".repeat(40),
      ...(ref === undefined ? {} : { ref }),
      ...(request.shallow
        ? {}
        : { revCount: () => (head === undefined ? 0 : this.revCount(git, head, request.url)) }),
    };
  }

  private fromCommit(request: GitRequest): FetchedTree {
    const { cache } = this.options;
    let known: Clone | undefined;
    const clone = () => (known ??= this.clone(request));
    const rev = request.rev ?? clone().rev;
    const flags = [request.submodules ? "submodules" : "", request.exportIgnore ? "exportIgnore" : ""];
    const key = ["git-tree", request.name, rev, ...flags];
    let tree = cache.read(key, treeSchema);
    if (tree === undefined || !cache.mount(tree.storePath, "nar")) {
      const { git } = clone();
      tree = cache.withTemporaryDirectory((work) => {
        this.export(clone(), `${work}/tree`, work, request);
        const { storePath, hash } = cache.keep(`${work}/tree`, "nar", request.name);
        return {
          storePath,
          narHash: printNarHash(hash.bytes),
          lastModified: this.commitTime(git, rev),
        };
      });
      cache.write(key, tree);
    }
    const { ref } = request;
    return {
      ...tree,
      rev,
      ...(ref === undefined ? {} : { ref }),
      ...(request.shallow ? {} : { revCount: () => this.revCount(() => clone().git, rev, request.url) }),
    };
  }

  /** Writes the files of a commit, and those of its submodules, to a new directory. */
  private export(clone: Clone, directory: string, work: string, request: GitRequest): void {
    const { git, rev } = clone;
    const all = listCommit(git, rev);
    const hasAttributes = all.some(
      ({ path }) => path === ".gitattributes" || path.endsWith("/.gitattributes"),
    );
    let entries = all;
    if (request.exportIgnore && hasAttributes) {
      const env = { GIT_INDEX_FILE: `${work}/index` };
      git.run(["read-tree", rev], { env });
      entries = withoutIgnored(git, all, env);
      rmSync(fsPath(`${work}/index`));
    }
    writeEntries(git, entries, directory, `${work}/objects`);
    if (!request.submodules) return;
    for (const submodule of submodulesIn(clone, all)) {
      rmSync(fsPath(`${directory}/${submodule.path}`), { recursive: true });
      const wanted = submoduleRequest(submodule, request);
      this.export(this.clone(wanted), `${directory}/${submodule.path}`, work, wanted);
    }
  }

  private clone(request: GitRequest): Clone {
    const workTree = workTreeOf(request.url);
    if (workTree === undefined) return this.remoteClone(request);
    const git = this.git.inWorkTree(workTree);
    const { ref } = request;
    const rev = request.rev ?? this.resolve(git, ref ?? "HEAD", request.url);
    if (!hasCommit(git, rev)) throw new StoreError(noCommit(rev, ref, request.url));
    const origin = git.ask(["config", "--get", "remote.origin.url"])?.trim() ?? workTree;
    return { git, origin, rev, ref };
  }

  private remoteClone(request: GitRequest): Clone {
    const { cache, now } = this.options;
    const url = remoteUrl(request.url);
    const shallow = request.shallow ? "-shallow" : "";
    const directory = `${cache.directory}/git/${sha256Hex(url)}${shallow}`;
    const git = this.git.inRepository(directory);
    if (!existsSync(fsPath(`${directory}/HEAD`))) {
      withSystemErrors("creating directory", directory, () => makeDirectory(fsPath(directory)));
      git.run(["init", "--quiet", "--bare"]);
    }
    const { rev } = request;
    if (rev !== undefined) {
      if (!hasCommit(git, rev)) this.download(git, url, request.allRefs ? "+refs/*:refs/*" : rev, request);
      if (!hasCommit(git, rev)) throw new StoreError(noCommit(rev, request.ref, request.url));
      return { git, origin: url, rev, ref: request.ref };
    }
    const ref = request.ref ?? this.defaultRef(url);
    const full = ref.startsWith("refs/") || ref === "HEAD" ? ref : `refs/heads/${ref}`;
    const key = ["git-tip", url, full, shallow];
    const tip = cache.read(key, tipSchema);
    const isFresh = tip !== undefined && now - tip.fetchedAt < timeToLive && !request.allRefs;
    if (isFresh && hasCommit(git, tip.rev)) return { git, origin: url, rev: tip.rev, ref };
    try {
      const local = full === "HEAD" ? "refs/nixus/HEAD" : full;
      this.download(git, url, request.allRefs ? "+refs/*:refs/*" : `+${full}:${local}`, request);
      const fetched = this.resolve(git, request.allRefs ? full : local, request.url);
      cache.write(key, { rev: fetched, fetchedAt: now });
      return { git, origin: url, rev: fetched, ref };
    } catch (error) {
      if (!(error instanceof StoreError) || tip === undefined || !hasCommit(git, tip.rev)) throw error;
      this.options.onWarning(
        `could not update local clone of Git repository '${url}' (${error.message}); continuing with the most recent version`,
      );
      return { git, origin: url, rev: tip.rev, ref };
    }
  }

  private download(git: Git, url: string, refspec: string, { shallow }: GitRequest): void {
    const depth = shallow ? ["--depth=1"] : [];
    git.run([
      "fetch",
      "--quiet",
      "--force",
      "--no-tags",
      "--no-write-fetch-head",
      ...depth,
      "--",
      url,
      refspec,
    ]);
  }

  /** The branch that a remote repository's HEAD is. */
  private defaultRef(url: string): string {
    const { cache, now, onWarning } = this.options;
    const key = ["git-head", url];
    const known = cache.read(key, headSchema);
    if (known !== undefined && now - known.fetchedAt < timeToLive) return known.ref;
    const answer = this.git.ask(["ls-remote", "--symref", "--", url, "HEAD"]);
    const ref =
      /^ref: (\S+)\tHEAD$/m.exec(answer ?? "")?.[1] ?? (answer?.includes("\tHEAD") ? "HEAD" : undefined);
    if (ref !== undefined) cache.write(key, { ref, fetchedAt: now });
    else if (known === undefined) onWarning(`could not read HEAD ref from repo at '${url}', using 'master'`);
    return ref ?? known?.ref ?? "refs/heads/master";
  }

  private resolve(git: Git, ref: string, url: string): string {
    const found = git.ask(["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
    if (found === undefined)
      throw new StoreError(`resolving Git reference '${ref}' of repository '${url}': not found`);
    return found.trim();
  }

  private commitTime(git: Git, rev: string): number {
    return Number.parseInt(git.run(["log", "-1", "--no-show-signature", "--format=%ct", rev]), 10);
  }

  private revCount(repository: Git | (() => Git), rev: string, url: string): number {
    const { cache } = this.options;
    const key = ["git-count", rev];
    const known = cache.read(key, countSchema);
    if (known !== undefined) return known.revCount;
    const git = typeof repository === "function" ? repository() : repository;
    if (git.run(["rev-parse", "--is-shallow-repository"]).trim() === "true") {
      throw new StoreError(`'${url}' is a shallow Git repository, so 'revCount' is not available`);
    }
    const revCount = Number.parseInt(git.run(["rev-list", "--count", rev]), 10);
    cache.write(key, { revCount });
    return revCount;
  }
}

function submoduleRequest({ url, rev, branch }: Submodule, parent: GitRequest): GitRequest {
  const ref = branch === "." ? parent.ref : branch;
  return { ...parent, url, ref, rev, allRefs: true, shallow: false };
}

/** The work tree that a URL is of, without links at its end; undefined for repositories that have to be cloned. */
function workTreeOf(text: string): string | undefined {
  const url = parseUrl(text);
  if (url.scheme !== "file") return undefined;
  const path = filePath(url.path);
  if (!existsSync(fsPath(path))) throw new StoreError(`Git repository '${path}' does not exist`);
  if (!existsSync(fsPath(`${path}/.git`))) return undefined;
  return fromBytes(realpathSync(fsPath(path), { encoding: "buffer" }));
}

/** As it is given to git: without what old lock files have in URLs, and parameters that no file has. */
function remoteUrl(text: string): string {
  const url = parseUrl(text);
  const query = new Map(url.scheme === "file" ? [] : url.query);
  query.delete("dir");
  return printUrl({ ...url, query });
}

function hasCommit(git: Git, rev: string): boolean {
  return git.ask(["cat-file", "-e", `${rev}^{commit}`]) !== undefined;
}

function noCommit(rev: string, ref: string | undefined, url: string): string {
  const where = ref === undefined ? "" : `in ref '${ref}' `;
  return `cannot find Git revision '${rev}' ${where}of repository '${url}'; make sure that it exists there, or add 'allRefs = true;' to fetch all branches and tags`;
}
