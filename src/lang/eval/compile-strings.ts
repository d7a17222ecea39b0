/** `+`, strings and paths with interpolation. */
import type { ConcatStringsExpr } from "../syntax/ast.ts";
import type { Pos } from "../syntax/positions.ts";
import { add } from "./arithmetic.ts";
import type { Compiler } from "./code.ts";
import type { Coercion } from "./coercion.ts";
import { NixError } from "./errors.ts";
import { normalisePath } from "./paths.ts";
import { describeType } from "./print.ts";
import type { Scope } from "./scope.ts";
import { type Code, type Env, NixPath, NixString, stringValue, type Value } from "./value.ts";

interface Part {
  readonly code: Code;
  readonly pos: Pos;
}

export function compileConcat(compiler: Compiler, expr: ConcatStringsExpr, scope: Scope): Code {
  const parts = expr.parts.map((part) => ({ code: compiler.compile(part, scope), pos: part.pos }));
  const { coercion } = compiler;
  const { pos } = expr;
  if (expr.forceString) return (env) => joinStrings(coercion, parts, env);
  const [first, second] = parts;
  if (parts.length === 2) {
    const left = first!.code;
    const right = second!.code;
    return (env) => {
      const a = left(env);
      // Anything else may be refused before the other operand is looked at.
      if (typeof a !== "string" && typeof a !== "bigint") return sum(coercion, parts, env, [a], pos);
      const b = right(env);
      if (typeof a === "string" && typeof b === "string") return a + b;
      if (typeof a === "bigint" && typeof b === "bigint") return add(a, b, second!.pos);
      return sum(coercion, parts, env, [a, b], pos);
    };
  }
  return (env) => sum(coercion, parts, env, [first!.code(env)], pos);
}

/** `"a${b}c"` */
function joinStrings(coercion: Coercion, parts: readonly Part[], env: Env): Value {
  let text = "";
  let context: Set<string> | undefined;
  for (const part of parts) {
    const value = part.code(env);
    if (typeof value === "string") {
      text += value;
      continue;
    }
    context ??= new Set();
    text += segment(coercion, value, part.pos, context, true);
  }
  return stringValue(text, context);
}

function segment(
  coercion: Coercion,
  value: Value,
  pos: Pos,
  context: Set<string>,
  copyToStore: boolean,
): string {
  return coercion.toText(value, pos, "a path segment", context, { coerceMore: false, copyToStore });
}

/** The first operands, with their values if they have been evaluated; each is checked before the next one is evaluated. */
type Values = readonly [Value, ...Value[]];

/** The type of the first operand decides: numbers are added, a path stays one, all else becomes a string. */
function sum(coercion: Coercion, parts: readonly Part[], env: Env, values: Values, pos: Pos): Value {
  const [first] = values;
  const valueAt = (index: number): Value =>
    index < values.length ? values[index]! : parts[index]!.code(env);
  if (typeof first === "bigint" || typeof first === "number") return sumNumbers(first, valueAt, parts);
  const context = new Set<string>();
  // Only a string in front makes paths store paths; even a set with an `outPath` does not.
  const copyToStore = typeof first === "string" || first instanceof NixString;
  let text = "";
  for (let i = 0; i < parts.length; i++) {
    text += segment(coercion, valueAt(i), parts[i]!.pos, context, copyToStore);
  }
  if (!(first instanceof NixPath)) return stringValue(text, context);
  if (context.size > 0) {
    throw new NixError("eval", "a string that refers to a store path cannot be appended to a path", { pos });
  }
  return new NixPath(normalisePath(text));
}

function sumNumbers(
  first: bigint | number,
  valueAt: (index: number) => Value,
  parts: readonly Part[],
): Value {
  let total = first;
  for (let i = 1; i < parts.length; i++) {
    const value = valueAt(i);
    const { pos } = parts[i]!;
    if (typeof value !== "bigint" && typeof value !== "number") {
      const target = typeof total === "bigint" ? "an integer" : "a float";
      throw new NixError("type", `cannot add ${describeType(value)} to ${target}`, { pos });
    }
    if (typeof total === "bigint" && typeof value === "bigint") total = add(total, value, pos);
    else total = Number(total) + Number(value);
  }
  return total;
}
