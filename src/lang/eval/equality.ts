/** Equality and order of values (Nix manual, "Operators": comparison and equality). */
import { intern } from "../syntax/symbols.ts";
import { isFunction, isList } from "./checks.ts";
import { NixError } from "./errors.ts";
import { describeType, showBriefly } from "./print.ts";
import { typeOf } from "./type-name.ts";
import { Attrs, force, type List, NixPath, NixString, type Slot, type Value } from "./value.ts";

const type = intern("type");
const outPath = intern("outPath");

/**
 * Whether two slots hold equal values. One and the same slot is always equal to itself, even where its value is
 * a function: sets that share their slots compare as equal, although functions never do.
 */
export function equalSlots(a: Slot, b: Slot): boolean {
  const left = force(a);
  const right = force(b);
  return a === b || equalValues(left, right);
}

/** As `==` compares what its two operands evaluate to. */
export function equalValues(a: Value, b: Value): boolean {
  switch (typeof a) {
    case "boolean":
      return a === b;
    case "bigint":
      return typeof b === "number" ? Number(a) === b : a === b;
    case "number":
      return typeof b === "bigint" ? a === Number(b) : a === b;
    case "string":
      return a === b || (b instanceof NixString && a === b.text);
    default:
  }
  if (a === null || b === null) return a === b;
  if (a instanceof Attrs) return b instanceof Attrs && equalAttrs(a, b);
  if (a instanceof NixString) return a.text === (b instanceof NixString ? b.text : b);
  if (a instanceof NixPath) return b instanceof NixPath && a.path === b.path;
  if (isFunction(a)) return false;
  return isList(b) && equalLists(a, b);
}

function equalLists(a: List, b: List): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalSlots(a[i]!, b[i]!)) return false;
  return true;
}

function equalAttrs(a: Attrs, b: Attrs): boolean {
  if (isDerivation(a) && isDerivation(b)) {
    const left = a.get(outPath);
    const right = b.get(outPath);
    if (left !== undefined && right !== undefined) return equalSlots(left, right);
  }
  if (a.size !== b.size) return false;
  const symbols = a.shape.symbols;
  const others = b.shape.symbols;
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] !== others[i] || !equalSlots(a.values[i]!, b.values[i]!)) return false;
  }
  return true;
}

/** Whether the set says that it is a derivation: `type = "derivation"`. */
export function isDerivation(attrs: Attrs): boolean {
  const slot = attrs.get(type);
  if (slot === undefined) return false;
  const value = force(slot);
  return value === "derivation" || (value instanceof NixString && value.text === "derivation");
}

/** Below 0, 0, above 0; NaN where a float is not a number. */
export function compareSlots(a: Slot, b: Slot): number {
  return compareValues(force(a), force(b));
}

export function compareValues(a: Value, b: Value): number {
  switch (typeof a) {
    case "bigint":
      if (typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
      if (typeof b === "number") return compareFloats(Number(a), b);
      break;
    case "number":
      if (typeof b === "number" || typeof b === "bigint") return compareFloats(a, Number(b));
      break;
    case "string":
      if (typeof b === "string") return compareText(a, b);
      if (b instanceof NixString) return compareText(a, b.text);
      break;
    default:
      if (a instanceof NixString) {
        if (typeof b === "string") return compareText(a.text, b);
        if (b instanceof NixString) return compareText(a.text, b.text);
      } else if (a instanceof NixPath) {
        if (b instanceof NixPath) return compareText(a.path, b.path);
      } else if (isList(a) && isList(b)) {
        return compareLists(a, b);
      }
  }
  throw incomparable(a, b);
}

function incomparable(a: Value, b: Value): NixError {
  const types = `cannot compare ${describeType(a)} with ${describeType(b)}`;
  const values = `${showBriefly(a)} and ${showBriefly(b)}`;
  const message =
    typeOf(a) === typeOf(b)
      ? `${types}; values of that type are incomparable (values are ${values})`
      : `${types}; values are ${values}`;
  return new NixError("type", message);
}

function compareFloats(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first elements that are not equal decide; equal ones need not be comparable. */
function compareLists(a: List, b: List): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    if (!equalSlots(a[i]!, b[i]!)) return compareSlots(a[i]!, b[i]!);
  }
  return a.length - b.length;
}
