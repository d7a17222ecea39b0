/** Compilation of the syntax tree to closures: once for each expression, when it is first needed. */
import type { Expr } from "../syntax/ast.ts";
import { resolvePos } from "../syntax/positions.ts";
import { type CallDepth, compileCountedCall } from "./call-depth.ts";
import { type Compiler, constantRecipe, DeferredCode, makeSlot, type Recipe } from "./code.ts";
import type { Coercion } from "./coercion.ts";
import { compileAttrs, compileLet } from "./compile-attrs.ts";
import { compileCall, functionRecipe } from "./compile-functions.ts";
import {
  compileAssert,
  compileBinary,
  compileIf,
  compileIntrinsic,
  compileNot,
} from "./compile-operators.ts";
import { compileHasAttr, compileSelect, delaySelect } from "./compile-select.ts";
import { compileConcat } from "./compile-strings.ts";
import { compileVariable, compileWith, delayVariable } from "./compile-variables.ts";
import type { Scope } from "./scope.ts";
import { Attrs, type Code, emptyAttrs, type List, NixPath, type Slot, type Value } from "./value.ts";

const emptyList: List = [];

type CompilerOptions = Pick<ClosureCompiler, "coercion" | "show" | "lazyLiterals" | "callDepth">;

export class ClosureCompiler implements Compiler {
  readonly coercion: Coercion;
  /** Prints an expression, for the message of a failed assertion. */
  readonly show: (expr: Expr) => string;
  /** {@link EvalSettings.lazyLiterals} */
  readonly lazyLiterals: boolean;
  /** Undefined: calls aren't counted. */
  readonly callDepth: CallDepth | undefined;

  constructor({ coercion, show, lazyLiterals, callDepth }: CompilerOptions) {
    this.coercion = coercion;
    this.show = show;
    this.lazyLiterals = lazyLiterals;
    this.callDepth = callDepth;
  }

  compile(expr: Expr, scope: Scope): Code {
    switch (expr.kind) {
      case "int":
      case "float":
      case "string":
        return constant(expr.value);
      case "path":
        return constant(new NixPath(expr.value));
      case "curPos":
        return constant(currentPosition(expr));
      case "var":
        return compileVariable(expr, scope);
      case "select":
        return compileSelect(this, expr, scope);
      case "hasAttr":
        return compileHasAttr(this, expr, scope);
      case "attrs":
        return compileAttrs(this, expr, scope);
      case "list":
        return this.list(expr.elements, scope);
      case "lambda":
        return functionRecipe(this, expr, scope);
      case "call":
        return this.call(expr, scope);
      case "let":
        return compileLet(this, expr, scope);
      case "with":
        return compileWith(this, expr, scope);
      case "if":
        return compileIf(this, expr, scope);
      case "assert":
        return compileAssert(this, expr, scope, this.show);
      case "not":
        return compileNot(this, expr, scope);
      case "binary":
        return compileBinary(this, expr, scope);
      case "concatStrings":
        return compileConcat(this, expr, scope);
    }
  }

  delay(expr: Expr, scope: Scope): Recipe {
    switch (expr.kind) {
      case "int":
      case "float":
      case "string":
        return constantRecipe(expr.value);
      case "path":
        return constantRecipe(new NixPath(expr.value));
      case "var":
        return delayVariable(expr, scope);
      case "select":
        return delaySelect(this, expr, scope) ?? new DeferredCode(this, expr, scope);
      case "lambda":
        return this.lazyLiterals ? new DeferredCode(this, expr, scope) : functionRecipe(this, expr, scope);
      case "list":
        return expr.elements.length === 0 ? constantRecipe(emptyList) : new DeferredCode(this, expr, scope);
      case "attrs":
        return expr.bindings.length === 0 && expr.dynamic.length === 0 && !this.lazyLiterals
          ? constantRecipe(emptyAttrs)
          : new DeferredCode(this, expr, scope);
      default:
        return new DeferredCode(this, expr, scope);
    }
  }

  private call(expr: Extract<Expr, { kind: "call" }>, scope: Scope): Code {
    return this.callDepth === undefined
      ? (compileIntrinsic(this, expr, scope) ?? compileCall(this, expr, scope))
      : compileCountedCall(this, expr, scope, this.callDepth);
  }

  private list(elements: readonly Expr[], scope: Scope): Code {
    if (elements.length === 0) return constant(emptyList);
    const recipes = elements.map((element) => this.delay(element, scope));
    const count = recipes.length;
    return (env) => {
      const list: Slot[] = new Array(count);
      for (let i = 0; i < count; i++) list[i] = makeSlot(recipes[i]!, env);
      return list;
    };
  }
}

function constant(value: Value): Code {
  return () => value;
}

/** `__curPos`: file, line and column; null outside of files. */
function currentPosition(expr: Extract<Expr, { kind: "curPos" }>): Value {
  const at = resolvePos(expr.pos);
  if (at === undefined || at.source.origin.kind !== "file") return null;
  return Attrs.fromEntries([
    ["file", at.source.origin.path],
    ["line", BigInt(at.line)],
    ["column", BigInt(at.column)],
  ]);
}
