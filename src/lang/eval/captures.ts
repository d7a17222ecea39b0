/**
 * What an expression takes from around it: its free variables, each narrowed to the attributes that are selected
 * from it. `config.nixpkgs.system` in an expression depends on that one attribute, and not on all of `config`.
 */
import type { AttrName, AttrsExpr, Expr, LambdaExpr } from "../syntax/ast.ts";
import type { Sym } from "../syntax/symbols.ts";
import { type Address, resolve, type Scope } from "./scope.ts";

export interface Capture {
  readonly name: Sym;
  readonly address: Exclude<Address, { kind: "constant" }>;
  /** The attribute that is selected, by the names that lead to it; empty: the variable itself. */
  readonly path: readonly Sym[];
  /** Attributes of that which are hidden: those of `{ ... }` in `variable // { ... }`. */
  readonly hidden: readonly Sym[];
}

/** In the order in which they first stand there. `scope` is what the expression stands in. */
export function capturesOf(expr: Expr, scope: Scope): readonly Capture[] {
  return new Captures(scope).of(expr);
}

class Captures {
  private readonly scope: Scope;
  /** How many of the scopes inside the expression, around here, bind the name. */
  private readonly bound = new Map<Sym, number>();
  private readonly found = new Map<string, Capture>();

  constructor(scope: Scope) {
    this.scope = scope;
  }

  of(expr: Expr): readonly Capture[] {
    this.expr(expr);
    return [...this.found.values()];
  }

  private expr(expr: Expr): void {
    switch (expr.kind) {
      case "int":
      case "float":
      case "string":
      case "path":
      case "curPos":
        return;
      case "var":
      case "select":
        this.operand(expr, []);
        return;
      case "hasAttr":
        this.selection(expr.subject, expr.path, []);
        return;
      case "attrs":
        this.bindings(expr, expr.recursive, () => {
          for (const { name, value } of expr.dynamic) this.all([name, value]);
        });
        return;
      case "list":
        this.all(expr.elements);
        return;
      case "lambda":
        this.lambda(expr);
        return;
      case "call":
        this.all([expr.fn, ...expr.args]);
        return;
      case "let":
        this.bindings(expr.attrs, true, () => this.expr(expr.body));
        return;
      case "with":
        this.all([expr.scope, expr.body]);
        return;
      case "if":
        this.all([expr.condition, expr.then, expr.else]);
        return;
      case "assert":
        this.all([expr.condition, expr.body]);
        return;
      case "not":
        this.expr(expr.operand);
        return;
      case "binary":
        if (expr.op === "//") this.operand(expr.left, namesIn(expr.right));
        else this.expr(expr.left);
        this.expr(expr.right);
        return;
      case "concatStrings":
        this.all(expr.parts);
        return;
    }
  }

  private all(exprs: readonly Expr[]): void {
    for (const expr of exprs) this.expr(expr);
  }

  /** An expression of which the `hidden` attributes don't count. */
  private operand(expr: Expr, hidden: readonly Sym[]): void {
    if (expr.kind === "var") this.variable(expr.name, [], hidden);
    else if (expr.kind === "select" && expr.default === undefined) {
      this.selection(expr.subject, expr.path, hidden);
    } else if (expr.kind === "select") {
      this.selection(expr.subject, expr.path, []);
      this.expr(expr.default!);
    } else this.expr(expr);
  }

  /** The names up to the first one that is computed narrow what is taken. */
  private selection(subject: Expr, path: readonly AttrName[], hidden: readonly Sym[]): void {
    const names: Sym[] = [];
    for (const name of path) {
      if (name.kind === "dynamic") break;
      names.push(name.name);
    }
    for (const name of path) if (name.kind === "dynamic") this.expr(name.expr);
    if (subject.kind !== "var") this.expr(subject);
    else this.variable(subject.name, names, names.length === path.length ? hidden : []);
  }

  private variable(name: Sym, path: readonly Sym[], hidden: readonly Sym[]): void {
    if ((this.bound.get(name) ?? 0) > 0) return;
    const address = resolve(name, this.scope);
    // Not defined around here: a `with` of the expression itself has it.
    if (address === undefined || address.kind === "constant") return;
    this.found.set(`${[name, ...path].join(".")} ${hidden.join(" ")}`, { name, address, path, hidden });
  }

  private lambda(expr: LambdaExpr): void {
    const formals = expr.formals?.list ?? [];
    const names = formals.map((formal) => formal.name);
    if (expr.arg !== undefined) names.push(expr.arg);
    this.binding(names, () => {
      for (const formal of formals) if (formal.default !== undefined) this.expr(formal.default);
      this.expr(expr.body);
    });
  }

  private bindings(expr: AttrsExpr, recursive: boolean, inside: () => void): void {
    for (const binding of expr.bindings) if (binding.kind === "inherit") this.expr(binding.value);
    const names = recursive ? expr.bindings.map((binding) => binding.name) : [];
    this.binding(names, () => {
      for (const binding of expr.bindings) {
        if (binding.kind === "plain") this.expr(binding.value);
        if (binding.kind !== "inheritFrom") continue;
        // `inherit (set) name;` is `set.name`.
        const from = expr.inheritFrom[binding.from]!;
        if (from.kind === "var") this.variable(from.name, [binding.name], []);
        else if (from.kind === "select" && from.default === undefined) {
          const name: AttrName = { kind: "static", pos: binding.pos, name: binding.name };
          this.selection(from.subject, [...from.path, name], []);
        } else this.expr(from);
      }
      inside();
    });
  }

  private binding(names: readonly Sym[], inside: () => void): void {
    for (const name of names) this.bound.set(name, (this.bound.get(name) ?? 0) + 1);
    inside();
    for (const name of names) this.bound.set(name, this.bound.get(name)! - 1);
  }
}

/** The names of a set that is written out. */
function namesIn(expr: Expr): readonly Sym[] {
  return expr.kind === "attrs" ? expr.bindings.map((binding) => binding.name) : [];
}
