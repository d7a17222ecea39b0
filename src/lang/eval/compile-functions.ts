/** Functions and their calls. */
import type { Expr, LambdaExpr } from "../syntax/ast.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import { type Sym, symbolName } from "../syntax/symbols.ts";
import { apply, applyAll, applyOther, applyThree, applyTwo, tracedCall } from "./call.ts";
import { unexpectedType } from "./checks.ts";
import { type Compiler, makeSlot, type Recipe } from "./code.ts";
import { NixError } from "./errors.ts";
import { ArrayFrame, Frame1, Frame2, Frame3, maxFields, newFields, setField } from "./frames.ts";
import { NamesScope, type Scope } from "./scope.ts";
import type { Shape } from "./shape.ts";
import { nearMisses } from "./suggestions.ts";
import {
  Attrs,
  type Closed,
  type Code,
  type Env,
  force,
  Lambda,
  type LambdaCode,
  type Slot,
  type Value,
} from "./value.ts";

/**
 * `x: body`. The functions of `x: y: z: body` share one environment as far as it has fields: each copies what the
 * one before it has, which is less than a chain of environments.
 */
class SimpleFunction implements LambdaCode {
  readonly pos: Pos;
  readonly name: string | undefined;
  readonly formals = undefined;
  readonly ellipsis = false;
  readonly argName: Sym;
  readonly inner: LambdaCode | undefined;
  readonly closed: Closed;
  /** How many arguments are in the environment that the function is made in, to be copied. */
  private readonly copied: number;
  /** The function that is the body, where that one copies this one's arguments. */
  private readonly next: SimpleFunction | undefined;
  /** Compiled at the first call. */
  private body: Code;

  /** `scope` is that of the function's environment, `names` those in it that are copied. */
  constructor(compiler: Compiler, expr: LambdaExpr, scope: Scope, names: readonly Sym[] = []) {
    this.closed = { expr, scope };
    this.pos = expr.pos;
    this.name = expr.name === undefined ? undefined : symbolName(expr.name);
    this.argName = expr.arg!;
    this.copied = names.length;
    const all = [...names, this.argName];
    const bodyScope = new NamesScope(all, names.length === 0 ? scope : scope.up!);
    const { body } = expr;
    if (body.kind === "lambda") {
      const copying = body.formals === undefined && all.length < maxFields;
      this.next = copying ? new SimpleFunction(compiler, body, bodyScope, all) : undefined;
      const inner = this.next ?? functionCode(compiler, body, bodyScope);
      this.inner = inner;
      this.body = (env) => new Lambda(inner, env);
    } else {
      this.inner = undefined;
      this.next = undefined;
      this.body = (env) => {
        this.body = compiler.compile(body, bodyScope);
        return this.body(env);
      };
    }
  }

  call(env: Env, arg: Slot): Value {
    return this.body(this.frame(env, arg));
  }

  callTwo(env: Env, first: Slot, second: Slot): Value {
    const { next } = this;
    if (next === undefined) return this.inner!.call(this.frame(env, first), second);
    if (this.copied === 0) return next.body(new Frame2(env, first, second));
    return next.body(new Frame3(env.up, (env as Frame1).a, first, second));
  }

  private frame(env: Env, arg: Slot): Env {
    switch (this.copied) {
      case 0:
        return new Frame1(env, arg);
      case 1:
        return new Frame2(env.up, (env as Frame1).a, arg);
      default:
        return new Frame3(env.up, (env as Frame2).a, (env as Frame2).b, arg);
    }
  }
}

interface FormalCode {
  readonly name: Sym;
  readonly fallback: Recipe | undefined;
}

/** `{ a, b ? 1, ... } @ args: body` */
class SetFunction implements LambdaCode {
  readonly pos: Pos;
  readonly name: string | undefined;
  readonly formals: readonly { readonly name: Sym; readonly pos: Pos; readonly hasDefault: boolean }[];
  readonly ellipsis: boolean;
  readonly inner = undefined;
  readonly closed: Closed;
  readonly argName: Sym | undefined;
  private readonly compiler: Compiler;
  private readonly expr: LambdaExpr;
  private readonly scope: NamesScope;
  /** 1 when the whole set has a name (`@ args`), which then is the first slot. */
  private readonly offset: 0 | 1;
  private compiled: { readonly formals: readonly FormalCode[]; readonly body: Code } | undefined;
  /** Where the formals are in the last set that was passed, by its shape; -1: not there. */
  private cachedShape: Shape | undefined;
  private cachedIndices: readonly number[] = [];

  constructor(compiler: Compiler, expr: LambdaExpr, scope: Scope) {
    this.compiler = compiler;
    this.expr = expr;
    this.closed = { expr, scope };
    this.pos = expr.pos;
    this.name = expr.name === undefined ? undefined : symbolName(expr.name);
    const { list, ellipsis } = expr.formals!;
    this.ellipsis = ellipsis;
    this.argName = expr.arg;
    this.formals = list.map((formal) => ({
      name: formal.name,
      pos: formal.pos,
      hasDefault: formal.default !== undefined,
    }));
    const names = list.map((formal) => formal.name);
    this.offset = expr.arg === undefined ? 0 : 1;
    this.scope = new NamesScope(expr.arg === undefined ? names : [expr.arg, ...names], scope);
  }

