/** The types of inputs: how each is written as a URL, what attributes it has, when it is locked. */
import { StoreError } from "../../store/errors.ts";
import {
  flagAttr,
  type InputAttrs,
  type InputValue,
  inputJson,
  narHashOf,
  requiredString,
  revOf,
  stringAttr,
} from "./attributes.ts";
import { isLegalRefName, refPattern, revPattern } from "./names.ts";
import {
  applicationOf,
  filePath,
  gitUrl,
  parseUrl,
  printUrl,
  transportOf,
  type Url,
  UrlError,
  urlPath,
} from "./url.ts";

export interface Scheme {
  /** As in the attribute `type`. */
  readonly name: string;
  /** All others are refused. */
  readonly attributes: readonly string[];
  /** Undefined when the URL is that of another type. */
  readonly fromUrl: (url: Url, requireTree: boolean) => InputAttrs | undefined;
  /** The attributes, in normal form. */
  readonly check: (attrs: InputAttrs) => InputAttrs;
  readonly toUrl: (input: InputAttrs) => Url;
  readonly isLocked: (input: InputAttrs) => boolean;
}

const hasNarHash = (input: InputAttrs) => narHashOf(input) !== undefined;

const path: Scheme = {
  name: "path",
  attributes: ["path", "rev", "revCount", "lastModified", "narHash"],
  fromUrl: (url) => {
    if (url.scheme !== "path") return undefined;
    if (url.authority !== undefined && url.authority.host !== "") {
      throw new StoreError(
        `path URL '${printUrl(url)}' should not have an authority ('${url.authority.host}')`,
      );
    }
    const attrs = new Map<string, InputValue>([
      ["type", "path"],
      ["path", filePath(url.path)],
    ]);
    for (const [name, value] of url.query) {
      if (name === "rev" || name === "narHash") attrs.set(name, value);
      else if (name !== "revCount" && name !== "lastModified") {
        throw new StoreError(`path URL '${printUrl(url)}' has unsupported parameter '${name}'`);
      } else if (isNumber(value)) attrs.set(name, BigInt(value));
      else throw new StoreError(`path URL '${printUrl(url)}' has invalid parameter '${name}'`);
    }
    return attrs;
  },
  check: (attrs) => {
    requiredString(attrs, "path");
    return attrs;
  },
  toUrl: (input) => {
    const query = new Map<string, string>();
    for (const [name, value] of input) {
      if (name !== "type" && name !== "path") {
        query.set(name, typeof value === "boolean" ? (value ? "1" : "0") : String(value));
      }
    }
    return { ...emptyUrl("path"), path: urlPath(requiredString(input, "path")), query };
  },
  isLocked: hasNarHash,
};

const gitTexts = ["rev", "ref"];
const gitFlags = ["shallow", "submodules", "lfs", "exportIgnore", "allRefs"];
const nullRevision = "0".repeat(40);

const git: Scheme = {
  name: "git",
  attributes: [
    "url",
    "name",
    ...gitTexts,
    ...gitFlags,
    "lastModified",
    "revCount",
    "narHash",
    "dirtyRev",
    "dirtyShortRev",
  ],
  fromUrl: (url) => {
    if (url.scheme !== "git" && applicationOf(url.scheme) !== "git") return undefined;
    const attrs = new Map<string, InputValue>([["type", "git"]]);
    const query = new Map<string, string>();
    for (const [name, value] of url.query) {
      if (gitTexts.includes(name)) attrs.set(name, value);
      else if (gitFlags.includes(name)) attrs.set(name, value === "1");
      else query.set(name, value);
    }
    return attrs.set("url", printUrl({ ...url, query }));
  },
  check: (attrs) => {
    const ref = stringAttr(attrs, "ref");
    if (ref !== undefined && !isLegalRefName(ref)) {
      throw new UrlError(`invalid Git branch/tag name '${ref}'`);
    }
    for (const flag of gitFlags) flagAttr(attrs, flag);
    return new Map(attrs).set("url", printUrl(gitUrl(requiredString(attrs, "url"))));
  },
  toUrl: (input) => {
    const url = parseUrl(requiredString(input, "url"));
    const query = new Map(url.query);
    const rev = revOf(input);
    const ref = stringAttr(input, "ref");
    if (rev !== undefined) query.set("rev", rev);
    if (ref !== undefined) query.set("ref", ref);
    for (const flag of gitFlags) if (flag !== "allRefs" && flagAttr(input, flag)) query.set(flag, "1");
    return { ...url, scheme: url.scheme === "git" ? "git" : `git+${url.scheme}`, query };
  },
  isLocked: (input) => (revOf(input) ?? nullRevision) !== nullRevision,
};

