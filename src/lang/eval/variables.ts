/**
 * The check that every variable is defined, before anything is evaluated: an undefined variable is an error of
 * the whole file, even in code that never runs.
 */
import type { AttrName, AttrsExpr, Expr, LambdaExpr, VarExpr } from "../syntax/ast.ts";
import { type Sym, symbolName } from "../syntax/symbols.ts";
import { NixError } from "./errors.ts";
import type { GlobalScope } from "./scope.ts";

export function checkVariables(expr: Expr, globals: GlobalScope): void {
  try {
    new VariableCheck(globals).expr(expr);
  } catch (error) {
    bound.fill(0);
    throw error;
  }
}

/** By symbol: how many of the scopes around the expression that is checked bind it. Zeros when none is checked. */
const bound: number[] = [];

class VariableCheck {
  private readonly globals: GlobalScope;
  private withs = 0;

  constructor(globals: GlobalScope) {
    this.globals = globals;
  }

  expr(expr: Expr): void {
    switch (expr.kind) {
      case "int":
      case "float":
      case "string":
      case "path":
      case "curPos":
        return;
      case "var":
        this.variable(expr);
        return;
      case "select":
        this.expr(expr.subject);
        this.path(expr.path);
        if (expr.default !== undefined) this.expr(expr.default);
        return;
      case "hasAttr":
        this.expr(expr.subject);
        this.path(expr.path);
        return;
      case "attrs":
        this.bindings(expr, expr.recursive);
        return;
      case "list":
        for (const element of expr.elements) this.expr(element);
        return;
      case "lambda":
        this.lambda(expr);
        return;
      case "call":
        this.expr(expr.fn);
        for (const arg of expr.args) this.expr(arg);
        return;
      case "let":
        this.bindings(expr.attrs, true, expr.body);
        return;
      case "with":
        this.expr(expr.scope);
        this.withs++;
        this.expr(expr.body);
        this.withs--;
        return;
      case "if":
        this.expr(expr.condition);
        this.expr(expr.then);
        this.expr(expr.else);
        return;
      case "assert":
        this.expr(expr.condition);
        this.expr(expr.body);
        return;
      case "not":
        this.expr(expr.operand);
        return;
      case "binary":
        this.expr(expr.left);
        this.expr(expr.right);
        return;
      case "concatStrings":
        for (const part of expr.parts) this.expr(part);
        return;
    }
  }

  private variable(expr: VarExpr): void {
    if (this.withs > 0 || isBound(expr.name) || this.globals.find(expr.name) !== undefined) return;
    const name = symbolName(expr.name);
    throw new NixError("undefinedVariable", `undefined variable '${name}'`, { pos: expr.pos });
  }

  private path(path: readonly AttrName[]): void {
    for (const name of path) if (name.kind === "dynamic") this.expr(name.expr);
  }

  private lambda(expr: LambdaExpr): void {
    const formals = expr.formals?.list ?? [];
    if (expr.arg !== undefined) bind(expr.arg);
    for (const formal of formals) bind(formal.name);
    for (const formal of formals) if (formal.default !== undefined) this.expr(formal.default);
    this.expr(expr.body);
    for (const formal of formals) unbind(formal.name);
    if (expr.arg !== undefined) unbind(expr.arg);
  }

  /** The names of a recursive set or `let` are also seen by its values, and by `body` where it has one. */
  private bindings(expr: AttrsExpr, recursive: boolean, body?: Expr): void {
    // `inherit x;` takes the variable from outside, before the new names hide it.
    for (const binding of expr.bindings) if (binding.kind === "inherit") this.variable(binding.value);
    if (recursive) for (const binding of expr.bindings) bind(binding.name);
    for (const from of expr.inheritFrom) this.expr(from);
    for (const binding of expr.bindings) if (binding.kind === "plain") this.expr(binding.value);
    for (const attr of expr.dynamic) {
      this.expr(attr.name);
      this.expr(attr.value);
    }
    if (body !== undefined) this.expr(body);
    if (recursive) for (const binding of expr.bindings) unbind(binding.name);
  }
}

function isBound(name: Sym): boolean {
  return name < bound.length && bound[name]! > 0;
}

function bind(name: Sym): void {
  // Filled up to the symbol, so that it stays an array without holes.
  while (bound.length <= name) bound.push(0);
  bound[name]!++;
}

function unbind(name: Sym): void {
  bound[name]!--;
}
