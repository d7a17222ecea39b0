/** Store paths: their form, and how they are computed (Nix manual, "Store Path" and "Store Path Calculation"). */
import { base32Length, isBase32, toBase32 } from "./base32.ts";
import { StoreError, showByte } from "./errors.ts";
import { compressHash, type Hash, hashOf, printHash, sha256Hex } from "./hash.ts";

/** Where the store is, for all that this thread does. */
export let storeDir = "/nix/store";

/** Before anything is made or read there. Absolute, without a slash at its end. */
export function useStoreDir(directory: string): void {
  storeDir = directory;
}

const digestSize = 20;
const digestLength = base32Length(digestSize);
const maxNameLength = 211;

export const derivationExtension = ".drv";

/** How a content address is computed: of the bytes of a file, of the NAR, or of a text with references. */
export type ContentAddressMethod = "flat" | "nar" | "text";

export interface StorePath {
  /** `/nix/store/<digest>-<name>`. */
  readonly path: string;
  /** 32 characters of base 32. */
  readonly digest: string;
  readonly name: string;
}

/** Fails with Nix's message when the name can't be that of a store path. */
export function checkStorePathName(name: string): void {
  if (name === "") throw new StoreError("name must not be empty");
  if (name.length > maxNameLength) {
    throw new StoreError(`name '${name}' must be no longer than ${maxNameLength} characters`);
  }
  const firstPart = name.split("-", 1)[0];
  if (firstPart === "." || firstPart === "..") {
    throw new StoreError(
      firstPart === name
        ? `name '${name}' is not valid`
        : `name '${name}' is not valid: first dash-separated component must not be '${firstPart}'`,
    );
  }
  const illegal = /[^0-9a-zA-Z+\-._?=]/.exec(name);
  if (illegal) {
    throw new StoreError(`name '${name}' contains illegal character '${showByte(illegal[0])}'`);
  }
}

/** Parses `/nix/store/<digest>-<name>`; fails with a StoreError. */
export function parseStorePath(path: string): StorePath {
  const slash = path.lastIndexOf("/");
  if (path.slice(0, slash) !== storeDir) throw new StoreError(`path '${path}' is not in the Nix store`);
  const baseName = path.slice(slash + 1);
  if (baseName.length < digestLength + 1) {
    throw new StoreError(`'${baseName}' is too short to be a valid store path`);
  }
  const digest = baseName.slice(0, digestLength);
  const name = baseName.slice(digestLength + 1);
  if (baseName[digestLength] !== "-") {
    throw new StoreError(
      `'${baseName}' can't name a store path because the hash part is not followed by a '-'`,
    );
  }
  if (!isBase32(digest)) throw new StoreError(`store path '${baseName}' contains illegal base-32 character`);
  try {
    checkStorePathName(name);
  } catch (cause) {
    const why = (cause as StoreError).message;
    throw new StoreError(`path '${baseName}' is not a valid store path: ${why}`, { cause });
  }
  return { path, digest, name };
}