const mercurial: Scheme = {
  name: "hg",
  attributes: ["url", "ref", "rev", "revCount", "narHash", "name"],
  fromUrl: (url) => {
    if (!/^hg\+(?:https?|ssh|file)$/.test(url.scheme)) return undefined;
    const attrs = new Map<string, InputValue>([["type", "hg"]]);
    const query = new Map<string, string>();
    for (const [name, value] of url.query) (gitTexts.includes(name) ? attrs : query).set(name, value);
    return attrs.set("url", printUrl({ ...url, scheme: transportOf(url.scheme), query }));
  },
  check: (attrs) => {
    parseUrl(requiredString(attrs, "url"));
    const ref = stringAttr(attrs, "ref");
    if (ref !== undefined && !refPattern.test(ref)) {
      throw new UrlError(`invalid Mercurial branch/tag name '${ref}'`);
    }
    return attrs;
  },
  toUrl: (input) => {
    const url = parseUrl(requiredString(input, "url"));
    const query = new Map(url.query);
    const rev = revOf(input);
    const ref = stringAttr(input, "ref");
    if (rev !== undefined) query.set("rev", rev);
    if (ref !== undefined) query.set("ref", ref);
    return { ...url, scheme: `hg+${url.scheme}`, query };
  },
  isLocked: (input) => revOf(input) !== undefined,
};

const archiveExtension = /\.(?:zip|tar|tgz|tar\.(?:gz|xz|bz2|zst))$/;

/** Something that is downloaded from one URL. */
function download(name: "file" | "tarball"): Scheme {
  const attributes = ["url", "narHash", "name", "unpack", "rev", "revCount", "lastModified"];
  return {
    name,
    attributes,
    fromUrl: (url, requireTree) => {
      if (!["file", "http", "https"].includes(transportOf(url.scheme))) return undefined;
      const isArchive = requireTree || archiveExtension.test(url.path.at(-1) ?? "");
      if ((applicationOf(url.scheme) ?? (isArchive ? "tarball" : "file")) !== name) return undefined;
      const attrs = new Map<string, InputValue>([["type", name]]);
      // Parameters of these names are Nix's, all others the server's.
      const query = new Map<string, string>();
      for (const [key, value] of url.query) {
        if (key === "narHash" || key === "rev") attrs.set(key, value);
        else if (key !== "revCount" && key !== "lastModified") {
          if (!attributes.includes(key)) query.set(key, value);
        } else if (isNumber(value)) attrs.set(key, BigInt(value));
      }
      return attrs.set("url", printUrl({ ...url, scheme: transportOf(url.scheme), query }));
    },
    check: (attrs) => {
      requiredString(attrs, "url");
      return attrs;
    },
    toUrl: (input) => {
      const url = parseUrl(requiredString(input, "url"));
      const narHash = stringAttr(input, "narHash");
      return narHash === undefined ? url : { ...url, query: new Map(url.query).set("narHash", narHash) };
    },
    isLocked: hasNarHash,
  };
}

