/**
 * Nix's base 32 ("nix32"): digits and lower case letters without e, o, u and t; the last byte comes first.
 * Nix manual, "Store Path Calculation".
 */
import { StoreError, showByte } from "./errors.ts";

const alphabet = "0123456789abcdfghijklmnpqrsvwxyz";

const digitOf = new Int8Array(256).fill(-1);
for (let i = 0; i < alphabet.length; i++) digitOf[alphabet.charCodeAt(i)] = i;

/** Characters that `byteCount` bytes take. */
export function base32Length(byteCount: number): number {
  return Math.ceil((byteCount * 8) / 5);
}

/** Whether all characters of the text are in the alphabet. */
export function isBase32(text: string): boolean {
  for (let i = 0; i < text.length; i++) if ((digitOf[text.charCodeAt(i)] ?? -1) < 0) return false;
  return true;
}

export function toBase32(bytes: Uint8Array): string {
  let text = "";
  for (let n = base32Length(bytes.length) - 1; n >= 0; n--) {
    const bit = n * 5;
    const at = bit >> 3;
    const shift = bit & 7;
    const value = (bytes[at]! >> shift) | ((bytes[at + 1] ?? 0) << (8 - shift));
    text += alphabet[value & 31];
  }
  return text;
}

/**
 * The bytes of a base 32 text, of which there are `floor(length * 5 / 8)`.
 * Fails with a StoreError on a character outside the alphabet, or when the text's surplus bits are not zero.
 */
export function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  for (let n = 0; n < text.length; n++) {
    const character = text[text.length - n - 1]!;
    const digit = digitOf[character.charCodeAt(0)] ?? -1;
    if (digit < 0) throw new StoreError(`invalid character in Nix32 string: '${showByte(character)}'`);
    const bit = n * 5;
    const at = bit >> 3;
    const shift = bit & 7;
    if (at < bytes.length) bytes[at]! |= digit << shift;
    const carry = at < bytes.length ? digit >> (8 - shift) : digit;
    if (carry !== 0) {
      if (at + 1 >= bytes.length) throw new StoreError(`'${text}' is not the Nix32 form of whole bytes`);
      bytes[at + 1]! |= carry;
    }
  }
  return bytes;
}
