/** Variables, `let` and `with`. */
import type { Expr, VarExpr } from "../syntax/ast.ts";
import type { Pos } from "../syntax/positions.ts";
import { symbolName } from "../syntax/symbols.ts";
import { forceAttrs } from "./checks.ts";
import { type Compiler, constantRecipe, forceAt, makeSlot, type Recipe, replacesThunk } from "./code.ts";
import { NixError } from "./errors.ts";
import { type ArrayFrame, Frame1, type Frame2, type Frame3, outward, type Place } from "./frames.ts";
import { type Address, resolve, type Scope, WithScope } from "./scope.ts";
import type { Shape } from "./shape.ts";
import { Attrs, type Code, type Env, type Slot, Thunk, ThunkCode, type Value } from "./value.ts";

type SlotAddress = Extract<Address, { kind: "slot" }>;

export function addressOf(expr: VarExpr, scope: Scope): Address {
  const address = resolve(expr.name, scope);
  if (address !== undefined) return address;
  const name = symbolName(expr.name);
  throw new NixError("undefinedVariable", `undefined variable '${name}'`, { pos: expr.pos });
}

export function compileVariable(expr: VarExpr, scope: Scope): Code {
  const address = addressOf(expr, scope);
  switch (address.kind) {
    case "constant":
      return constantCode(address.slot, expr);
    case "slot":
      return slotCode(address, expr);
    case "with":
      return withCode(address.depths, expr);
  }
}

/** A variable's own slot, so that it keeps its identity; a thunk where the slot is not there yet. */
export function delayVariable(expr: VarExpr, scope: Scope): Recipe {
  const address = addressOf(expr, scope);
  switch (address.kind) {
    case "constant":
      return constantRecipe(address.slot);
    case "with":
      return new ThunkCode(withCode(address.depths, expr));
    case "slot":
      return slotReader(address, new ThunkCode(slotCode(address, expr)));
  }
}

/**
 * The slot of the variable. Where a `let` or `rec` has not come to it yet, a thunk of `later`. (Null is a value like
 * any other.)
 */
function slotReader({ depth, index, fields }: SlotAddress, later: ThunkCode): (env: Env) => Slot {
  if (!fields) {
    return (env) => {
      const slot = (outward(env, depth) as ArrayFrame).slots[index];
      return slot === undefined ? new Thunk(later, env) : slot;
    };
  }
  switch (index) {
    case 0:
      if (depth === 0) return (env) => settled((env as Frame1).a, later, env);
      return (env) => settled((outward(env, depth) as Frame1).a, later, env);
    case 1:
      if (depth === 0) return (env) => settled((env as Frame2).b, later, env);
      return (env) => settled((outward(env, depth) as Frame2).b, later, env);
    default:
      return (env) => settled((outward(env, depth) as Frame3).c, later, env);
  }
}

function settled(slot: Place, later: ThunkCode, env: Env): Slot {
  return slot === undefined ? new Thunk(later, env) : slot;
}

/** What is in the variable's slot, undefined where nothing is yet. */
export function placeReader({ depth, index, fields }: SlotAddress): (env: Env) => Place {
  if (!fields) return (env) => (outward(env, depth) as ArrayFrame).slots[index];
  switch (index) {
    case 0:
      return (env) => (outward(env, depth) as Frame1).a;
    case 1:
      return (env) => (outward(env, depth) as Frame2).b;
    default:
      return (env) => (outward(env, depth) as Frame3).c;
  }
}

function constantCode(slot: Slot, expr: VarExpr): Code {
  const { pos } = expr;
  if (slot instanceof Thunk) return () => forceAt(slot, pos);
  return () => slot;
}

/**
 * The value of a variable. The slot then holds it, so that the thunk and what it refers to can go. The way to near
 * environments is written out, since it is gone more often than any other.
 */
