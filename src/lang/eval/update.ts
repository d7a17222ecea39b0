/** `//`. */
import type { Pos } from "../syntax/positions.ts";
import { noPos } from "../syntax/positions.ts";
import type { Sym } from "../syntax/symbols.ts";
import { Attrs, Shape, type Slot } from "./value.ts";

/** The attributes of both, those of `b` where both have one. */
export function updateAttrs(a: Attrs, b: Attrs): Attrs {
  const symbolsA = a.shape.symbols;
  const symbolsB = b.shape.symbols;
  const countA = symbolsA.length;
  const countB = symbolsB.length;
  if (countA === 0 || a.shape === b.shape) return b;
  if (countB === 0) return a;
  const symbols: Sym[] = [];
  const values: Slot[] = [];
  const positions: Pos[] | undefined =
    a.positions === undefined && b.positions === undefined ? undefined : [];
  let i = 0;
  let j = 0;
  while (i < countA || j < countB) {
    const fromA = j >= countB || (i < countA && symbolsA[i]! < symbolsB[j]!);
    if (fromA) {
      symbols.push(symbolsA[i]!);
      values.push(a.values[i]!);
      positions?.push(a.positions?.[i] ?? noPos);
      i++;
    } else {
      if (i < countA && symbolsA[i] === symbolsB[j]) i++;
      symbols.push(symbolsB[j]!);
      values.push(b.values[j]!);
      positions?.push(b.positions?.[j] ?? noPos);
      j++;
    }
  }
  return new Attrs(new Shape(symbols), values, positions);
}
