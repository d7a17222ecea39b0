/** Submodules of Git repositories (gitmodules(5)). */
import { StoreError } from "../../store/errors.ts";
import type { GitEntry } from "./git-export.ts";
import type { Git } from "./git-program.ts";
import { gitUrl, printUrl } from "./url.ts";

export interface Submodule {
  /** Relative to the root of the tree. */
  readonly path: string;
  readonly url: string;
  readonly rev: string;
  /** `.` means that of the repository itself. */
  readonly branch: string | undefined;
}

/** Those of a commit. `origin` is what relative URLs start from. */
export function submodulesIn(
  { git, rev, origin }: { readonly git: Git; readonly rev: string; readonly origin: string },
  entries: readonly GitEntry[],
): Submodule[] {
  const links = new Map(
    entries.filter(({ kind }) => kind === "submodule").map(({ path, object }) => [path, object]),
  );
  if (links.size === 0 || !entries.some(({ path }) => path === ".gitmodules")) return [];
  const settings = readSettings(git, ["--blob", `${rev}:.gitmodules`]);
  const found: Submodule[] = [];
  for (const { path, url, branch } of settings.values()) {
    const commit = path === undefined ? undefined : links.get(path);
    if (path === undefined || commit === undefined) continue;
    if (url === undefined) throw new StoreError(`Git submodule '${path}' has no URL`);
    found.push({ path, url: resolveUrl(origin, url), rev: commit, branch });
  }
  return found;
}

export interface SubmoduleSettings {
  readonly path?: string;
  readonly url?: string;
  readonly branch?: string;
}

/** What a `.gitmodules` says, by the names of the submodules; `source` says where it is, as options of git-config. */
export function readSettings(git: Git, source: readonly string[]): Map<string, SubmoduleSettings> {
  const settings = new Map<string, SubmoduleSettings>();
  for (const item of git.run(["config", ...source, "-z", "--list"]).split("\0")) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url|branch)\n(.*)$/s.exec(item) ?? [];
    if (name !== undefined && key !== undefined) settings.set(name, { ...settings.get(name), [key]: value });
  }
  return settings;
}

/** The URL of a submodule; one that begins with `./` or `../` is relative to that of the repository. */
function resolveUrl(origin: string, url: string): string {
  if (!/^\.\.?\//.test(url)) return printUrl(gitUrl(url));
  let base = origin.replace(/\/+$/, "");
  let rest = url;
  for (;;) {
    if (rest.startsWith("./")) rest = rest.slice(2);
    else if (rest.startsWith("../")) {
      rest = rest.slice(3);
      const end = Math.max(base.lastIndexOf("/"), base.lastIndexOf(":"));
      if (end < 0) throw new StoreError(`Git submodule URL '${url}' leads out of '${origin}'`);
      // A colon, as in `host:path`, stays.
      base = base[end] === ":" ? base.slice(0, end + 1) : base.slice(0, end);
    } else break;
  }
  return printUrl(gitUrl(base.endsWith(":") ? base + rest : `${base}/${rest}`));
}
