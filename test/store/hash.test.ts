import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../../src/store/errors.ts";
import {
  compressHash,
  equalHashes,
  type HashAlgorithm,
  type HashFormat,
  hashOf,
  hashOfChunks,
  parseHash,
  parseHashAllowEmpty,
  printHash,
} from "../../src/store/hash.ts";

const algorithms: HashAlgorithm[] = ["md5", "sha1", "sha256", "sha512"];
const formats: HashFormat[] = ["base16", "nix32", "base64", "sri"];

test("prints the hash of the empty text in all notations", () => {
  const hash = hashOf("sha256", "");
  expect(formats.map((format) => printHash(hash, format, false))).toEqual([
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  ]);
  expect(printHash(hashOf("md5", ""), "base16", true)).toBe("md5:d41d8cd98f00b204e9800998ecf8427e");
});

test("every notation of every hash is read back", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...algorithms),
      fc.constantFrom(...formats),
      fc.string(),
      (algorithm, format, text) => {
        const hash = hashOf(algorithm, Buffer.from(text));
        expect(equalHashes(parseHash(printHash(hash, format, true)), hash)).toBe(true);
        expect(equalHashes(parseHash(printHash(hash, format, false), algorithm), hash)).toBe(true);
      },
    ),
  );
});

test("a byte string and its bytes have one hash, in chunks too", () => {
  const bytes = Buffer.from([0, 255, 200, 10]);
  const hash = hashOf("sha256", bytes);
  expect(equalHashes(hash, hashOf("sha256", "\x00\xff\xc8\n"))).toBe(true);
  expect(equalHashes(hash, hashOfChunks("sha256", [bytes.subarray(0, 1), bytes.subarray(1)]))).toBe(true);
});

test.each([
  ["abc", undefined, "hash 'abc' does not include a type, nor is the type otherwise known from context"],
  ["abc", "sha256", "hash 'abc' has wrong length for hash algorithm 'sha256'"],
  ["sha1:abc", "sha256", "hash 'sha1:abc' should have type 'sha256'"],
  [
    "sha3:abc",
    undefined,
    "unknown hash algorithm 'sha3', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'",
  ],
  ["sha256-AAAA", undefined, "invalid SRI hash 'AAAA', length 3 != expected length 32"],
  [`sha256:${"g".repeat(64)}`, undefined, `invalid base16 hash '${"g".repeat(64)}'`],
  [`sha256:${"e".repeat(52)}`, undefined, `invalid nix32 hash '${"e".repeat(52)}'`],
] as const)("refuses %s", (text, algorithm, message) => {
  expect(() => parseHash(text, algorithm)).toThrow(new StoreError(message));
});

test("an empty hash is all zeroes, with a warning", () => {
  const warnings: string[] = [];
  const hash = parseHashAllowEmpty("", "sha256", (warning) => warnings.push(warning));
  expect(printHash(hash, "base16", false)).toBe("0".repeat(64));
  expect(warnings).toEqual([
    "found empty hash, assuming 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='",
  ]);
  expect(() => parseHashAllowEmpty("", undefined, () => {})).toThrow(StoreError);
});

test("compression folds by exclusive or", () => {
  expect([...compressHash(Uint8Array.of(1, 2, 4, 8, 16), 2)]).toEqual([1 ^ 4 ^ 16, 2 ^ 8]);
});