/** A repository of one of the forges that serve an archive of every revision. */
function forge(name: "github" | "gitlab" | "sourcehut"): Scheme {
  return {
    name,
    attributes: ["owner", "repo", "ref", "rev", "narHash", "lastModified", "host", "treeHash"],
    fromUrl: (url) => {
      if (url.scheme !== name) return undefined;
      const [owner, repo, ...rest] = url.path.filter((segment) => segment !== "");
      const attrs = new Map<string, InputValue>([["type", name]]);
      if (owner === undefined || repo === undefined) throw new UrlError(`URL '${printUrl(url)}' is invalid`);
      const which = rest.join("/");
      if (which !== "") attrs.set(rest.length === 1 && revPattern.test(which) ? "rev" : "ref", which);
      for (const [key, value] of url.query) {
        if ((key === "rev" || key === "ref") && attrs.has(key)) {
          const what = key === "rev" ? "commit hashes" : "branch/tag names";
          throw new UrlError(`URL '${printUrl(url)}' contains multiple ${what}`);
        }
        if (["rev", "ref", "host", "narHash"].includes(key)) attrs.set(key, value);
      }
      return attrs.set("owner", owner).set("repo", repo);
    },
    check: (attrs) => {
      requiredString(attrs, "owner");
      requiredString(attrs, "repo");
      const ref = stringAttr(attrs, "ref");
      const rev = revOf(attrs);
      if (ref !== undefined && rev !== undefined) {
        const both = `both a commit hash ('${rev}') and a branch/tag name ('${ref}')`;
        throw new UrlError(`input ${inputJson(attrs)} contains ${both}`);
      }
      if (ref !== undefined && !isLegalRefName(ref)) {
        throw new UrlError(`input ${inputJson(attrs)} contains an invalid branch/tag name`);
      }
      if (!/^[a-zA-Z0-9.-]*$/.test(stringAttr(attrs, "host") ?? "")) {
        throw new UrlError(`input ${inputJson(attrs)} contains an invalid instance host`);
      }
      return attrs;
    },
    toUrl: (input) => {
      const which = revOf(input) ?? stringAttr(input, "ref");
      const segments = [requiredString(input, "owner"), requiredString(input, "repo")];
      const query = new Map<string, string>();
      for (const key of ["narHash", "host"]) {
        const value = stringAttr(input, key);
        if (value !== undefined) query.set(key, value);
      }
      return { ...emptyUrl(name), path: which === undefined ? segments : [...segments, which], query };
    },
    // The archive of a revision may come to be packed otherwise, so the revision alone does not say what it holds.
    isLocked: (input) => revOf(input) !== undefined && hasNarHash(input),
  };
}

const identifier = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

const indirect: Scheme = {
  name: "indirect",
  attributes: ["id", "ref", "rev", "narHash"],
  fromUrl: (url) => {
    if (url.scheme !== "flake") return undefined;
    const shown = printUrl(url);
    const [id = "", ...rest] = url.path.filter((segment) => segment !== "");
    if (rest.length > 2 || id === "") throw new StoreError(`flake URL '${shown}' is invalid`);
    const rev = revPattern.test(rest.at(-1) ?? "") ? rest.pop() : undefined;
    const ref = rest.shift();
    if (rest.length > 0) throw new StoreError(`in flake URL '${shown}', '${rest[0]}' is not a commit hash`);
    if (ref !== undefined && !isLegalRefName(ref)) {
      throw new StoreError(`in flake URL '${shown}', '${ref}' is not a commit hash or branch/tag name`);
    }
    const attrs = new Map<string, InputValue>([
      ["type", "indirect"],
      ["id", id],
    ]);
    if (rev !== undefined) attrs.set("rev", rev);
    if (ref !== undefined) attrs.set("ref", ref);
    return attrs;
  },
  check: (attrs) => {
    const id = requiredString(attrs, "id");
    if (!identifier.test(id)) throw new UrlError(`'${id}' is not a valid flake ID`);
    return attrs;
  },
  toUrl: (input) => {
    const segments = [requiredString(input, "id"), stringAttr(input, "ref"), revOf(input)];
    return { ...emptyUrl("flake"), path: segments.filter((segment) => segment !== undefined) };
  },
  isLocked: () => false,
};

/** In the order in which a URL is tried. */
export const schemes: readonly Scheme[] = [
  download("file"),
  git,
  forge("github"),
  forge("gitlab"),
  mercurial,
  indirect,
  path,
  forge("sourcehut"),
  download("tarball"),
];

export function schemeNamed(name: string): Scheme | undefined {
  return schemes.find((scheme) => scheme.name === name);
}

function emptyUrl(scheme: string): Url {
  return { scheme, authority: undefined, path: [], query: new Map(), fragment: "" };
}

function isNumber(text: string): boolean {
  return /^[0-9]{1,19}$/.test(text);
}
