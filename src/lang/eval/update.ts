/** `//`. */
import { mergedPositions } from "./set-positions.ts";
import { Shape } from "./shape.ts";
import { Attrs, type Slot } from "./value.ts";

/** The attributes of both, those of `b` where both have one. */
export function updateAttrs(a: Attrs, b: Attrs): Attrs {
  const { shape: left } = a;
  const { shape: right } = b;
  if (left.symbols.length === 0 || left === right) return b;
  if (right.symbols.length === 0) return a;
  const shape = Shape.union(left, right);
  const positions = mergedPositions(shape, left, a.where, right, b.where);
  return new Attrs(shape, mergeValues(a, b, shape), positions);
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
