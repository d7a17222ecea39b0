/** The names of sets, apart from their values. */
import { type Sym, symbolName } from "../syntax/symbols.ts";

/**
 * Shapes and unions of them are remembered in tables of this size, where a new one takes the place of an older one. Of the
 * shapes that an evaluation makes nine in ten have been there before.
 */
const tableSize = 1 << 14;

/** Shapes with more names than this are few, and are not remembered. */
const maxRemembered = 256;

interface Union {
  readonly left: Shape;
  readonly right: Shape;
  readonly result: Shape;
}

let nextId = 0;

/**
 * The sorted symbols of a set. Sets with the same names mostly share it, but need not: the fewer shapes there are, the more
 * often is found what others remember by shape.
 */
export class Shape {
  private static readonly shapes: (Shape | undefined)[] = new Array(tableSize).fill(undefined);
  private static readonly unions: (Union | undefined)[] = new Array(tableSize).fill(undefined);

  /** Ascending by number. */
  readonly symbols: readonly Sym[];
  private readonly id: number = nextId++;
  private sortedByName: readonly number[] | undefined;
  private sortedNames: readonly string[] | undefined;

  private constructor(symbols: readonly Sym[]) {
    this.symbols = symbols;
  }

  /** The shape with these symbols, which ascend. */
  static of(symbols: readonly Sym[]): Shape {
    if (symbols.length > maxRemembered) return new Shape(symbols);
    let hash = symbols.length;
    for (let i = 0; i < symbols.length; i++) hash = mixed(hash, symbols[i]!);
    const place = placeOf(hash);
    const known = Shape.shapes[place];
    if (known !== undefined && equalSymbols(known.symbols, symbols)) return known;
    const shape = new Shape(symbols);
    Shape.shapes[place] = shape;
    return shape;
  }

  /** The shape of sets with the names of both. */
  static union(left: Shape, right: Shape): Shape {
    const place = placeOf(mixed(left.id, right.id));
    const known = Shape.unions[place];
    if (known !== undefined && known.left === left && known.right === right) return known.result;
    const result = computeUnion(left, right);
    if (result.symbols.length <= maxRemembered) Shape.unions[place] = { left, right, result };
    return result;
  }

  /** Index of the symbol, or -1. */
  indexOf(sym: Sym): number {
    const symbols = this.symbols;
    let low = 0;
    let high = symbols.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = symbols[middle]!;
      if (found === sym) return middle;
      if (found < sym) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Indices in the order of the names (by bytes): the order of `attrNames` and of printing. */
  get byName(): readonly number[] {
    if (this.sortedByName === undefined) {
      const names = this.symbols.map(symbolName);
      const order = names.map((_, index) => index);
      this.sortedByName = order.sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    }
    return this.sortedByName;
  }

  /** Sorted by bytes. */
  get names(): readonly string[] {
    this.sortedNames ??= this.byName.map((index) => symbolName(this.symbols[index]!));
    return this.sortedNames;
  }
}

function equalSymbols(a: readonly Sym[], b: readonly Sym[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** One of the two where it has the names of the other as well. */
function computeUnion(a: Shape, b: Shape): Shape {
  const left = a.symbols;
  const right = b.symbols;
  const count = countUnion(left, right);
  if (count === left.length) return a;
  if (count === right.length) return b;
  const symbols: Sym[] = new Array(count);
  let i = 0;
  let j = 0;
  for (let k = 0; k < count; k++) {
    if (j >= right.length || (i < left.length && left[i]! < right[j]!)) {
      symbols[k] = left[i++]!;
    } else {
      if (left[i] === right[j]) i++;
      symbols[k] = right[j++]!;
    }
  }
  return Shape.of(symbols);
}

function countUnion(left: readonly Sym[], right: readonly Sym[]): number {
  let common = 0;
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const difference = left[i]! - right[j]!;
    if (difference === 0) common++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return left.length + right.length - common;
}

function mixed(hash: number, value: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + value;
}

function placeOf(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (spread ^ (spread >>> 16)) & (tableSize - 1);
}
