/** What the parts of the compiler share. */
import type { Expr } from "../syntax/ast.ts";
import type { Pos } from "../syntax/positions.ts";
import type { Coercion } from "./coercion.ts";
import { NixError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import { languageError } from "./stack.ts";
import {
  Attrs,
  blackhole,
  type Closed,
  type Code,
  type Env,
  type Slot,
  Thunk,
  ThunkCode,
  type Value,
} from "./value.ts";

/** How a slot is filled: with a thunk of this code, or with what the function gives (a value, a variable's slot). */
export type Recipe = ThunkCode | ((env: Env) => Slot);

export interface Compiler {
  /** Code that computes the value. */
  compile(expr: Expr, scope: Scope): Code;
  /** Code that makes a slot for the value without computing it. */
  delay(expr: Expr, scope: Scope): Recipe;
  readonly coercion: Coercion;
}

export function makeSlot(recipe: Recipe, env: Env): Slot {
  return typeof recipe === "function" ? recipe(env) : new Thunk(recipe, env);
}

export function constantRecipe(slot: Slot): Recipe {
  return () => slot;
}

/** Compiled when it first runs: most code of a large program never does. */
export class DeferredCode extends ThunkCode implements Closed {
  readonly expr: Expr;
  readonly scope: Scope;
  private readonly compiler: Compiler;

  constructor(compiler: Compiler, expr: Expr, scope: Scope) {
    super(runFirst as Code);
    this.compiler = compiler;
    this.expr = expr;
    this.scope = scope;
  }

  compile(): Code {
    const code = this.compiler.compile(this.expr, this.scope);
    this.run = code;
    return code;
  }
}

function runFirst(this: DeferredCode, env: Env): Value {
  return this.compile()(env);
}

/** Forces a thunk for code at `pos`, which an endless recursion names. */
export function forceAt(thunk: Thunk, pos: Pos): Value {
  const code = thunk.code;
  if (code === null) return thunk.content as Value;
  if (code === blackhole) throw new NixError("infiniteRecursion", "infinite recursion encountered", { pos });
  const content = thunk.content;
  thunk.code = blackhole;
  thunk.content = null;
  try {
    const value = code.run(content as Env);
    thunk.content = value;
    thunk.code = null;
    return value;
  } catch (error) {
    thunk.code = code;
    thunk.content = content;
    throw error;
  }
}

/**
 * Whether a slot may hold the value itself instead of its computed thunk. Not for functions: their equality is
 * that of the slot.
 */
export function replacesThunk(value: Value): boolean {
  if (typeof value !== "object") return typeof value !== "number";
  return value === null || value instanceof Attrs || Array.isArray(value);
}

/**
 * What a slot may be replaced by where another slot refers to it: its value when it is computed, undefined when it
 * is not or is a function, whose slot has to stay its own.
 */
export function computedValue(slot: Slot): Value | undefined {
  if (slot instanceof Thunk) {
    if (slot.code !== null) return undefined;
    const value = slot.content as Value;
    return replacesThunk(value) ? value : undefined;
  }
  return replacesThunk(slot) ? slot : undefined;
}

/** Adds a frame to the trace of what was thrown. */
export function framed(error: unknown, pos: Pos, message: string): unknown {
  const failure = languageError(error, pos);
  if (failure instanceof NixError) failure.addTrace(pos, message);
  return failure;
}
