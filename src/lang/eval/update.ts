/** `//`. */
import { noPos, type Pos } from "../syntax/positions.ts";
import type { Sym } from "../syntax/symbols.ts";
import { Attrs, Shape, type Slot } from "./value.ts";

/** The attributes of both, those of `b` where both have one. */
export function updateAttrs(a: Attrs, b: Attrs): Attrs {
  if (a.size === 0 || a.shape === b.shape) return b;
  if (b.size === 0) return a;
  const shape = unionShape(a.shape, b.shape);
  return new Attrs(shape, mergeValues(a, b, shape), mergePositions(a, b, shape));
}

/**
 * As {@link updateAttrs}, for one place in the code: remembers the last two shapes with their positions, and what
 * they gave.
 */
export class Update {
  private left: Shape | undefined;
  private right: Shape | undefined;
  private result: Shape | undefined;
  private leftPositions: readonly Pos[] | undefined;
  private rightPositions: readonly Pos[] | undefined;
  private positions: readonly Pos[] | undefined;

  apply(a: Attrs, b: Attrs): Attrs {
    const { shape: left } = a;
    const { shape: right } = b;
    if (left.symbols.length === 0 || left === right) return b;
    if (right.symbols.length === 0) return a;
    if (this.left !== left || this.right !== right) {
      this.result = unionShape(left, right);
      this.left = left;
      this.right = right;
      this.rememberPositions(a, b);
    } else if (this.leftPositions !== a.positions || this.rightPositions !== b.positions) {
      this.rememberPositions(a, b);
    }
    return new Attrs(this.result!, mergeValues(a, b, this.result!), this.positions);
  }

  private rememberPositions(a: Attrs, b: Attrs): void {
    this.leftPositions = a.positions;
    this.rightPositions = b.positions;
    this.positions = mergePositions(a, b, this.result!);
  }
}

/** One of the two where it has the names of the other as well: the fewer shapes, the better they are remembered. */
function unionShape(a: Shape, b: Shape): Shape {
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
  return new Shape(symbols);
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

function mergeValues(a: Attrs, b: Attrs, { symbols }: Shape): Slot[] {
  const left = a.shape.symbols;
  const right = b.shape.symbols;
  const values: Slot[] = new Array(symbols.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < symbols.length; k++) {
    const symbol = symbols[k];
    if (right[j] === symbol) {
      values[k] = b.values[j++]!;
      if (left[i] === symbol) i++;
    } else {
      values[k] = a.values[i++]!;
    }
  }
  return values;
}

function mergePositions(a: Attrs, b: Attrs, { symbols }: Shape): readonly Pos[] | undefined {
  if (a.positions === undefined && b.positions === undefined) return undefined;
  const left = a.shape.symbols;
  const right = b.shape.symbols;
  const positions: Pos[] = new Array(symbols.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < symbols.length; k++) {
    const symbol = symbols[k];
    if (right[j] === symbol) {
      positions[k] = b.positions === undefined ? noPos : b.positions[j]!;
      j++;
      if (left[i] === symbol) i++;
    } else {
      positions[k] = a.positions === undefined ? noPos : a.positions[i]!;
      i++;
    }
  }
  return positions;
}
