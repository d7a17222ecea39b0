/** Values as JSON text: `builtins.toJSON`, structured attributes, `--json`. */

import { isList } from "../eval/checks.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { describeType } from "../eval/print.ts";
import { callDepthExceeded } from "../eval/stack.ts";
import { Attrs, force, Lambda, NixPath, NixString, type Slot, Thunk, type Value } from "../eval/value.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import { intern, symbolName } from "../syntax/symbols.ts";
import { jsonFloat } from "./json-float.ts";
import { firstIllFormedByte, isValidUtf8 } from "./utf8.ts";

const toStringSym = intern("__toString");
const outPathSym = intern("outPath");

export interface JsonPrintOptions {
  /** Adds what the text refers to. */
  readonly context: Set<string>;
  /** Paths as store paths rather than as they are. */
  readonly copyToStore: boolean;
  /** Fails at what is not computed yet, instead of computing it. */
  readonly computedOnly?: boolean;
  /** `outPath` and `__toString` are names as any other: the value was JSON already. */
  readonly setsAreObjects?: boolean;
}

/** The JSON text of a value, everything inside forced, attributes in the order of their names. */
export function printJson(
  evaluator: Evaluator,
  slot: Slot,
  options: JsonPrintOptions,
  pos: Pos = noPos,
): string {
  const printer = new JsonPrinter(evaluator, options);
  const text = printer.print(slot, pos);
  if (printer.malformed !== undefined) {
    throw new NixError("eval", `JSON serialization error: ${printer.malformed}`);
  }
  return text;
}

/** Values that are nested deeper have no JSON: Nix's `max-call-depth`, which its printer counts against. */
const deepest = 10_000;

class JsonPrinter {
  /** What is wrong with the first text that is not UTF-8; reported after everything has been evaluated. */
  malformed: string | undefined;
  private depth = 0;
  private readonly evaluator: Evaluator;
  private readonly options: JsonPrintOptions;

  constructor(evaluator: Evaluator, options: JsonPrintOptions) {
    this.evaluator = evaluator;
    this.options = options;
  }

  print(slot: Slot, pos: Pos): string {
    if (this.options.computedOnly === true && slot instanceof Thunk && slot.code !== null) {
      throw new NixError("type", "cannot convert a thunk to JSON", { pos });
    }
    const value = force(slot);
    if (value === null) return "null";
    switch (typeof value) {
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return value.toString();
      case "number":
        return jsonFloat(value);
      case "string":
        return this.string(value);
      default:
    }
    if (value instanceof NixString) {
      for (const element of value.context) this.options.context.add(element);
      return this.string(value.text);
    }
    if (value instanceof NixPath) return this.path(value);
    if (!(value instanceof Attrs || isList(value))) throw notRepresentable(value, pos);
    if (this.depth >= deepest) throw callDepthExceeded(pos);
    this.depth++;
    const text = value instanceof Attrs ? this.attrs(value, pos) : this.list(value, pos);
    this.depth--;
    return text;
  }

  private path(path: NixPath): string {
    const { context, copyToStore } = this.options;
    const what = "a path in the value to be represented as JSON";
    const options = { coerceMore: false, copyToStore };
    return this.string(this.evaluator.coerceToString(path, noPos, what, context, options));
  }

  private attrs(attrs: Attrs, pos: Pos): string {
    if (this.options.setsAreObjects === true) return this.members(attrs);
    if (attrs.has(toStringSym)) {
      const options = { coerceMore: false, copyToStore: false };
      const what = "the result of the `__toString` attribute";
      return this.string(this.evaluator.coerceToString(attrs, pos, what, this.options.context, options));
    }
    const outPath = attrs.get(outPathSym);
    if (outPath !== undefined) return this.print(outPath, attrs.positionOf(outPathSym));
    return this.members(attrs);
  }

  private members(attrs: Attrs): string {
    const { shape, values, positions } = attrs;
    const members: string[] = [];
    for (const index of shape.byName) {
      const name = symbolName(shape.symbols[index]!);
      const at = positions?.[index] ?? noPos;
      try {
        members.push(`${this.string(name)}:${this.print(values[index]!, at)}`);
      } catch (error) {
        if (error instanceof NixError) error.addTrace(at, `while evaluating attribute '${name}'`);
        throw error;
      }
    }
    return `{${members.join(",")}}`;
  }

  private list(list: readonly Slot[], pos: Pos): string {
    const elements = list.map((element, index) => {
      try {
        return this.print(element, pos);
      } catch (error) {
        if (error instanceof NixError) error.addTrace(pos, `while evaluating list element at index ${index}`);
        throw error;
      }
    });
    return `[${elements.join(",")}]`;
  }

  private string(text: string): string {
    if (this.malformed === undefined && !isAscii(text) && !isValidUtf8(text))
      this.malformed = malformation(text);
    return JSON.stringify(text);
  }
}

function notRepresentable(value: Value, pos: Pos): NixError {
  const at = value instanceof Lambda ? value.code.pos : pos;
  return new NixError("type", `cannot convert ${describeType(value)} to JSON`, { pos: at });
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function malformation(text: string): string {
  const hexadecimal = (index: number) => text.charCodeAt(index).toString(16).toUpperCase().padStart(2, "0");
  const index = firstIllFormedByte(text)!;
  const error = "[json.exception.type_error.316]";
  return index === text.length
    ? `${error} incomplete UTF-8 string; last byte: 0x${hexadecimal(index - 1)}`
    : `${error} invalid UTF-8 byte at index ${index}: 0x${hexadecimal(index)}`;
}
