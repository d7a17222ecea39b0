/** Strings and paths out of other values (Nix manual, "String interpolation" and `builtins.toString`). */
import type { Pos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import { apply } from "./call.ts";
import type { CallDepth } from "./call-depth.ts";
import { isList } from "./checks.ts";
import { NixError } from "./errors.ts";
import type { CoercionOptions } from "./evaluator.ts";
import { floatToString } from "./numbers.ts";
import { normalisePath } from "./paths.ts";
import { describeType, showBriefly } from "./print.ts";
import { Attrs, force, type List, NixPath, NixString, type Slot, type Value } from "./value.ts";

const toStringSym = intern("__toString");
const outPath = intern("outPath");

/** Copies a path to the store and returns its store path. */
export type CopyToStore = (path: string) => string;

export class Coercion {
  private readonly copyToStore: CopyToStore;
  private readonly callDepth: CallDepth | undefined;
  constructor(copyToStore: CopyToStore, callDepth: CallDepth | undefined) {
    this.copyToStore = copyToStore;
    this.callDepth = callDepth;
  }

  /** Adds what the string refers to to `context`. `what` continues "while evaluating". */
  toText(slot: Slot, pos: Pos, what: string, context: Set<string>, options: CoercionOptions): string {
    const value = force(slot);
    if (typeof value === "string") return value;
    if (value instanceof NixString) {
      for (const element of value.context) context.add(element);
      return value.text;
    }
    if (value instanceof NixPath) {
      if (!options.copyToStore) return value.path;
      const storePath = this.copyToStore(normalisePath(value.path));
      context.add(storePath);
      return storePath;
    }
    if (value instanceof Attrs) {
      const peeled = this.peel(value, (inner, innerPos) =>
        this.toText(inner, innerPos, what, context, options),
      );
      if (peeled !== undefined) return peeled;
    } else if (options.coerceMore) {
      const text = simpleText(value);
      if (text !== undefined) return text;
      if (isList(value)) return this.listText(value, pos, what, context, options);
    }
    throw notCoercible(value, pos, what);
  }

  /** An absolute, normalised path from a path or an absolute string. */
  toPath(slot: Slot, pos: Pos, what: string, context: Set<string>): string {
    const value = force(slot);
    if (value instanceof NixPath) return normalisePath(value.path);
    if (value instanceof Attrs) {
      const peeled = this.peel(value, (inner, innerPos) => this.toPath(inner, innerPos, what, context));
      if (peeled !== undefined) return peeled;
    }
    const path = this.toText(value, pos, what, context, { coerceMore: false, copyToStore: false });
    if (!path.startsWith("/")) {
      throw new NixError("eval", `string '${path}' doesn't represent an absolute path`).addTrace(
        pos,
        `while evaluating ${what}`,
      );
    }
    return normalisePath(path);
  }

  /** What stands for a set: the result of its `__toString`, or its `outPath`. */
  private peel<T>(attrs: Attrs, use: (slot: Slot, pos: Pos) => T): T | undefined {
    const method = attrs.get(toStringSym);
    if (method !== undefined) {
      const pos = attrs.positionOf(toStringSym);
      let result: Value;
      try {
        const call = (): Value => apply(force(method), attrs, pos);
        result = this.callDepth === undefined ? call() : this.callDepth.within(pos, call);
      } catch (error) {
        if (error instanceof NixError) error.addTrace(pos, "while calling the `__toString` attribute");
        throw error;
      }
      return this.use(result, pos, "the result of the `__toString` attribute", use);
    }
    const path = attrs.get(outPath);
    if (path === undefined) return undefined;
    return this.use(path, attrs.positionOf(outPath), "the `outPath` attribute", use);
  }

  private use<T>(slot: Slot, pos: Pos, what: string, use: (slot: Slot, pos: Pos) => T): T {
    try {
      return use(slot, pos);
    } catch (error) {
      if (error instanceof NixError) error.addTrace(pos, `while evaluating ${what}`);
      throw error;
    }
  }

  private listText(
    list: List,
    pos: Pos,
    what: string,
    context: Set<string>,
    options: CoercionOptions,
  ): string {
    let text = "";
    for (let i = 0; i < list.length; i++) {
      try {
        text += this.toText(list[i]!, pos, "one element of the list", context, options);
      } catch (error) {
        if (error instanceof NixError) error.addTrace(pos, `while evaluating ${what}`);
        throw error;
      }
      // An empty list leaves no space behind it: a quirk that store paths depend on.
      const element = force(list[i]!);
      if (i < list.length - 1 && !(isList(element) && element.length === 0)) text += " ";
    }
    return text;
  }
}

/** What `toString` makes of the values that are no strings; undefined for lists, sets and functions. */
function simpleText(value: Value): string | undefined {
  if (value === null || value === false) return "";
  if (value === true) return "1";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return floatToString(value);
  return undefined;
}

function notCoercible(value: Value, pos: Pos, what: string): NixError {
  const message = `cannot coerce ${describeType(value)} to a string: ${showBriefly(value)}`;
  return new NixError("type", message).addTrace(pos, `while evaluating ${what}`);
}
