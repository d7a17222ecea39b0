/** Writes a syntax tree as Nix source that parses to the same tree. Every operand stands in parentheses. */
import type { AttrBinding, AttrName, AttrsExpr, Expr, LambdaExpr } from "../../../src/lang/syntax/ast.ts";
import { showName, stringLiteral } from "../../../src/lang/syntax/printer.ts";
import { symbolName } from "../../../src/lang/syntax/symbols.ts";

export function sourceOf(expr: Expr): string {
  switch (expr.kind) {
    case "int":
      return String(expr.value);
    case "float": {
      const digits = expr.value.toString();
      return digits.includes(".") ? digits : `${digits}.0`;
    }
    case "string":
      return stringLiteral(expr.value);
    case "path":
      return expr.value;
    case "var":
      return symbolName(expr.name);
    case "curPos":
      return "__curPos";
    case "select": {
      const fallback = expr.default === undefined ? "" : ` or ${nested(expr.default)}`;
      return `${nested(expr.subject)}.${pathSource(expr.path)}${fallback}`;
    }
    case "hasAttr":
      return `${nested(expr.subject)} ? ${pathSource(expr.path)}`;
    case "attrs":
      return `${expr.recursive ? "rec " : ""}{ ${bindingsSource(expr)}}`;
    case "list":
      return `[ ${expr.elements.map(nested).join(" ")} ]`;
    case "lambda":
      return `${parameterSource(expr)}: ${sourceOf(expr.body)}`;
    case "call":
      return [expr.fn, ...expr.args].map(nested).join(" ");
    case "let":
      return `let ${bindingsSource(expr.attrs)}in ${sourceOf(expr.body)}`;
    case "with":
      return `with ${sourceOf(expr.scope)}; ${sourceOf(expr.body)}`;
    case "if":
      return `if ${sourceOf(expr.condition)} then ${sourceOf(expr.then)} else ${sourceOf(expr.else)}`;
    case "assert":
      return `assert ${sourceOf(expr.condition)}; ${sourceOf(expr.body)}`;
    case "not":
      return `!${nested(expr.operand)}`;
    case "binary":
      return `${nested(expr.left)} ${expr.op} ${nested(expr.right)}`;
    case "concatStrings": {
      if (expr.forceString) return `"${expr.parts.map(partSource).join("")}"`;
      const [first, ...rest] = expr.parts;
      return first!.kind === "path" && first.value.endsWith("/")
        ? `${first.value}${rest.map(pathPartSource).join("")}`
        : expr.parts.map(nested).join(" + ");
    }
  }
}

function nested(expr: Expr): string {
  return `(${sourceOf(expr)})`;
}

/** Every dollar is escaped, as the next part may begin with a brace. */
function partSource(part: Expr): string {
  if (part.kind !== "string") return `\${${sourceOf(part)}}`;
  return part.value.replace(/["\\$]/g, "\\$&").replaceAll("\r", "\\r");
}

function pathPartSource(part: Expr): string {
  return part.kind === "string" ? part.value : `\${${sourceOf(part)}}`;
}

function pathSource(path: readonly AttrName[]): string {
  return path
    .map((name) => (name.kind === "static" ? showName(symbolName(name.name)) : `\${${sourceOf(name.expr)}}`))
    .join(".");
}

function bindingsSource(attrs: AttrsExpr): string {
  const named = attrs.bindings.map((binding) => bindingSource(binding, attrs));
  const dynamic = attrs.dynamic.map(({ name, value }) => `\${${sourceOf(name)}} = ${sourceOf(value)}; `);
  return [...named, ...dynamic].join("");
}

function bindingSource(binding: AttrBinding, attrs: AttrsExpr): string {
  const name = showName(symbolName(binding.name));
  switch (binding.kind) {
    case "plain":
      return `${name} = ${sourceOf(binding.value)}; `;
    case "inherit":
      return `inherit ${name}; `;
    case "inheritFrom":
      return `inherit (${sourceOf(attrs.inheritFrom[binding.from]!)}) ${name}; `;
  }
}

function parameterSource({ arg, formals }: LambdaExpr): string {
  if (formals === undefined) return symbolName(arg!);
  const list = formals.list.map(({ name, default: value }) =>
    value === undefined ? symbolName(name) : `${symbolName(name)} ? ${sourceOf(value)}`,
  );
  const set = `{ ${[...list, ...(formals.ellipsis ? ["..."] : [])].join(", ")} }`;
  return arg === undefined ? set : `${set} @ ${symbolName(arg)}`;
}
