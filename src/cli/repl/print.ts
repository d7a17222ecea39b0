/** Values as the REPL shows them: computed as far as they are shown, on several lines where they have parts. */
import { isDerivation } from "../../lang/eval/equality.ts";
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { showValue } from "../../lang/eval/print.ts";
import { callDepthExceeded, languageError } from "../../lang/eval/stack.ts";
import { Attrs, force, NixPath, NixString, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { showName, stringLiteral } from "../../lang/syntax/printer.ts";
import { intern } from "../../lang/syntax/symbols.ts";
import { fromText } from "../../store/bytes.ts";

export interface PrintOptions {
  /** Sets and lists this deep are shown as `{ ... }` and `[ ... ]`. */
  readonly maxDepth: number;
  readonly colors: boolean;
}

/** What a colour is for, as an SGR code (ECMA-48). */
const colors = {
  constant: 36,
  text: 35,
  path: 32,
  function: 34,
  error: 31,
} as const;

/** Deeper than this nothing is shown, so that what is endlessly deep ends with an error. */
const deepest = 10_000;

const drvPathSym = intern("drvPath");

/** Throws when the value itself fails; what fails inside of it is shown as an error. */
export function printForRepl(evaluator: Evaluator, slot: Slot, options: PrintOptions): string {
  return new ReplPrinter(evaluator, options).print(slot, 0, "");
}

class ReplPrinter {
  private readonly evaluator: Evaluator;
  private readonly options: PrintOptions;
  private readonly seen = new Set<object>();

  constructor(evaluator: Evaluator, options: PrintOptions) {
    this.evaluator = evaluator;
    this.options = options;
  }

  /** `indent`: what stands in front of the lines of the surrounding value. */
  print(slot: Slot, depth: number, indent: string): string {
    try {
      return this.value(force(slot), depth, indent);
    } catch (error) {
      const failure = languageError(error, noPos);
      if (depth === 0 || !(failure instanceof NixError) || failure.kind === "stackOverflow") throw failure;
      return this.color("error", angled(`error: ${failure.message}`));
    }
  }

  private value(value: Value, depth: number, indent: string): string {
    if (depth > deepest) throw callDepthExceeded(noPos);
    if (value instanceof Attrs) return this.attrs(value, depth, indent);
    if (Array.isArray(value)) return this.list(value, depth, indent);
    if (typeof value === "string") return this.color("text", stringLiteral(value));
    if (value instanceof NixString) return this.color("text", stringLiteral(value.text));
    if (value instanceof NixPath) return this.color("path", value.path);
    const isFunction = typeof value === "object" && value !== null;
    return this.color(isFunction ? "function" : "constant", showValue(value));
  }

  private attrs(attrs: Attrs, depth: number, indent: string): string {
    if (attrs.size === 0) return "{ }";
    if (this.isRepeated(attrs)) return this.color("text", angled("repeated"));
    if (isDerivation(attrs)) return this.derivation(attrs);
    if (depth >= this.options.maxDepth) return "{ ... }";
    return this.parts("{", "}", indent, attrs.values, (inner) =>
      [...attrs.entries()].map(
        ([name, slot]) => `${showName(name)} = ${this.print(slot, depth + 1, inner)};`,
      ),
    );
  }

  private list(list: readonly Slot[], depth: number, indent: string): string {
    if (list.length === 0) return "[ ]";
    if (this.isRepeated(list)) return this.color("text", angled("repeated"));
    if (depth >= this.options.maxDepth) return "[ ... ]";
    return this.parts("[", "]", indent, list, (inner) =>
      list.map((element) => this.print(element, depth + 1, inner)),
    );
  }

  /** On one line where it is a single thing without parts of its own. */
  private parts(
    open: string,
    close: string,
    indent: string,
    slots: readonly Slot[],
    print: (inner: string) => string[],
  ): string {
    const inner = `${indent}  `;
    if (slots.length === 1 && !hasParts(slots[0]!)) return `${open} ${print(inner)[0]} ${close}`;
    return `${open}\n${print(inner)
      .map((part) => `${inner}${part}\n`)
      .join("")}${indent}${close}`;
  }

  private derivation(attrs: Attrs): string {
    const slot = attrs.get(drvPathSym);
    if (slot === undefined) return this.color("path", angled("derivation"));
    const what = "the drvPath of a derivation";
    const path = this.evaluator.coerceToPath(slot, attrs.positionOf(drvPathSym), what, new Set());
    return this.color("path", angled(`derivation ${path}`));
  }

  private isRepeated(value: object): boolean {
    if (this.seen.has(value)) return true;
    this.seen.add(value);
    return false;
  }

  private color(name: keyof typeof colors, text: string): string {
    return this.options.colors ? `\x1b[${colors[name]}m${text}\x1b[0m` : text;
  }
}

/** Whether the value is a set or a list; false also when it fails. */
function hasParts(slot: Slot): boolean {
  try {
    const value = force(slot);
    return value instanceof Attrs || Array.isArray(value);
  } catch (error) {
    if (languageError(error, noPos) instanceof NixError) return false;
    throw error;
  }
}

function angled(text: string): string {
  return `${fromText("\u00ab")}${text}${fromText("\u00bb")}`;
}
