/** Hashes and their four notations: base 16, Nix's base 32, base 64 and SRI (`sha256-<base64>`). */
import { createHash, hash as hashAtOnce } from "node:crypto";
import { base32Length, fromBase32, toBase32 } from "./base32.ts";
import { StoreError } from "./errors.ts";

export type HashAlgorithm = "md5" | "sha1" | "sha256" | "sha512";

/** Bytes of a digest. */
const digestSizes: Readonly<Record<HashAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha512: 64,
};

export type HashFormat = "base16" | "nix32" | "base64" | "sri";

export interface Hash {
  readonly algorithm: HashAlgorithm;
  readonly bytes: Uint8Array;
}

/** The algorithm of that name, or undefined. */
export function hashAlgorithmNamed(name: string): HashAlgorithm | undefined {
  return Object.hasOwn(digestSizes, name) ? (name as HashAlgorithm) : undefined;
}

/** The algorithm of that name; a StoreError when there is none. */
export function parseHashAlgorithm(name: string): HashAlgorithm {
  const algorithm = hashAlgorithmNamed(name);
  if (algorithm === undefined) {
    if (name === "blake3") {
      throw new StoreError(
        "hash algorithm 'blake3', of Nix's experimental feature 'blake3-hashes', is not supported",
      );
    }
    throw new StoreError(
      `unknown hash algorithm '${name}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'`,
    );
  }
  return algorithm;
}

/** A text whose bytes are the same in UTF-8, which Node hashes at once in a fifth of the time. */
function isShortAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is meant
  return text.length < 1000 && /^[\x00-\x7f]*$/.test(text);
}

/** The hash of bytes, or of a byte string. */
export function hashOf(algorithm: HashAlgorithm, data: Uint8Array | string): Hash {
  if (typeof data === "string" && isShortAscii(data)) {
    return { algorithm, bytes: hashAtOnce(algorithm, data, "buffer") };
  }
  const hash = createHash(algorithm);
  const bytes = (typeof data === "string" ? hash.update(data, "latin1") : hash.update(data)).digest();
  return { algorithm, bytes };
}

/** The hash of bytes that come in chunks. */
export function hashOfChunks(algorithm: HashAlgorithm, chunks: Iterable<Uint8Array>): Hash {
  const hash = createHash(algorithm);
  for (const chunk of chunks) hash.update(chunk);
  return { algorithm, bytes: hash.digest() };
}

/** The SHA-256 of a byte string in base 16. */
export function sha256Hex(text: string): string {
  if (isShortAscii(text)) return hashAtOnce("sha256", text, "hex");
  return createHash("sha256").update(text, "latin1").digest("hex");
}

/** As Nix prints a hash. The algorithm is always part of SRI; before the others it stands as `sha256:` when asked for. */
export function printHash(hash: Hash, format: HashFormat, withAlgorithm: boolean): string {
  if (format === "sri") return `${hash.algorithm}-${base64(hash.bytes)}`;
  return (withAlgorithm ? `${hash.algorithm}:` : "") + printDigest(hash.bytes, format);
}

function printDigest(bytes: Uint8Array, format: Exclude<HashFormat, "sri">): string {
  switch (format) {
    case "base16":
      return asBuffer(bytes).toString("hex");
    case "nix32":
      return toBase32(bytes);
    case "base64":
      return base64(bytes);
  }
}

/**
 * Parses `sha256:<digest>`, `sha256-<base64>` (SRI) or, when the algorithm is known, a digest alone; its length
 * tells base 16, base 32 and base 64 apart. Fails with a StoreError.
 */
export function parseHash(text: string, algorithm?: HashAlgorithm): Hash {
  const colon = text.indexOf(":");
  const separator = colon >= 0 ? colon : text.indexOf("-");
  const stated = separator < 0 ? undefined : parseHashAlgorithm(text.slice(0, separator));
  const digest = text.slice(separator + 1);
  const wanted = stated ?? algorithm;
  if (wanted === undefined) {
    throw new StoreError(
      `hash '${text}' does not include a type, nor is the type otherwise known from context`,
    );
  }
  if (algorithm !== undefined && wanted !== algorithm) {
    throw new StoreError(`hash '${text}' should have type '${algorithm}'`);
  }
  const isSri = colon < 0 && separator >= 0;
  return {
    algorithm: wanted,
    bytes: isSri ? parseBase64(digest, wanted, "SRI") : parseDigest(digest, wanted),
  };
}

/** Parses a digest that has no algorithm in front. */
export function parseDigest(digest: string, algorithm: HashAlgorithm): Uint8Array {
  const size = digestSizes[algorithm];
  switch (digest.length) {
    case size * 2:
      if (!/^[0-9a-fA-F]*$/.test(digest)) throw new StoreError(`invalid base16 hash '${digest}'`);
      return new Uint8Array(Buffer.from(digest, "hex"));
    case base32Length(size):
      try {
        return fromBase32(digest);
      } catch (cause) {
        throw new StoreError(`invalid nix32 hash '${digest}'`, { cause });
      }
    case base64Length(size):
      return parseBase64(digest, algorithm, "Base64");
    default:
      throw new StoreError(`hash '${digest}' has wrong length for hash algorithm '${algorithm}'`);
  }
}

/**
 * As {@link parseHash}, but the empty text means the hash of all zeroes (what people write to learn the right one
 * from the failure); `onWarning` gets Nix's words about that.
 */
export function parseHashAllowEmpty(
  text: string,
  algorithm: HashAlgorithm | undefined,
  onWarning: (message: string) => void,
): Hash {
  if (text !== "") return parseHash(text, algorithm);
  if (algorithm === undefined) throw new StoreError("empty hash requires explicit hash algorithm");
  const hash = { algorithm, bytes: new Uint8Array(digestSizes[algorithm]) };
  onWarning(`found empty hash, assuming '${printHash(hash, "sri", true)}'`);
  return hash;
}

export function equalHashes(a: Hash, b: Hash): boolean {
  return a.algorithm === b.algorithm && asBuffer(a.bytes).equals(b.bytes);
}

/** Folds a digest to `size` bytes by exclusive or. */
export function compressHash(bytes: Uint8Array, size: number): Uint8Array {
  const folded = new Uint8Array(size);
  for (let i = 0; i < bytes.length; i++) folded[i % size]! ^= bytes[i]!;
  return folded;
}

function parseBase64(digest: string, algorithm: HashAlgorithm, notation: string): Uint8Array {
  const size = digestSizes[algorithm];
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(digest)) throw new StoreError(`invalid ${notation} hash '${digest}'`);
  const bytes = new Uint8Array(Buffer.from(digest, "base64"));
  if (bytes.length !== size) {
    throw new StoreError(
      `invalid ${notation} hash '${digest}', length ${bytes.length} != expected length ${size}`,
    );
  }
  return bytes;
}

function base64Length(byteCount: number): number {
  return Math.ceil(byteCount / 3) * 4;
}

function base64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("base64");
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
