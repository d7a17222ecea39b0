/**
 * URLs as Nix reads and prints them (RFC 3986, with the liberties that flake references take). All text is byte
 * strings, so that an escape stands for exactly one character.
 */
import { StoreError } from "../../store/errors.ts";

/** Not a URL, or one that its scheme has no use for: where a flake reference is expected, it may still be a path. */
export class UrlError extends StoreError {}

interface Authority {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Without the brackets that stand around an IPv6 address. */
  readonly host: string;
  readonly isIpLiteral: boolean;
  readonly port: number | undefined;
}

export interface Url {
  readonly scheme: string;
  /** What stands after `//`; undefined when there is no `//`. */
  readonly authority: Authority | undefined;
  /** Decoded segments; the first one is empty when the path begins with a slash. */
  readonly path: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  readonly fragment: string;
}

const noAuthority: Authority = {
  user: undefined,
  password: undefined,
  host: "",
  isIpLiteral: false,
  port: undefined,
};

const parts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const character = "[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9a-fA-F]{2}";
const pathText = new RegExp(`^(?:${character}|[:@/])*$`);
const queryText = new RegExp(`^(?:${character}|[:@/?\\[\\]])*$`);
const fragmentText = new RegExp(`^(?:${character}|[:@/?])*$`);
const authorityText = new RegExp(
  `^(?:((?:${character})*)(?::((?:${character}|:)*))?@)?((?:${character})*|\\[[0-9a-fA-F:.%]+\\])(?::([0-9]*))?$`,
);