function slotCode({ depth, index, fields }: SlotAddress, expr: VarExpr): Code {
  const { pos } = expr;
  if (!fields) return valueOfElement(depth, index, pos);
  switch (index) {
    case 0:
      return valueOfFirst(depth, pos);
    case 1:
      return valueOfSecond(depth, pos);
    default:
      return valueOfThird(depth, pos);
  }
}

function valueOfElement(depth: number, index: number, pos: Pos): Code {
  switch (depth) {
    case 0:
      return (env) => element(env, index, pos);
    case 1:
      return (env) => element(env.up, index, pos);
    case 2:
      return (env) => element(env.up.up, index, pos);
    case 3:
      return (env) => element(env.up.up.up, index, pos);
    default:
      return (env) => element(outward(env, depth), index, pos);
  }
}

function element(env: Env, index: number, pos: Pos): Value {
  const { slots } = env as ArrayFrame;
  const slot = slots[index]!;
  if (!(slot instanceof Thunk)) return slot;
  const value = forceAt(slot, pos);
  if (replacesThunk(value)) slots[index] = value;
  return value;
}

function valueOfFirst(depth: number, pos: Pos): Code {
  switch (depth) {
    case 0:
      return (env) => first(env, pos);
    case 1:
      return (env) => first(env.up, pos);
    case 2:
      return (env) => first(env.up.up, pos);
    default:
      return (env) => first(outward(env, depth), pos);
  }
}

function first(env: Env, pos: Pos): Value {
  const slot = (env as Frame1).a!;
  if (!(slot instanceof Thunk)) return slot;
  const value = forceAt(slot, pos);
  if (replacesThunk(value)) (env as Frame1).a = value;
  return value;
}

function valueOfSecond(depth: number, pos: Pos): Code {
  switch (depth) {
    case 0:
      return (env) => second(env, pos);
    case 1:
      return (env) => second(env.up, pos);
    case 2:
      return (env) => second(env.up.up, pos);
    default:
      return (env) => second(outward(env, depth), pos);
  }
}

function second(env: Env, pos: Pos): Value {
  const slot = (env as Frame2).b!;
  if (!(slot instanceof Thunk)) return slot;
  const value = forceAt(slot, pos);
  if (replacesThunk(value)) (env as Frame2).b = value;
  return value;
}

function valueOfThird(depth: number, pos: Pos): Code {
  return (env) => {
    const frame = outward(env, depth) as Frame3;
    const slot = frame.c!;
    if (!(slot instanceof Thunk)) return slot;
    const value = forceAt(slot, pos);
    if (replacesThunk(value)) frame.c = value;
    return value;
  };
}

/** Where a name is in one of the sets of the `with`s around it, as of the last set there. */
class WithLookup {
  readonly depth: number;
  shape: Shape | undefined;
  index = -1;
  constructor(depth: number) {
    this.depth = depth;
  }
}

function withCode(depths: readonly number[], expr: VarExpr): Code {
  const { name, pos } = expr;
  const lookups = depths.map((depth) => new WithLookup(depth));
  return (env) => {
    for (let i = 0; i < lookups.length; i++) {
      const lookup = lookups[i]!;
      const frame = outward(env, lookup.depth) as Frame1;
      let attrs = frame.a!;
      if (!(attrs instanceof Attrs)) {
        attrs = forceAttrs(attrs, pos, "the first subexpression of a with expression");
        frame.a = attrs;
      }
      if (attrs.shape !== lookup.shape) {
        lookup.shape = attrs.shape;
        lookup.index = attrs.shape.indexOf(name);
      }
      if (lookup.index < 0) continue;
      const slot = attrs.values[lookup.index]!;
      return slot instanceof Thunk ? forceAt(slot, pos) : slot;
    }
    throw new NixError("undefinedVariable", `undefined variable '${symbolName(name)}'`, { pos });
  };
}

export function compileWith(compiler: Compiler, expr: Extract<Expr, { kind: "with" }>, scope: Scope): Code {
  const set = compiler.delay(expr.scope, scope);
  const body = compiler.compile(expr.body, new WithScope(scope));
  return (env) => body(new Frame1(env, makeSlot(set, env)));
}
