/**
 * Inputs: what a tree can be fetched from, as `builtins.fetchTree` takes it and lock files hold it (Nix manual,
 * `nix flake`, "Flake references"). An input is plain data; how each type of it is read and printed stands in schemes.ts.
 */
import { StoreError } from "../../store/errors.ts";
import { fixedOutputPath } from "../../store/store-path.ts";
import {
  type InputAttrs,
  inputJson,
  integerAttr,
  narHashOf,
  requiredString,
  stringAttr,
  typeOf,
} from "./attributes.ts";
import { schemeNamed, schemes } from "./schemes.ts";
import { applicationOf, parseUrl, printUrl, transportOf, type Url } from "./url.ts";

/** Checks what is the same for all types, and what the type allows. Fails with a StoreError. */
export function inputFromAttrs(attrs: InputAttrs): InputAttrs {
  const type = stringAttr(attrs, "type");
  if (type === undefined) {
    throw new StoreError("'type' attribute to specify input scheme is required but not provided");
  }
  const scheme = schemeNamed(type);
  if (scheme === undefined) throw new StoreError(`input type '${type}' is not supported`);
  for (const name of attrs.keys()) {
    if (name !== "type" && !scheme.attributes.includes(name)) {
      throw new StoreError(`input attribute '${name}' not supported by scheme '${type}'`);
    }
  }
  const input = scheme.check(attrs);
  stringAttr(input, "ref");
  integerAttr(input, "revCount");
  integerAttr(input, "lastModified");
  return input;
}

/**
 * The input that a URL means. `requireTree`: a URL that says nothing about it is that of an archive, rather than
 * of a file. Fails with a StoreError, a UrlError where the URL may be something else after all.
 */
export function inputFromUrl(url: Url, requireTree = true): InputAttrs {
  for (const scheme of schemes) {
    const attrs = scheme.fromUrl(url, requireTree);
    if (attrs !== undefined) return inputFromAttrs(attrs);
  }
  const shown = printUrl(url);
  const isMixedUp = applicationOf(url.scheme) === "file" && transportOf(url.scheme) === "git";
  const hint = isMixedUp ? "; did you mean 'git+file' instead of 'file+git'?" : "";
  throw new StoreError(`input '${shown}' is unsupported${hint}`);
}

/** As {@link inputFromUrl}, of text. */
export function inputFromUrlText(text: string): InputAttrs {
  return inputFromUrl(parseUrl(text));
}

export function inputUrl(input: InputAttrs): Url {
  const type = typeOf(input);
  const scheme = schemeNamed(type);
  if (scheme === undefined) throw new StoreError(`cannot show unsupported input '${inputJson(input)}'`);
  return scheme.toUrl(input);
}

/** As messages show an input. */
export function showInput(input: InputAttrs): string {
  return printUrl(inputUrl(input));
}

/** Whether it can only ever give one tree. */
export function isLocked(input: InputAttrs): boolean {
  return schemeNamed(typeOf(input))?.isLocked(input) ?? false;
}

/** The path of a `path` input that is relative to the flake which has the input. */
export function relativePath(input: InputAttrs): string | undefined {
  if (typeOf(input) !== "path") return undefined;
  const path = requiredString(input, "path");
  return path.startsWith("/") ? undefined : path;
}

/** The name part of the store path. */
export function nameOf(input: InputAttrs): string {
  return stringAttr(input, "name") ?? "source";
}

/** Where a tree with the input's NAR hash is in the store; undefined when it has none. */
export function lockedPath(input: InputAttrs): string | undefined {
  const hash = narHashOf(input);
  return hash && fixedOutputPath(nameOf(input), "nar", hash);
}