/** Parses an absolute URL. `lenient` allows what people write into flake references: blanks and quotes. */
export function parseUrl(text: string, lenient = false): Url {
  const match = parts.exec(text);
  if (match === null) throw new UrlError(`'${text}' is not a valid URL`);
  const [, scheme, authority, path = "", rawQuery = "", rawFragment = ""] = match;
  const query = lenient ? rawQuery.replaceAll(/[ "]/g, escapeByte) : rawQuery;
  const fragment = lenient ? rawFragment.replaceAll(/[ "^]/g, escapeByte) : rawFragment;
  const isUrl =
    pathText.test(path) && queryText.test(query) && fragmentText.test(fragment) && (scheme ?? "x") !== "";
  if (!isUrl) throw new UrlError(`'${text}' is not a valid URL`);
  if (scheme === undefined) throw new UrlError(`'${text}' doesn't have a scheme`);
  const parsed = authority === undefined ? undefined : parseAuthority(authority, text);
  const isFile = transportOf(scheme) === "file";
  if (isFile && parsed !== undefined && parsed.host !== "") {
    throw new UrlError(`file:// URL '${text}' has unexpected authority '${authority}'`);
  }
  return {
    scheme,
    authority: parsed,
    path: (isFile && path === "" ? "/" : path).split("/").map(percentDecode),
    query: parseQuery(query),
    fragment: percentDecode(fragment),
  };
}

function parseAuthority(authority: string, url: string): Authority {
  const match = authorityText.exec(authority);
  if (match === null) throw new UrlError(`'${url}' is not a valid URL: invalid authority '${authority}'`);
  const [, user, password, host = "", portText = ""] = match;
  const port = portText === "" ? undefined : Number.parseInt(portText, 10);
  if (port !== undefined && port > 65535) throw new UrlError(`port '${portText}' is invalid`);
  const isIpLiteral = host.startsWith("[");
  return {
    user: user === undefined ? undefined : percentDecode(user),
    password: password === undefined ? undefined : percentDecode(password),
    host: percentDecode(isIpLiteral ? host.slice(1, -1) : host),
    isIpLiteral,
    port,
  };
}

/** `a=1&b=2`; what has no equal sign is ignored, and the first of two of one name counts. */
export function parseQuery(text: string, lenient = false): Map<string, string> {
  const query = new Map<string, string>();
  for (const parameter of (lenient ? text.replaceAll(/[ "]/g, escapeByte) : text).split("&")) {
    const equals = parameter.indexOf("=");
    if (equals < 0) continue;
    const name = percentDecode(parameter.slice(0, equals));
    if (!query.has(name)) query.set(name, percentDecode(parameter.slice(equals + 1)));
  }
  return query;
}

export function printUrl({ scheme, authority, path, query, fragment }: Url): string {
  const parameters = [...query]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name, ":@/?")}=${percentEncode(value, ":@/?")}`);
  return [
    `${scheme}:`,
    authority === undefined ? "" : `//${printAuthority(authority)}`,
    path.map((segment) => percentEncode(segment, ":@")).join("/"),
    parameters.length === 0 ? "" : `?${parameters.join("&")}`,
    fragment === "" ? "" : `#${percentEncode(fragment)}`,
  ].join("");
}

function printAuthority({ user, password, host, isIpLiteral, port }: Authority): string {
  const credentials =
    user === undefined
      ? ""
      : `${percentEncode(user)}${password === undefined ? "" : `:${percentEncode(password)}`}@`;
  const shown = isIpLiteral ? `[${percentEncode(host, ":")}]` : percentEncode(host);
  return `${credentials}${shown}${port === undefined ? "" : `:${port}`}`;
}

/** `tarball` of `tarball+https`; undefined where there is no plus sign. */
export function applicationOf(scheme: string): string | undefined {
  const plus = scheme.indexOf("+");
  return plus < 0 ? undefined : scheme.slice(0, plus);
}

/** `https` of `tarball+https` and of `https`. */
export function transportOf(scheme: string): string {
  return scheme.slice(scheme.indexOf("+") + 1);
}

/** The segments of a path of the file system. */
export function urlPath(path: string): string[] {
  return path.split("/").filter((segment, index, all) => {
    return segment !== "" || index === 0 || index === all.length - 1;
  });
}

/** The path of the file system that segments mean; fails on what no file can be called. */
export function filePath(segments: readonly string[]): string {
  for (const segment of segments) {
    if (segment.includes("/")) {
      throw new UrlError(`URL path component '${segment}' contains '/', which is not allowed in file names`);
    }
    if (segment.includes("\0")) {
      throw new UrlError(`URL path component '${segment}' contains NUL byte which is not allowed`);
    }
  }
  return segments.join("/");
}

/** The URL of a path of this machine. */
function fileUrl(path: string): Url {
  return { scheme: "file", authority: noAuthority, path: urlPath(path), query: new Map(), fragment: "" };
}

export function percentDecode(text: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new UrlError(`invalid URI parameter '${text}'`);
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Escapes everything that isn't unreserved (RFC 3986) or in `keep`. */
export function percentEncode(text: string, keep = ""): string {
  return text.replaceAll(/[^A-Za-z0-9._~-]/g, (each) => (keep.includes(each) ? each : escapeByte(each)));
}

function escapeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

const gitSchemes = new Set(["ssh", "http", "https", "file", "ftp", "ftps", "git"]);

/**
 * The URL of a Git repository from any of the forms that Git takes: a URL, an absolute path, or `host:path` as of
 * scp. Of the latter, a path that is not absolute becomes so, since a URL has no other.
 */
export function gitUrl(text: string): Url {
  if (text.startsWith("/")) return fileUrl(text);
  const scp = scpUrl(text);
  if (scp !== undefined) return scp;
  const url = parseUrl(text);
  return applicationOf(url.scheme) === "git" ? { ...url, scheme: transportOf(url.scheme) } : url;
}

function scpUrl(text: string): Url | undefined {
  const match = /^(?:([^/:@]*)@)?(\[[0-9a-fA-F:.]+\]|[^/:@]*):(.*)$/s.exec(text);
  if (match === null || text.includes("://")) return undefined;
  const [, user, host = "", path = ""] = match;
  if (user === undefined && gitSchemes.has(host.replace(/^git\+/, ""))) return undefined;
  if (path === "") throw new UrlError(`SCP-style Git URL '${text}' has an empty path`);
  const isIpLiteral = host.startsWith("[");
  return {
    scheme: "ssh",
    authority: {
      ...noAuthority,
      user,
      host: isIpLiteral ? host.slice(1, -1) : host,
      isIpLiteral,
    },
    path: (path.startsWith("/") ? path : `/${path}`).split("/"),
    query: new Map(),
    fragment: "",
  };
}
