/**
 * Finds the symbol of an identifier without making a string of it: most identifiers of a source text have been seen
 * before. An open-addressing hash table over the bytes, global to the thread like the symbols themselves.
 */
import { intern, type Sym } from "./symbols.ts";
import { Token } from "./tokens.ts";

export interface Identifier {
  readonly name: string;
  readonly hash: number;
  readonly sym: Sym;
  /** `Token.identifier`, or the keyword that it is. */
  readonly token: Token;
}

const entries: Identifier[] = [];

/** Index into `entries` plus one, or 0. */
let slots = new Int32Array(1 << 12);

/** One step of the hash that {@link findIdentifier} expects, from 0. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** The identifier `text[start, end)`, whose hash the scanner computed on its way. */
export function findIdentifier(text: string, start: number, end: number, hash: number): Identifier {
  const mask = slots.length - 1;
  let slot = spread(hash) & mask;
  for (;;) {
    const index = slots[slot]!;
    if (index === 0) return addIdentifier(text.slice(start, end), hash, slot);
    const entry = entries[index - 1]!;
    if (entry.hash === hash && entry.name.length === end - start && text.startsWith(entry.name, start)) {
      return entry;
    }
    slot = (slot + 1) & mask;
  }
}

function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

const keywords = new Map<string, Token>([
  ["if", Token.ifKeyword],
  ["then", Token.thenKeyword],
  ["else", Token.elseKeyword],
  ["assert", Token.assertKeyword],
  ["with", Token.withKeyword],
  ["let", Token.letKeyword],
  ["in", Token.inKeyword],
  ["rec", Token.recKeyword],
  ["inherit", Token.inheritKeyword],
  ["or", Token.orKeyword],
]);

/** Cannot be an attribute name without quotes (`or` can). */
export function isReservedWord(name: string): boolean {
  return name !== "or" && keywords.has(name);
}

function addIdentifier(name: string, hash: number, slot: number): Identifier {
  const entry = { name, hash, sym: intern(name), token: keywords.get(name) ?? Token.identifier };
  // One push and then one store: whatever throws (deep recursion), the table stays whole.
  slots[slot] = entries.push(entry);
  if (entries.length * 2 > slots.length) grow();
  return entry;
}

function grow(): void {
  const larger = new Int32Array(slots.length * 2);
  const mask = larger.length - 1;
  entries.forEach((entry, index) => {
    let slot = spread(entry.hash) & mask;
    while (larger[slot] !== 0) slot = (slot + 1) & mask;
    larger[slot] = index + 1;
  });
  slots = larger;
}
