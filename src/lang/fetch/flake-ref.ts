/** Flake references: an input, and the directory in it that has the `flake.nix` (Nix manual, `nix flake`). */
import { StoreError } from "../../store/errors.ts";
import { type InputAttrs, type InputValue, sameAttrs, stringAttr, withAttrs } from "./attributes.ts";
import { inputFromAttrs, inputFromUrl, inputUrl } from "./input.ts";
import { parseQuery, parseUrl, percentDecode, printUrl, type Url, UrlError, urlPath } from "./url.ts";

export interface FlakeRef {
  readonly input: InputAttrs;
  /** Relative, empty for the root of the tree. */
  readonly subdirectory: string;
}

export interface FlakeRefOptions {
  /** What is referred to has a `flake.nix`, so that a URL of no other kind is that of an archive. Default: true. */
  readonly isFlake?: boolean;
  /** Whether a path may be relative, as in the inputs of a flake. */
  readonly allowRelative?: boolean;
}

const identifierRef =
  /^([a-zA-Z][a-zA-Z0-9_-]*(?:\/(?:[0-9a-fA-F]{40}|[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*(?:\/[0-9a-fA-F]{40})?))?)(?:#((?:[A-Za-z0-9._~!$&'"()*+,;=:@/? ^-]|%[0-9a-fA-F]{2})*))?$/;

/** Parses any of the notations: an identifier of a registry, a URL, a path. Fails with a StoreError. */
export function parseFlakeRef(text: string, options: FlakeRefOptions = {}): FlakeRef {
  const { ref, fragment } = parse(text, options);
  if (fragment !== "") {
    throw new StoreError(`unexpected fragment '${fragment}' in flake reference '${text}'`);
  }
  return ref;
}

interface WithFragment {
  readonly ref: FlakeRef;
  readonly fragment: string;
}

function parse(text: string, options: FlakeRefOptions): WithFragment {
  const [, identifier, fragment = ""] = identifierRef.exec(text) ?? [];
  if (identifier !== undefined) {
    const url: Url = {
      scheme: "flake",
      authority: undefined,
      path: identifier.split("/"),
      query: new Map(),
      fragment: "",
    };
    return { ref: { input: inputFromUrl(url), subdirectory: "" }, fragment: percentDecode(fragment) };
  }
  try {
    return fromUrl(parseUrl(text, true), options);
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    return parsePath(text, options);
  }
}

function parsePath(text: string, options: FlakeRefOptions): WithFragment {
  const [, path = "", query = "", fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  if (!path.startsWith("/") && options.allowRelative !== true) {
    throw new StoreError(`flake reference '${text}' is not an absolute path`);
  }
  const url: Url = {
    scheme: "path",
    authority: undefined,
    path: urlPath(path),
    query: parseQuery(query, true),
    fragment: percentDecode(fragment),
  };
  return fromUrl(url, options);
}

function fromUrl(url: Url, { isFlake = true }: FlakeRefOptions): WithFragment {
  const query = new Map(url.query);
  const subdirectory = query.get("dir") ?? "";
  query.delete("dir");
  const input = inputFromUrl({ ...url, query, fragment: "" }, isFlake);
  return { ref: { input, subdirectory }, fragment: url.fragment };
}

/** From attributes, `dir` among them. */
export function flakeRefFromAttrs(attrs: ReadonlyMap<string, InputValue>): FlakeRef {
  return {
    input: inputFromAttrs(withAttrs(attrs, { dir: undefined })),
    subdirectory: stringAttr(attrs, "dir") ?? "",
  };
}

export function flakeRefAttrs({ input, subdirectory }: FlakeRef): ReadonlyMap<string, InputValue> {
  return subdirectory === "" ? input : withAttrs(input, { dir: subdirectory });
}

/** As a URL. */
export function printFlakeRef({ input, subdirectory }: FlakeRef): string {
  const url = inputUrl(input);
  if (subdirectory === "" || url.query.has("dir")) return printUrl(url);
  return printUrl({ ...url, query: new Map(url.query).set("dir", subdirectory) });
}

/** Whether both are the same, apart from a `dir` that old lock files have in the URL as well. */
export function sameFlakeRef(a: FlakeRef, b: FlakeRef): boolean {
  return sameAttrs(flakeRefAttrs(canonical(a)), flakeRefAttrs(canonical(b)));
}

function canonical(ref: FlakeRef): FlakeRef {
  const text = stringAttr(ref.input, "url");
  if (text === undefined || ref.subdirectory === "") return ref;
  const url = parseUrl(text, true);
  if (url.query.get("dir") !== ref.subdirectory) return ref;
  const query = new Map(url.query);
  query.delete("dir");
  return { ...ref, input: withAttrs(ref.input, { url: printUrl({ ...url, query }) }) };
}
