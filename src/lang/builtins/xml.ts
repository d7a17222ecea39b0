/** Values as XML: `builtins.toXML` and `nix-instantiate --xml`. */
import { isList } from "../eval/checks.ts";
import { isDerivation } from "../eval/equality.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { printValue } from "../eval/print.ts";
import { callDepthExceeded, languageError } from "../eval/stack.ts";
import {
  Attrs,
  force,
  Lambda,
  NixPath,
  NixString,
  type Slot,
  stringValue,
  Thunk,
  type Value,
} from "../eval/value.ts";
import { noPos, type Pos, resolvePos } from "../syntax/positions.ts";
import { intern, symbolName } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";

const [drvPathSym, outPathSym] = [intern("drvPath"), intern("outPath")];

export function xmlFamily(_evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "toXML",
      arity: 1,
      doc: "A value, everything inside forced, as XML text.",
      fn: (slot) => {
        const context = new Set<string>();
        const text = printXml(slot, { strict: true, locations: false, context });
        return stringValue(text, context);
      },
    },
  ];
}

export interface XmlPrintOptions {
  /** Forces everything; otherwise what is not computed is `<unevaluated />`. */
  readonly strict: boolean;
  /** Adds where attributes and functions are defined. */
  readonly locations: boolean;
  /** Collects what the strings refer to. */
  readonly context: Set<string>;
}

export function printXml(slot: Slot, options: XmlPrintOptions): string {
  const printer = new XmlPrinter(options);
  try {
    printer.document(slot);
  } catch (error) {
    throw languageError(error, noPos);
  }
  return printer.text();
}

type XmlAttributes = readonly (readonly [name: string, value: string])[];

/** Values that are nested deeper have no XML. Nix would print until memory or disk are full, and a value may contain itself. */
const deepest = 10_000;

/** So many pieces of text are put together at a time. */
const chunkSize = 4096;

class XmlPrinter {
  /** What was printed, in large pieces: as one string that grows, each small piece would stay an object of its own. */
  private readonly chunks: string[] = [];
  private pieces: string[] = ["<?xml version='1.0' encoding='utf-8'?>\n"];
  private readonly options: XmlPrintOptions;
  private indentation = "";
  private depth = 0;
  /** Derivations that were printed in full. */
  private readonly derivations = new Set<string>();

  constructor(options: XmlPrintOptions) {
    this.options = options;
  }

  text(): string {
    return this.chunks.join("") + this.pieces.join("");
  }

  document(slot: Slot): void {
    this.element("expr", [], () => this.print(slot));
  }

  private print(slot: Slot): void {
    if (this.depth >= deepest) throw callDepthExceeded(noPos);
    this.depth++;
    this.value(this.evaluated(slot));
    this.depth--;
  }

  private value(value: Value | undefined): void {
    if (value instanceof Attrs) {
      this.attrs(value);
    } else if (value instanceof Lambda) {
      this.lambda(value);
    } else if (value !== undefined && isList(value)) {
      this.open("<list>");
      for (const element of value) this.print(element);
      this.close("</list>");
    } else {
      this.line(this.scalar(value));
    }
  }

  /** The element for a value without parts. */
  private scalar(value: Value | undefined): string {
    if (value === null) return "<null />";
    switch (typeof value) {
      case "boolean":
        return value ? '<bool value="true" />' : '<bool value="false" />';
      case "bigint":
        return `<int value="${value}" />`;
      case "number":
        return `<float value="${printValue(value)}" />`;
      case "string":
        return `<string value="${escaped(value)}" />`;
      default:
    }
    if (value instanceof NixString) {
      for (const element of value.context) this.options.context.add(element);
      return `<string value="${escaped(value.text)}" />`;
    }
    return value instanceof NixPath ? `<path value="${escaped(value.path)}" />` : "<unevaluated />";
  }

  /** Undefined: not computed, and not to be. */
  private evaluated(slot: Slot): Value | undefined {
    const isPending = slot instanceof Thunk && slot.code !== null;
    return isPending && !this.options.strict ? undefined : force(slot);
  }