/** Whether the path is that of a store object itself, and not of something inside one. */
export function isStorePath(path: string): boolean {
  try {
    parseStorePath(path);
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

/** Whether the path is that of a store object or inside of one. */
export function isInStore(path: string): boolean {
  return path.startsWith(`${storeDir}/`) && path.length > storeDir.length + 1;
}

/**
 * Splits the path of something in the store into its store path and the path within the object
 * (empty, or starting with a slash). Fails when it is not in the store.
 */
export function splitStorePath(path: string): { readonly object: StorePath; readonly inside: string } {
  if (!isInStore(path)) throw new StoreError(`path '${path}' is not in the Nix store`);
  const slash = path.indexOf("/", storeDir.length + 1);
  if (slash < 0) return { object: parseStorePath(path), inside: "" };
  return { object: parseStorePath(path.slice(0, slash)), inside: path.slice(slash) };
}

export function isDerivationPath(path: string): boolean {
  return path.endsWith(derivationExtension);
}

/** The general form: `type` such as `source` or `output:out`, `hash` as `sha256:<base16>`. */
function makeStorePath(type: string, hash: string, name: string): string {
  checkStorePathName(name);
  const fingerprint = hashOf("sha256", `${type}:${hash}:${storeDir}:${name}`);
  return `${storeDir}/${toBase32(compressHash(fingerprint.bytes, digestSize))}-${name}`;
}

function typeWithReferences(type: string, references: readonly string[]): string {
  return [type, ...sortedUnique(references)].join(":");
}

/** Path of a text (`builtins.toFile`, `.drv` files) with this SHA-256. */
export function textPath(name: string, sha256: Hash, references: readonly string[]): string {
  return makeStorePath(typeWithReferences("text", references), printHash(sha256, "base16", true), name);
}

/**
 * Path of an object that is addressed by its content. Only SHA-256 hashed NARs and texts may have references.
 */
export function fixedOutputPath(
  name: string,
  method: ContentAddressMethod,
  hash: Hash,
  references: readonly string[] = [],
): string {
  if (method === "text") {
    if (hash.algorithm !== "sha256") {
      throw new StoreError(`text-hashed objects must use sha256, not ${hash.algorithm}`);
    }
    return textPath(name, hash, references);
  }
  if (method === "nar" && hash.algorithm === "sha256") {
    return makeStorePath(typeWithReferences("source", references), printHash(hash, "base16", true), name);
  }
  if (references.length > 0) {
    throw new StoreError(`fixed output derivation '${name}' is not allowed to refer to other store paths`);
  }
  const content = `fixed:out:${methodPrefix(method)}${printHash(hash, "base16", true)}:`;
  return makeStorePath("output:out", `sha256:${sha256Hex(content)}`, name);
}

/** Path of an input-addressed output; `hash` is the derivation's, in base 16. */
export function outputPath(derivationName: string, output: string, hash: string): string {
  return makeStorePath(`output:${output}`, `sha256:${hash}`, outputPathName(derivationName, output));
}

/** The name part of an output's store path. */
function outputPathName(derivationName: string, output: string): string {
  return output === "out" ? derivationName : `${derivationName}-${output}`;
}

/** What stands before the algorithm in a derivation's output: `r:sha256`. */
export function methodPrefix(method: ContentAddressMethod): string {
  switch (method) {
    case "flat":
      return "";
    case "nar":
      return "r:";
    case "text":
      return "text:";
  }
}

/** What stands for a derivation's own output in its environment until it is built (`builtins.placeholder`). */
export function outputPlaceholder(output: string): string {
  return `/${toBase32(hashOf("sha256", `nix-output:${output}`).bytes)}`;
}

/** What stands for an output, whose path is not known before it is built, in the derivations that use it. */
export function downstreamPlaceholder(derivationPath: string, output: string): string {
  const { digest, name } = parseStorePath(derivationPath);
  const outputName = outputPathName(name.slice(0, -derivationExtension.length), output);
  return `/${toBase32(hashOf("sha256", `nix-upstream-output:${digest}:${outputName}`).bytes)}`;
}

/** Sorted by bytes, without duplicates: the order of all sets in store formats. */
export function sortedUnique(texts: Iterable<string>): string[] {
  return sortedBytes(new Set(texts));
}

/** Sorted by bytes: by UTF-16 unit, as `sort` does it by itself. */
export function sortedBytes(texts: Iterable<string>): string[] {
  const list = [...texts];
  return isSorted(list) ? list : list.sort();
}

/** Most are: what comes from attribute sets is in that order. */
function isSorted(list: readonly string[]): boolean {
  for (let i = 1; i < list.length; i++) if (list[i - 1]! > list[i]!) return false;
  return true;
}

/** Byte strings compare like their bytes when compared by UTF-16 unit. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
