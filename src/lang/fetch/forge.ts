/** Where the forges have their archives and tell which revision a branch or tag is. */
import { fromBytes, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { type InputAttrs, requiredString, stringAttr } from "./attributes.ts";
import { revPattern } from "./names.ts";

export type ForgeName = "github" | "gitlab" | "sourcehut";

export interface Forge {
  /** URL of the archive of a revision. */
  archive(input: InputAttrs, rev: string): string;
  /** The revision of a branch or tag, `HEAD` for the default branch; `download` gives the contents of a URL. */
  revision(input: InputAttrs, ref: string, download: (url: string) => Uint8Array): string;
}

const defaultHosts: Readonly<Record<ForgeName, string>> = {
  github: "github.com",
  gitlab: "gitlab.com",
  sourcehut: "git.sr.ht",
};

function place(name: ForgeName, input: InputAttrs) {
  const host = stringAttr(input, "host") ?? defaultHosts[name];
  return { host, owner: requiredString(input, "owner"), repo: requiredString(input, "repo") };
}

/** REST API v3; an instance of one's own (GitHub Enterprise) has it below `/api/v3`. */
const github: Forge = {
  archive: (input, rev) => {
    const { host, owner, repo } = place("github", input);
    return host === defaultHosts.github
      ? `https://${host}/${owner}/${repo}/archive/${rev}.tar.gz`
      : `https://${host}/api/v3/repos/${owner}/${repo}/tarball/${rev}`;
  },
  revision: (input, ref, download) => {
    const { host, owner, repo } = place("github", input);
    const api = host === defaultHosts.github ? `https://api.${host}` : `https://${host}/api/v3`;
    const url = `${api}/repos/${owner}/${repo}/commits/${ref}`;
    return commitIn(readJson(url, download), "sha", url);
  },
};

/** REST API v4, in which a project is one segment of the path. */
const gitlab: Forge = {
  archive: (input, rev) => `${gitlabRepository(input)}/archive.tar.gz?sha=${rev}`,
  revision: (input, ref, download) => {
    const url = `${gitlabRepository(input)}/commits?ref_name=${ref}`;
    const commits = readJson(url, download);
    if (Array.isArray(commits) && commits.length === 0) {
      throw new StoreError(`no commits at '${url}': is there a branch or tag '${ref}'?`);
    }
    return commitIn(Array.isArray(commits) ? commits[0] : undefined, "id", url);
  },
};

function gitlabRepository(input: InputAttrs): string {
  const { host, owner, repo } = place("gitlab", input);
  return `https://${host}/api/v4/projects/${owner.replaceAll("/", "%2F")}%2F${repo}/repository`;
}

/** Has what Git's plain HTTP protocol needs: `HEAD` and `info/refs`. */
const sourcehut: Forge = {
  archive: (input, rev) => {
    const { host, owner, repo } = place("sourcehut", input);
    return `https://${host}/${owner}/${repo}/archive/${rev}.tar.gz`;
  },
  revision: (input, ref, download) => {
    const { host, owner, repo } = place("sourcehut", input);
    const base = `https://${host}/${owner}/${repo}`;
    const wanted = ref === "HEAD" ? [headOf(fromBytes(download(`${base}/HEAD`)), base)] : branchOrTag(ref);
    for (const line of fromBytes(download(`${base}/info/refs`)).split("\n")) {
      const [rev, name] = line.trim().split(/\s+/);
      if (name !== undefined && rev !== undefined && wanted.includes(name) && revPattern.test(rev))
        return rev;
    }
    throw new StoreError(`there is no branch or tag '${ref}' at '${base}'`);
  },
};

function branchOrTag(ref: string): string[] {
  return [`refs/heads/${ref}`, `refs/tags/${ref}`];
}

/** `ref: refs/heads/main` */
function headOf(text: string, base: string): string {
  const ref = /^ref:\s*(\S+)/.exec(text)?.[1];
  if (ref === undefined) throw new StoreError(`'${base}/HEAD' does not say which branch it is`);
  return ref;
}

export const forges: Readonly<Record<ForgeName, Forge>> = { github, gitlab, sourcehut };

function readJson(url: string, download: (url: string) => Uint8Array): unknown {
  try {
    return JSON.parse(toText(fromBytes(download(url)))) as unknown;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new StoreError(`what '${url}' gave is not JSON`, { cause });
  }
}

function commitIn(answer: unknown, key: string, url: string): string {
  const rev =
    typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>)[key] : undefined;
  if (typeof rev === "string" && revPattern.test(rev)) return rev;
  throw new StoreError(`what '${url}' gave does not name a commit`);
}