  private attrs(attrs: Attrs): void {
    if (!isDerivation(attrs)) {
      this.open("<attrs>");
      this.members(attrs);
      this.close("</attrs>");
      return;
    }
    const drvPath = this.stringAttribute(attrs.get(drvPathSym));
    const outPath = this.stringAttribute(attrs.get(outPathSym));
    const attributes: (readonly [string, string])[] = [];
    if (drvPath !== undefined) attributes.push(["drvPath", drvPath]);
    if (outPath !== undefined) attributes.push(["outPath", outPath]);
    this.element("derivation", attributes, () => {
      if (drvPath === undefined || drvPath === "" || this.derivations.has(drvPath)) {
        this.empty("repeated");
        return;
      }
      this.derivations.add(drvPath);
      this.members(attrs);
    });
  }

  private stringAttribute(slot: Slot | undefined): string | undefined {
    const value = slot === undefined ? undefined : this.evaluated(slot);
    if (value instanceof NixString) return value.text;
    return typeof value === "string" ? value : undefined;
  }

  private members(attrs: Attrs): void {
    const { shape, values } = attrs;
    const positions = this.options.locations ? attrs.positions : undefined;
    for (const index of shape.byName) {
      const name = symbolName(shape.symbols[index]!);
      const located = this.options.locations
        ? attributeText([...this.location(positions?.[index] ?? noPos), ["name", name]])
        : ` name="${escaped(name)}"`;
      this.open(`<attr${located}>`);
      this.print(values[index]!);
      this.close("</attr>");
    }
  }

  private lambda({ code }: Lambda): void {
    this.element("function", this.location(code.pos), () => {
      const { formals, argName } = code;
      const name: XmlAttributes = argName === undefined ? [] : [["name", symbolName(argName)]];
      if (formals === undefined) {
        this.empty("varpat", name);
        return;
      }
      const attributes: XmlAttributes = code.ellipsis ? [["ellipsis", "1"], ...name] : name;
      this.element("attrspat", attributes, () => {
        const names = formals.map((formal) => symbolName(formal.name)).sort((a, b) => (a < b ? -1 : 1));
        for (const formal of names) this.empty("attr", [["name", formal]]);
      });
    });
  }

  private location(pos: Pos): (readonly [string, string])[] {
    const at = this.options.locations ? resolvePos(pos) : undefined;
    if (at === undefined) return [];
    const { origin } = at.source;
    const path: XmlAttributes = origin.kind === "file" ? [["path", origin.path]] : [];
    return [["column", String(at.column)], ["line", String(at.line)], ...path];
  }

  private element(name: string, attributes: XmlAttributes, content: () => void): void {
    this.open(`<${name}${attributeText(attributes)}>`);
    content();
    this.close(`</${name}>`);
  }

  private empty(name: string, attributes: XmlAttributes = []): void {
    this.line(`<${name}${attributeText(attributes)} />`);
  }

  private open(tag: string): void {
    this.line(tag);
    this.indentation += "  ";
  }

  private close(tag: string): void {
    this.indentation = this.indentation.slice(2);
    this.line(tag);
  }

  private line(text: string): void {
    this.pieces.push(this.indentation, text, "\n");
    if (this.pieces.length < chunkSize) return;
    this.chunks.push(this.pieces.join(""));
    this.pieces = [];
  }
}

const entities: Readonly<Record<string, string>> = {
  '"': "&quot;",
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  // Or a reader would make a space of it (XML 1.0, section 3.3.3).
  "\n": "&#xA;",
};

function escaped(text: string): string {
  return text.replace(/["<>&\n]/g, (character) => entities[character]!);
}

/** In the order of their names. */
function attributeText(attributes: XmlAttributes): string {
  const ordered = attributes.length < 2 ? attributes : [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
  return ordered.map(([name, value]) => ` ${name}="${escaped(value)}"`).join("");
}
