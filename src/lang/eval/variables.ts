/**
 * The check that every variable is defined, before anything is evaluated: an undefined variable is an error of
 * the whole file, even in code that never runs.
 */
import type { AttrName, AttrsExpr, Expr, LambdaExpr, VarExpr } from "../syntax/ast.ts";
import { type Sym, symbolName } from "../syntax/symbols.ts";
import { NixError } from "./errors.ts";
import type { GlobalScope } from "./scope.ts";

export function checkVariables(expr: Expr, globals: GlobalScope): void {
  new VariableCheck(globals).expr(expr);
}

class VariableCheck {
  private readonly globals: GlobalScope;
  /** How many of the scopes around here bind the name. */
  private readonly bound = new Map<Sym, number>();
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
        this.attrs(expr);
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
        this.bindings(expr.attrs, true, () => this.expr(expr.body));
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
    if (this.withs > 0 || this.bound.has(expr.name) || this.globals.find(expr.name) !== undefined) return;
    const name = symbolName(expr.name);
    throw new NixError("undefinedVariable", `undefined variable '${name}'`, { pos: expr.pos });
  }

  private path(path: readonly AttrName[]): void {
    for (const name of path) if (name.kind === "dynamic") this.expr(name.expr);
  }

  private lambda(expr: LambdaExpr): void {
    const formals = expr.formals?.list ?? [];
    if (expr.arg !== undefined) this.bind(expr.arg);
    for (const formal of formals) this.bind(formal.name);
    for (const formal of formals) if (formal.default !== undefined) this.expr(formal.default);
    this.expr(expr.body);
    for (const formal of formals) this.unbind(formal.name);
    if (expr.arg !== undefined) this.unbind(expr.arg);
  }

  private attrs(expr: AttrsExpr): void {
    this.bindings(expr, expr.recursive, () => {
      for (const attr of expr.dynamic) {
        this.expr(attr.name);
        this.expr(attr.value);
      }
    });
  }

  /** The values of a set or `let`, then what `inside` checks, which sees the names of a recursive one too. */
  private bindings(expr: AttrsExpr, recursive: boolean, inside: () => void): void {
    // `inherit x;` takes the variable from outside, before the new names hide it.
    for (const binding of expr.bindings) if (binding.kind === "inherit") this.expr(binding.value);
    if (recursive) for (const binding of expr.bindings) this.bind(binding.name);
    for (const from of expr.inheritFrom) this.expr(from);
    for (const binding of expr.bindings) if (binding.kind === "plain") this.expr(binding.value);
    inside();
    if (recursive) for (const binding of expr.bindings) this.unbind(binding.name);
  }

  private bind(name: Sym): void {
    this.bound.set(name, (this.bound.get(name) ?? 0) + 1);
  }

  private unbind(name: Sym): void {
    const count = this.bound.get(name)! - 1;
    if (count === 0) this.bound.delete(name);
    else this.bound.set(name, count);
  }
}
