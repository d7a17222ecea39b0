/**
 * Values as text. Two notations, both Nix's own: {@link printValue} is what `nix-instantiate --eval` prints
 * (`<LAMBDA>`, `<CODE>`), {@link showValue} what messages, `builtins.trace` and the REPL show
 * (`«lambda f @ file:1:2»`, `«thunk»`). Nothing is forced here.
 */
import { formatPos, noPos } from "../syntax/positions.ts";
import { showFloat, showName, stringLiteral } from "../syntax/printer.ts";
import { symbolName } from "../syntax/symbols.ts";
import { callDepthExceeded } from "./stack.ts";
import { typeOf, withArticle } from "./type-name.ts";
import {
  Attrs,
  blackhole,
  Lambda,
  NixPath,
  NixString,
  PrimOp,
  PrimOpApp,
  type Slot,
  Thunk,
  type Value,
} from "./value.ts";

const open = "\xc2\xab";
const close = "\xc2\xbb";
const repeated = `${open}repeated${close}`;
const potentialRecursion = `${open}potential infinite recursion${close}`;

/** What is in a slot already; the slot itself when it is not computed. */
function peek(slot: Slot): Slot {
  return slot instanceof Thunk && slot.code === null ? (slot.content as Value) : slot;
}

type Notation = {
  readonly thunk: string;
  readonly openSet: string;
  readonly function: (value: Lambda | PrimOp | PrimOpApp) => string;
  readonly attrName: (name: string) => string;
  readonly importantFirst: boolean;
  readonly maxDepth: number;
  readonly maxItems: number;
  readonly maxStringLength: number;
};

const plain: Notation = {
  thunk: "<CODE>",
  openSet: "{ ",
  function: (value) =>
    value instanceof Lambda ? "<LAMBDA>" : value instanceof PrimOp ? "<PRIMOP>" : "<PRIMOP-APP>",
  attrName: showName,
  importantFirst: false,
  maxDepth: Number.POSITIVE_INFINITY,
  maxItems: Number.POSITIVE_INFINITY,
  maxStringLength: Number.POSITIVE_INFINITY,
};

const descriptive: Notation = {
  ...plain,
  thunk: `${open}thunk${close}`,
  function: showFunction,
};

const shortened: Notation = {
  ...descriptive,
  importantFirst: true,
  maxDepth: 10,
  maxItems: 10,
  maxStringLength: 1024,
};

/** As `nix-instantiate --eval` prints it; with `--strict` deepForce the value first. */
export function printValue(value: Slot): string {
  return new Printer(plain).root(value);
}

/** As `builtins.trace` and the REPL show it. */
export function showValue(value: Slot): string {
  return new Printer(descriptive).print(value);
}

/** As error messages show it: at most ten attributes and elements, ten levels deep. */
export function showBriefly(value: Slot): string {
  return new Printer(shortened).print(value);
}

function showFunction(value: Lambda | PrimOp | PrimOpApp): string {
  if (value instanceof PrimOp) return `${open}primop ${value.name}${close}`;
  if (value instanceof PrimOpApp) return `${open}partially applied primop ${value.op.name}${close}`;
  const name = value.code.name === undefined ? "" : ` ${value.code.name}`;
  return `${open}lambda${name} @ ${formatPos(value.code.pos) ?? "(unknown)"}${close}`;
}

/** Deeper than this no value is that a person wants to read; the printer's recursion must end somewhere. */
const deepestPrinted = 10_000;

class Printer {
  private readonly notation: Notation;
  private readonly seen = new Set<object>();
  private attrsPrinted = 0;
  private elementsPrinted = 0;

  constructor(notation: Notation) {
    this.notation = notation;
  }

  /** A value that nothing else has a part in: a list in it is never the list itself, for Nix has made a copy. */
  root(slot: Slot): string {
    const value = peek(slot);
    return this.print(Array.isArray(value) ? value.slice() : value);
  }

  print(slot: Slot, depth = 0): string {
    if (depth > deepestPrinted) throw callDepthExceeded(noPos);
    const value = peek(slot);
    if (value === null) return "null";
    switch (typeof value) {
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return value.toString();
      case "number":
        return Object.is(value, -0) ? "-0" : showFloat(value);
      case "string":
        return this.string(value);
      default:
    }
    if (value instanceof NixString) return this.string(value.text);
    if (value instanceof NixPath) return value.path;
    if (value instanceof Attrs) return this.attrs(value, depth);
    if (value instanceof Thunk) return value.code === blackhole ? potentialRecursion : this.notation.thunk;
    if (value instanceof Lambda || value instanceof PrimOp || value instanceof PrimOpApp) {
      return this.notation.function(value);
    }
    return this.list(value, slot as object, depth);
  }

  private string(text: string): string {
    const { maxStringLength } = this.notation;
    if (text.length <= maxStringLength) return stringLiteral(text);
    return `${stringLiteral(text.slice(0, maxStringLength))} ${elided(text.length - maxStringLength, "byte")}`;
  }

  private attrs(attrs: Attrs, depth: number): string {
    if (attrs.size === 0) return "{ }";
    if (this.seen.has(attrs)) return repeated;
    this.seen.add(attrs);
    if (depth >= this.notation.maxDepth) return "{ ... }";
    let text = this.notation.openSet;
    let printed = 0;
    for (const index of this.attrOrder(attrs)) {
      if (this.attrsPrinted >= this.notation.maxItems) {
        text += `${elided(attrs.size - printed, "attribute")} `;
        break;
      }
      const name = symbolName(attrs.shape.symbols[index]!);
      printed++;
      text += `${this.notation.attrName(name)} = ${this.print(attrs.values[index]!, depth + 1)}; `;
      this.attrsPrinted++;
    }
    return `${text}}`;
  }

  /** `type` and `_type` come first where the rest may be cut off. */
  private attrOrder(attrs: Attrs): readonly number[] {
    const order = attrs.shape.byName;
    if (!this.notation.importantFirst) return order;
    const isImportant = (index: number): boolean => {
      const name = symbolName(attrs.shape.symbols[index]!);
      return name === "type" || name === "_type";
    };
    return [...order.filter(isImportant), ...order.filter((index) => !isImportant(index))];
  }

  /** `slot` is where the list is: unlike sets, lists are recognised by their place, as Nix does it. */
  private list(list: readonly Slot[], slot: object, depth: number): string {
    if (list.length === 0) return "[ ]";
    if (this.seen.has(slot)) return repeated;
    this.seen.add(slot);
    if (depth >= this.notation.maxDepth) return "[ ... ]";
    let text = "[ ";
    let printed = 0;
    for (const element of list) {
      if (this.elementsPrinted >= this.notation.maxItems) {
        text += `${elided(list.length - printed, "item")} `;
        break;
      }
      printed++;
      text += `${this.print(element, depth + 1)} `;
      this.elementsPrinted++;
    }
    return `${text}]`;
  }
}

function elided(count: number, unit: string): string {
  return `${open}${count} ${unit}${count === 1 ? "" : "s"} elided${close}`;
}

/** The type with its article, as messages name it: `a set`, `the built-in function 'map'`. */
export function describeType(slot: Slot): string {
  const value = peek(slot);
  if (value instanceof Thunk) return "a thunk";
  if (value instanceof NixString) return "a string with context";
  if (value instanceof PrimOp) return `the built-in function '${value.name}'`;
  if (value instanceof PrimOpApp) return `the partially applied built-in function '${value.op.name}'`;
  return withArticle[typeOf(value)];
}
