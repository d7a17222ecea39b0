/** Forcing with a check of the type, with Nix's messages. */
import type { Pos } from "../syntax/positions.ts";
import { describeContextElement } from "./context.ts";
import { NixError } from "./errors.ts";
import { describeType, showBriefly } from "./print.ts";
import {
  Attrs,
  force,
  Lambda,
  type List,
  NixString,
  PrimOp,
  PrimOpApp,
  type Slot,
  type Value,
} from "./value.ts";

export function isFunction(value: Value): value is Lambda | PrimOp | PrimOpApp {
  return value instanceof Lambda || value instanceof PrimOp || value instanceof PrimOpApp;
}

export function isList(value: Value): value is List {
  return Array.isArray(value);
}

/** `expected a set but found an integer: 1` */
export function unexpectedType(expected: string, found: Value, pos?: Pos): NixError {
  return new NixError(
    "type",
    `expected ${expected} but found ${describeType(found)}: ${showBriefly(found)}`,
    { pos },
  );
}

/** Puts `while evaluating <what>` on the trace of a failure. */
export function traced(error: unknown, pos: Pos, what: string): unknown {
  if (error instanceof NixError) error.addTrace(pos, `while evaluating ${what}`);
  return error;
}

export function forceBool(slot: Slot, pos: Pos, what: string): boolean {
  try {
    const value = force(slot);
    if (typeof value === "boolean") return value;
    throw unexpectedType("a Boolean", value, pos);
  } catch (error) {
    throw traced(error, pos, what);
  }
}

export function forceInt(slot: Slot, pos: Pos, what: string): bigint {
  try {
    const value = force(slot);
    if (typeof value === "bigint") return value;
    throw unexpectedType("an integer", value, pos);
  } catch (error) {
    throw traced(error, pos, what);
  }
}

export function forceAttrs(slot: Slot, pos: Pos, what: string): Attrs {
  try {
    const value = force(slot);
    if (value instanceof Attrs) return value;
    throw unexpectedType("a set", value);
  } catch (error) {
    throw traced(error, pos, what);
  }
}

export function forceList(slot: Slot, pos: Pos, what: string): List {
  try {
    const value = force(slot);
    if (isList(value)) return value;
    throw unexpectedType("a list", value);
  } catch (error) {
    throw traced(error, pos, what);
  }
}

/** A function, or a set that can be called (`__functor`). */
export function forceFunction(slot: Slot, pos: Pos, what: string): Value {
  try {
    const value = force(slot);
    if (isFunction(value) || (value instanceof Attrs && value.getByName("__functor") !== undefined)) {
      return value;
    }
    throw unexpectedType("a function", value);
  } catch (error) {
    throw traced(error, pos, what);
  }
}

/** The text; its context goes to `context`, or is refused when that is undefined. */
export function forceString(slot: Slot, pos: Pos, what: string, context: Set<string> | undefined): string {
  try {
    const value = force(slot);
    if (typeof value === "string") return value;
    if (!(value instanceof NixString)) throw unexpectedType("a string", value, pos);
    if (context === undefined) {
      const [element] = value.context;
      const what = `the string '${value.text}' is not allowed to refer to a store path`;
      throw new NixError("eval", `${what} (such as '${element && describeContextElement(element)}')`);
    }
    for (const element of value.context) context.add(element);
    return value.text;
  } catch (error) {
    throw traced(error, pos, what);
  }
}
