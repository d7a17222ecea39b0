import { noPos } from "../syntax/positions.ts";
import { showName } from "../syntax/printer.ts";
import { symbolName } from "../syntax/symbols.ts";
import type { CallDepth } from "./call-depth.ts";
import { isList } from "./checks.ts";
import { framed } from "./code.ts";
import { Attrs, force, type Slot, type Value } from "./value.ts";

/** Forces everything inside of a value, depth first, attributes in the order in which their names came up first. Cyclic values are no problem. */
export function deepForce(slot: Slot, callDepth?: CallDepth): Value {
  return forceInside(slot, new Set(), callDepth);
}

function forceInside(slot: Slot, seen: Set<object>, callDepth: CallDepth | undefined): Value {
  return callDepth === undefined
    ? forceParts(force(slot), seen, undefined)
    : callDepth.within(noPos, () => forceParts(force(slot), seen, callDepth));
}

function forceParts(value: Value, seen: Set<object>, callDepth: CallDepth | undefined): Value {
  if (value instanceof Attrs) {
    if (seen.has(value)) return value;
    seen.add(value);
    for (let index = 0; index < value.values.length; index++) {
      try {
        forceInside(value.values[index]!, seen, callDepth);
      } catch (error) {
        const name = showName(symbolName(value.shape.symbols[index]!));
        throw framed(error, value.positions?.[index] ?? noPos, `while evaluating the attribute '${name}'`);
      }
    }
  } else if (isList(value)) {
    if (seen.has(value)) return value;
    seen.add(value);
    for (let i = 0; i < value.length; i++) {
      try {
        forceInside(value[i]!, seen, callDepth);
      } catch (error) {
        throw framed(error, noPos, `while evaluating list element at index ${i}`);
      }
    }
  }
  return value;
}