  call(up: Env, arg: Slot): Value {
    const attrs = this.argument(arg);
    const { formals, body } = this.compiled ?? this.compile();
    const indices = attrs.shape === this.cachedShape ? this.cachedIndices : this.match(attrs);
    const offset = this.offset;
    const count = formals.length;
    if (count + offset <= maxFields) {
      const env = newFields(up, count + offset);
      if (offset === 1) setField(env, 0, arg);
      for (let i = 0; i < count; i++) {
        const index = indices[i]!;
        const slot = index >= 0 ? attrs.values[index]! : makeSlot(formals[i]!.fallback!, env);
        setField(env, i + offset, slot);
      }
      return body(env);
    }
    const slots: Slot[] = new Array(count + offset);
    const env = new ArrayFrame(up, slots);
    if (offset === 1) slots[0] = arg;
    for (let i = 0; i < count; i++) {
      const index = indices[i]!;
      slots[i + offset] = index >= 0 ? attrs.values[index]! : makeSlot(formals[i]!.fallback!, env);
    }
    return body(env);
  }

  callTwo(env: Env, first: Slot, second: Slot): Value {
    return apply(this.call(env, first), second, noPos);
  }

  private argument(arg: Slot): Attrs {
    try {
      const value = force(arg);
      if (value instanceof Attrs) return value;
      throw unexpectedType("a set", value);
    } catch (error) {
      if (error instanceof NixError) {
        error.addTrace(this.pos, "while evaluating the value passed for the lambda argument");
        error.refusedBy = this;
      }
      throw error;
    }
  }

  private compile(): { readonly formals: readonly FormalCode[]; readonly body: Code } {
    const formals = this.expr.formals!.list.map((formal) => ({
      name: formal.name,
      fallback: formal.default && this.compiler.delay(formal.default, this.scope),
    }));
    this.compiled = { formals, body: this.compiler.compile(this.expr.body, this.scope) };
    return this.compiled;
  }

  /** Where each formal is in sets of this shape; fails when one is missing or the set has others. */
  private match(attrs: Attrs): readonly number[] {
    const { shape } = attrs;
    let used = 0;
    const indices = this.formals.map((formal) => {
      const index = shape.indexOf(formal.name);
      if (index >= 0) used++;
      else if (!formal.hasDefault) throw this.missing(formal.name);
      return index;
    });
    if (!this.ellipsis && used !== shape.symbols.length) throw this.unexpected(attrs);
    this.cachedShape = shape;
    this.cachedIndices = indices;
    return indices;
  }

  private get description(): string {
    return this.name ?? "anonymous lambda";
  }

  private missing(name: Sym): NixError {
    const message = `function '${this.description}' called without required argument '${symbolName(name)}'`;
    return this.refusal(new NixError("missingArgument", message, { pos: this.pos }));
  }

  private unexpected(attrs: Attrs): NixError {
    const known = new Set(this.formals.map((formal) => symbolName(formal.name)));
    const surplus = attrs.names().find((name) => !known.has(name))!;
    const message = `function '${this.description}' called with unexpected argument '${surplus}'`;
    const suggestions = nearMisses(surplus, known);
    return this.refusal(new NixError("type", message, { pos: this.pos, suggestions }));
  }

  private refusal(error: NixError): NixError {
    error.refusedBy = this;
    return error;
  }
}

function functionCode(compiler: Compiler, expr: LambdaExpr, scope: Scope): LambdaCode {
  return expr.formals === undefined
    ? new SimpleFunction(compiler, expr, scope)
    : new SetFunction(compiler, expr, scope);
}

/** Makes the function value. Its code is shared by all closures of the expression. */
export function functionRecipe(compiler: Compiler, expr: LambdaExpr, scope: Scope): (env: Env) => Lambda {
  const code = functionCode(compiler, expr, scope);
  return (env) => new Lambda(code, env);
}

export function compileCall(compiler: Compiler, expr: Extract<Expr, { kind: "call" }>, scope: Scope): Code {
  const { pos } = expr;
  const fn = compiler.compile(expr.fn, scope);
  const args = expr.args.map((arg) => compiler.delay(arg, scope));
  switch (args.length) {
    case 1:
      return callOne(fn, args[0]!, pos);
    case 2:
      return callTwo(fn, args[0]!, args[1]!, pos);
    case 3:
      return callThree(fn, args[0]!, args[1]!, args[2]!, pos);
    default:
      return callMany(fn, args, pos);
  }
}

function callOne(fnCode: Code, argRecipe: Recipe, pos: Pos): Code {
  return (env) => {
    const fn = fnCode(env);
    const arg = makeSlot(argRecipe, env);
    if (fn instanceof Lambda) {
      try {
        return fn.code.call(fn.env, arg);
      } catch (error) {
        throw tracedCall(error, fn.code, pos);
      }
    }
    return applyOther(fn, arg, pos);
  };
}

function callTwo(fnCode: Code, firstRecipe: Recipe, secondRecipe: Recipe, pos: Pos): Code {
  return (env) => {
    const fn = fnCode(env);
    return applyTwo(fn, makeSlot(firstRecipe, env), makeSlot(secondRecipe, env), pos);
  };
}

function callThree(
  fnCode: Code,
  firstRecipe: Recipe,
  secondRecipe: Recipe,
  thirdRecipe: Recipe,
  pos: Pos,
): Code {
  return (env) => {
    const fn = fnCode(env);
    const first = makeSlot(firstRecipe, env);
    const second = makeSlot(secondRecipe, env);
    return applyThree(fn, first, second, makeSlot(thirdRecipe, env), pos);
  };
}

function callMany(fnCode: Code, recipes: readonly Recipe[], pos: Pos): Code {
  const count = recipes.length;
  return (env) => {
    const fn = fnCode(env);
    const args: Slot[] = new Array(count);
    for (let i = 0; i < count; i++) args[i] = makeSlot(recipes[i]!, env);
    return applyAll(fn, args, pos);
  };
}
