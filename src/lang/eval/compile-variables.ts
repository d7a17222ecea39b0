/** Variables, `let` and `with`. */
import type { Expr, VarExpr } from "../syntax/ast.ts";
import { symbolName } from "../syntax/symbols.ts";
import { forceAttrs } from "./checks.ts";
import {
  type Compiler,
  constantRecipe,
  forceAt,
  makeSlot,
  outward,
  type Recipe,
  replacesThunk,
} from "./code.ts";
import { NixError } from "./errors.ts";
import { type Address, resolve, type Scope, WithScope } from "./scope.ts";
import { type Code, type Env, type Shape, type Slot, Thunk, ThunkCode } from "./value.ts";

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
      return slotCode(address.depth, address.index, expr);
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
    case "slot": {
      const { depth, index } = address;
      const code = new ThunkCode(slotCode(depth, index, expr));
      if (depth === 0) return (env) => (env[index] as Slot | undefined) ?? uninitialised(env, 0, index, code);
      if (depth === 1) {
        return (env) => ((env[0] as Env)[index] as Slot | undefined) ?? uninitialised(env, 1, index, code);
      }
      return (env) => {
        const slot = outward(env, depth)[index] as Slot | undefined;
        return slot ?? uninitialised(env, depth, index, code);
      };
    }
  }
}

/** The slot is null (a value like any other), or a `let` or `rec` has not come to it yet. */
function uninitialised(env: Env, depth: number, index: number, code: ThunkCode): Slot {
  return outward(env, depth)[index] === null ? null : new Thunk(code, env);
}

function constantCode(slot: Slot, expr: VarExpr): Code {
  const { pos } = expr;
  if (slot instanceof Thunk) return () => forceAt(slot, pos);
  return () => slot;
}

function slotCode(depth: number, index: number, expr: VarExpr): Code {
  const { pos } = expr;
  switch (depth) {
    case 0:
      return (env) => {
        const slot = env[index] as Slot;
        if (!(slot instanceof Thunk)) return slot;
        const value = forceAt(slot, pos);
        if (replacesThunk(value)) env[index] = value;
        return value;
      };
    case 1:
      return (env) => {
        const scope = env[0] as Env;
        const slot = scope[index] as Slot;
        if (!(slot instanceof Thunk)) return slot;
        const value = forceAt(slot, pos);
        if (replacesThunk(value)) scope[index] = value;
        return value;
      };
    default:
      return (env) => {
        const scope = outward(env, depth);
        const slot = scope[index] as Slot;
        if (!(slot instanceof Thunk)) return slot;
        const value = forceAt(slot, pos);
        if (replacesThunk(value)) scope[index] = value;
        return value;
      };
  }
}

function withCode(depths: readonly number[], expr: VarExpr): Code {
  const { name, pos } = expr;
  let cachedShape: Shape | undefined;
  let cachedIndex = -1;
  return (env) => {
    for (const depth of depths) {
      const scope = outward(env, depth)[1] as Slot;
      const attrs = forceAttrs(scope, pos, "the first subexpression of a with expression");
      if (attrs.shape !== cachedShape) {
        cachedShape = attrs.shape;
        cachedIndex = attrs.shape.indexOf(name);
      }
      if (cachedIndex < 0) continue;
      const slot = attrs.values[cachedIndex]!;
      return slot instanceof Thunk ? forceAt(slot, pos) : slot;
    }
    throw new NixError("undefinedVariable", `undefined variable '${symbolName(name)}'`, { pos });
  };
}

export function compileWith(compiler: Compiler, expr: Extract<Expr, { kind: "with" }>, scope: Scope): Code {
  const set = compiler.delay(expr.scope, scope);
  const body = compiler.compile(expr.body, new WithScope(scope));
  return (env) => body([env, makeSlot(set, env)]);
}
