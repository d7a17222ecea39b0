/**
 * Hashes of passwords for shadow(5): the method `$6$` of crypt(5), which every distribution takes. After "Unix crypt
 * using SHA-256 and SHA-512" by Ulrich Drepper; the letters are those of its steps.
 */
import { createHash, randomBytes } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** More than the method's default of 5000: a guess shall cost some milliseconds. */
const defaultRounds = 100_000;

export function hashPassword(password: string): string {
  const salt = [...randomBytes(16)].map((byte) => alphabet[byte & 63]).join("");
  return sha512Crypt(password, salt, defaultRounds);
}

/** `$6$rounds=ROUNDS$SALT$HASH`. The salt has up to 16 characters. */
export function sha512Crypt(password: string, salt: string, rounds: number): string {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt);
  const b = sha512(key, saltBytes, key);
  const parts: Buffer[] = [key, saltBytes, repeated(b, key.length)];
  for (let length = key.length; length > 0; length >>= 1) parts.push(length & 1 ? b : key);
  const a = sha512(...parts);
  const p = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length);
  const s = repeated(sha512(...Array.from({ length: 16 + (a[0] ?? 0) }, () => saltBytes)), saltBytes.length);
  let c = a;
  for (let round = 0; round < rounds; round++) {
    const odd = (round & 1) === 1;
    c = sha512(odd ? p : c, round % 3 === 0 ? empty : s, round % 7 === 0 ? empty : p, odd ? c : p);
  }
  return `$6$rounds=${rounds}$${salt}$${encode(c)}`;
}

const empty = Buffer.alloc(0);

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The bytes over and over again, up to this length. */
function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** Three bytes are four characters, the lowest bits first; bytes 0, 21 and 42 come first, and so on around. */
function encode(hash: Buffer): string {
  let text = "";
  const add = (value: number, characters: number) => {
    for (let index = 0; index < characters; index++) text += alphabet[(value >> (6 * index)) & 63];
  };
  let [high, middle, low] = [0, 21, 42];
  for (let group = 0; group < 21; group++) {
    add((hash[high]! << 16) | (hash[middle]! << 8) | hash[low]!, 4);
    [high, middle, low] = [middle + 1, low + 1, high + 1];
  }
  add(hash[63]!, 2);
  return text;
}
