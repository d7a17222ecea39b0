/**
 * Prints syntax trees as `nix-instantiate --parse` does. Input and output are byte strings.
 * Nix, `src/libexpr/nixexpr.cc`, is the reference.
 */
import { NixError } from "../eval/errors.ts";
import type { AttrName, AttrsExpr, Expr, LambdaExpr } from "./ast.ts";
import { isIdentifierName } from "./characters.ts";
import { toExponential, toFixed } from "./decimals.ts";
import { isReservedWord } from "./identifiers.ts";
import { isStackOverflow } from "./overflow.ts";
import { type Sym, symbolName } from "./symbols.ts";

/** The expression on one line. Throws NixError of kind "stackOverflow" when it is nested too deeply. */
export function printExpr(expr: Expr): string {
  const out: string[] = [];
  try {
    print(expr, out);
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    throw new NixError("stackOverflow", "stack overflow: the expression is nested too deeply to be printed", {
      pos: expr.pos,
      cause: error,
    });
  }
  return out.join("");
}

/** An attribute path, e.g. `a."b c"."${d}"`. */
export function showAttrPath(path: readonly AttrName[]): string {
  const out: string[] = [];
  printPath(path, out);
  return out.join("");
}

/** A name as it can be written in source: quoted when it is no identifier. */
export function showName(name: string): string {
  return isIdentifierName(name) && !isReservedWord(name) ? name : stringLiteral(name);
}

/** A string literal in double quotes. */
export function stringLiteral(value: string): string {
  return `"${value.replace(/["\\\n\r\t]|\$(?=\{)/g, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default:
      return `\\${character}`;
  }
}

/** As C's `%g`: six significant digits. */
export function showFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  const [mantissa, exponent] = toExponential(value, 5);
  if (exponent >= -4 && exponent < 6) return trimZeros(toFixed(value, 5 - exponent));
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${trimZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${digits}`;
}

function trimZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

function print(expr: Expr, out: string[]): void {
  switch (expr.kind) {
    case "int":
      out.push(String(expr.value));
      return;
    case "float":
      out.push(showFloat(expr.value));
      return;
    case "string":
      out.push(stringLiteral(expr.value));
      return;
    case "path":
      out.push(expr.value);
      return;
    case "var":
      out.push(showSymbol(expr.name));
      return;
    case "curPos":
      out.push("__curPos");
      return;
    case "select":
      out.push("(");
      print(expr.subject, out);
      out.push(").");
      printPath(expr.path, out);
      if (expr.default !== undefined) {
        out.push(" or (");
        print(expr.default, out);
        out.push(")");
      }
      return;
    case "hasAttr":
      out.push("((");
      print(expr.subject, out);
      out.push(") ? ");
      printPath(expr.path, out);
      out.push(")");
      return;
    case "attrs":
      out.push(expr.recursive ? "rec { " : "{ ");
      printBindings(expr, out);
      out.push("}");
      return;
    case "list":
      out.push("[ ");
      for (const element of expr.elements) {
        out.push("(");
        print(element, out);
        out.push(") ");
      }
      out.push("]");
      return;
    case "lambda":
      printLambda(expr, out);
      return;
    case "call":
      out.push("(");
      print(expr.fn, out);
      for (const arg of expr.args) {
        out.push(" ");
        print(arg, out);
      }
      out.push(")");
      return;
    case "let":
      out.push("(let ");
      printBindings(expr.attrs, out);
      out.push("in ");
      print(expr.body, out);
      out.push(")");
      return;
    case "with":
      out.push("(with ");
      print(expr.scope, out);
      out.push("; ");
      print(expr.body, out);
      out.push(")");
      return;
    case "if":
      out.push("(if ");
      print(expr.condition, out);
      out.push(" then ");
      print(expr.then, out);
      out.push(" else ");
      print(expr.else, out);
      out.push(")");
      return;
    case "assert":
      out.push("assert ");
      print(expr.condition, out);
      out.push("; ");
      print(expr.body, out);
      return;
    case "not":
      out.push("(! ");
      print(expr.operand, out);
      out.push(")");
      return;
    case "binary":
      out.push("(");
      print(expr.left, out);
      out.push(` ${expr.op} `);
      print(expr.right, out);
      out.push(")");
      return;
    case "concatStrings":
      out.push("(");
      expr.parts.forEach((part, index) => {
        if (index > 0) out.push(" + ");
        print(part, out);
      });
      out.push(")");
      return;
  }
}

function showSymbol(sym: Sym): string {
  return showName(symbolName(sym));
}

function printPath(path: readonly AttrName[], out: string[]): void {
  path.forEach((name, index) => {
    if (index > 0) out.push(".");
    if (name.kind === "static") out.push(showSymbol(name.name));
    else {
      out.push('"${');
      print(name.expr, out);
      out.push('}"');
    }
  });
}

/** What stands between the braces: inherited names first, everything in the order of the names' bytes. */
function printBindings(attrs: AttrsExpr, out: string[]): void {
  const sorted = attrs.bindings
    .map((binding) => ({ binding, name: symbolName(binding.name) }))
    .sort((a, b) => compareBytes(a.name, b.name));
  const inherited = sorted.filter(({ binding }) => binding.kind === "inherit");
  if (inherited.length > 0) {
    out.push("inherit", ...inherited.map(({ name }) => ` ${showName(name)}`), "; ");
  }
  const inheritedFrom = new Map<number, string[]>();
  for (const { binding, name } of sorted) {
    if (binding.kind !== "inheritFrom") continue;
    const names = inheritedFrom.get(binding.from);
    if (names === undefined) inheritedFrom.set(binding.from, [name]);
    else names.push(name);
  }
  for (const [from, names] of [...inheritedFrom].sort(([a], [b]) => a - b)) {
    out.push("inherit (");
    print(attrs.inheritFrom[from]!, out);
    out.push(")");
    for (const name of names) out.push(` ${showName(name)}`);
    out.push("; ");
  }
  for (const { binding, name } of sorted) {
    if (binding.kind !== "plain") continue;
    out.push(`${showName(name)} = `);
    print(binding.value, out);
    out.push("; ");
  }
  for (const { name, value } of attrs.dynamic) {
    out.push('"${');
    print(name, out);
    out.push('}" = ');
    print(value, out);
    out.push("; ");
  }
}

function printLambda(lambda: LambdaExpr, out: string[]): void {
  out.push("(");
  if (lambda.formals !== undefined) {
    out.push("{ ");
    const sorted = lambda.formals.list
      .map((formal) => ({ formal, name: symbolName(formal.name) }))
      .sort((a, b) => compareBytes(a.name, b.name));
    sorted.forEach(({ formal, name }, index) => {
      if (index > 0) out.push(", ");
      out.push(showName(name));
      if (formal.default !== undefined) {
        out.push(" ? ");
        print(formal.default, out);
      }
    });
    if (lambda.formals.ellipsis) out.push(sorted.length > 0 ? ", ..." : "...");
    out.push(" }");
    if (lambda.arg !== undefined) out.push(" @ ");
  }
  if (lambda.arg !== undefined) out.push(showSymbol(lambda.arg));
  out.push(": ");
  print(lambda.body, out);
  out.push(")");
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
