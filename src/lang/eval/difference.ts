/** Why two values are not equal, for assertions that say `a == b`: the first difference, and the way there. */
import { noPos } from "../syntax/positions.ts";
import { intern, symbolName } from "../syntax/symbols.ts";
import { isFunction, isList } from "./checks.ts";
import { equalSlots, equalValues, isDerivation } from "./equality.ts";
import { NixError } from "./errors.ts";
import { describeType, showBriefly } from "./print.ts";
import { Attrs, force, type List, NixPath, NixString, type Slot, type Value } from "./value.ts";

const outPath = intern("outPath");

/** Undefined: they are equal. */
export function differenceOf(a: Value, b: Value): NixError | undefined {
  if (equalValues(a, b)) return undefined;
  if (isNumber(a) && isNumber(b))
    return unequal(`${describeType(a)} with value`, a, `${describeType(b)} with value`, b);
  if (a instanceof Attrs && b instanceof Attrs) return differenceOfSets(a, b);
  if (isList(a) && isList(b)) return differenceOfLists(a, b);
  if (isFunction(a) && isFunction(b)) {
    return failed("distinct functions and immediate comparisons of identical functions compare as unequal");
  }
  const word = commonWord(a, b);
  if (word !== undefined) return unequal(word, a, word, b);
  return unequal(`${describeType(a)} of value`, a, `${describeType(b)} of value`, b);
}

function failed(message: string): NixError {
  return new NixError("assertion", message);
}

function unequal(left: string, a: Value, right: string, b: Value): NixError {
  return failed(`${left} '${showBriefly(a)}' is not equal to ${right} '${showBriefly(b)}'`);
}

function isNumber(value: Value): boolean {
  return typeof value === "bigint" || typeof value === "number";
}

/** What both are. */
function commonWord(a: Value, b: Value): string | undefined {
  if (typeof a === "boolean" && typeof b === "boolean") return "boolean";
  if (isString(a) && isString(b)) return "string";
  return a instanceof NixPath && b instanceof NixPath ? "path" : undefined;
}

function isString(value: Value): boolean {
  return typeof value === "string" || value instanceof NixString;
}

/** Slots may be equal where their values are not: one function in two sets. */
function differenceOfSlots(a: Slot, b: Slot): NixError | undefined {
  return equalSlots(a, b) ? undefined : differenceOf(force(a), force(b));
}

function differenceOfLists(a: List, b: List): NixError | undefined {
  if (a.length !== b.length) {
    const sizes = `list of size '${a.length}' is not equal to list of size '${b.length}'`;
    return failed(`${sizes}, left hand side is '${showBriefly(a)}', right hand side is '${showBriefly(b)}'`);
  }
  for (const [index, element] of a.entries()) {
    const difference = differenceOfSlots(element, b[index]!);
    if (difference !== undefined) return difference.addTrace(noPos, `while comparing list element ${index}`);
  }
  return undefined;
}

function differenceOfSets(a: Attrs, b: Attrs): NixError | undefined {
  if (isDerivation(a) && isDerivation(b)) {
    const left = a.get(outPath);
    const right = b.get(outPath);
    if (left !== undefined && right !== undefined) {
      const what = "while comparing a derivation by its 'outPath' attribute";
      return differenceOfSlots(left, right)?.addTrace(noPos, what);
    }
  }
  if (a.size !== b.size) {
    return failed(
      `attribute names of attribute set '${showBriefly(a)}' differs from attribute set '${showBriefly(b)}'`,
    );
  }
  for (const [index, name] of a.shape.symbols.entries()) {
    const text = symbolName(name);
    const other = b.get(name);
    if (other === undefined) {
      return failed(
        `attribute name '${text}' is contained in '${showBriefly(a)}', but not in '${showBriefly(b)}'`,
      );
    }
    const difference = differenceOfSlots(a.values[index]!, other);
    if (difference === undefined) continue;
    const [left, right] = [a.positionOf(name), b.positionOf(name)];
    if (right !== noPos) difference.addTrace(right, "where right hand side is");
    if (left !== noPos) difference.addTrace(left, "where left hand side is");
    return difference.addTrace(noPos, `while comparing attribute '${text}'`);
  }
  return undefined;
}
