/** Operators, `if` and `assert`. */
import type { BinaryExpr, Expr } from "../syntax/ast.ts";
import type { Pos } from "../syntax/positions.ts";
import { divide, multiply, subtract } from "./arithmetic.ts";
import { forceAttrs, forceList, unexpectedType } from "./checks.ts";
import { type Compiler, DeferredCode, framed } from "./code.ts";
import { addressOf } from "./compile-variables.ts";
import { differenceOf } from "./difference.ts";
import { compareValues, equalValues } from "./equality.ts";
import { NixError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import { updateAttrs } from "./update.ts";
import { Attrs, type Code, type Env, force, PrimOp, Thunk, type Value } from "./value.ts";

/** Code of an expression that has to be a Boolean. */
function condition(compiler: Compiler, expr: Expr, scope: Scope, pos: Pos, what: string) {
  const code = compiler.compile(expr, scope);
  return (env: Env): boolean => {
    let value: Value;
    try {
      value = code(env);
      if (typeof value === "boolean") return value;
    } catch (error) {
      throw framed(error, pos, `while evaluating ${what}`);
    }
    throw framed(unexpectedType("a Boolean", value, expr.pos), pos, `while evaluating ${what}`);
  };
}

export function compileIf(compiler: Compiler, expr: Extract<Expr, { kind: "if" }>, scope: Scope): Code {
  const test = condition(compiler, expr.condition, scope, expr.pos, "a branch condition");
  const yes = compiler.compile(expr.then, scope);
  const no = compiler.compile(expr.else, scope);
  return (env) => (test(env) ? yes(env) : no(env));
}

export function compileAssert(
  compiler: Compiler,
  expr: Extract<Expr, { kind: "assert" }>,
  scope: Scope,
  show: (expr: Expr) => string,
): Code {
  const what = "the condition of the assertion";
  const test = condition(compiler, expr.condition, scope, expr.pos, what);
  const body = compiler.compile(expr.body, scope);
  const { pos } = expr;
  const compared = comparedOperands(compiler, expr.condition, scope);
  return (env) => {
    if (test(env)) return body(env);
    const text = show(expr.condition);
    const difference = compared?.(env);
    throw (
      difference?.addTrace(pos, `while evaluating the condition of the assertion '${text}'`) ??
      new NixError("assertion", `assertion '${text}' failed`, { pos })
    );
  };
}

/** For `a == b`: evaluates both once more, and says where they differ. */
function comparedOperands(
  compiler: Compiler,
  condition: Expr,
  scope: Scope,
): ((env: Env) => NixError | undefined) | undefined {
  if (condition.kind !== "binary" || condition.op !== "==") return undefined;
  const left = new DeferredCode(compiler, condition.left, scope);
  const right = new DeferredCode(compiler, condition.right, scope);
  return (env) => differenceOf(force(new Thunk(left, env)), force(new Thunk(right, env)), condition.pos);
}

export function compileNot(compiler: Compiler, expr: Extract<Expr, { kind: "not" }>, scope: Scope): Code {
  const operand = condition(compiler, expr.operand, scope, expr.pos, "the argument of the not operator");
  return (env) => !operand(env);
}

export function compileBinary(compiler: Compiler, expr: BinaryExpr, scope: Scope): Code {
  const { pos } = expr;
  switch (expr.op) {
    case "&&":
      return logical(compiler, expr, scope, "AND (&&)", (a, b) => (env) => a(env) && b(env));
    case "||":
      return logical(compiler, expr, scope, "OR (||)", (a, b) => (env) => a(env) || b(env));
    case "->":
      return logical(compiler, expr, scope, "IMPL (->)", (a, b) => (env) => !a(env) || b(env));
    default:
  }
  const left = compiler.compile(expr.left, scope);
  const right = compiler.compile(expr.right, scope);
  switch (expr.op) {
    case "==":
      return (env) => equalValues(left(env), right(env));
    case "!=":
      return (env) => !equalValues(left(env), right(env));
    case "//":
      return (env) => {
        const a = left(env);
        const b = right(env);
        return updateAttrs(
          a instanceof Attrs ? a : forceAttrs(a, pos, "the left operand of the update (//) operator"),
          b instanceof Attrs ? b : forceAttrs(b, pos, "the right operand of the update (//) operator"),
        );
      };
    case "++":
      return (env) => {
        const what = "one of the elements to concatenate";
        const a = forceList(left(env), pos, what);
        const b = forceList(right(env), pos, what);
        if (a.length === 0) return b;
        return b.length === 0 ? a : a.concat(b);
      };
  }
}

type Test = (env: Env) => boolean;

function logical(
  compiler: Compiler,
  expr: BinaryExpr,
  scope: Scope,
  operator: string,
  combine: (left: Test, right: Test) => Code,
): Code {
  const left = condition(
    compiler,
    expr.left,
    scope,
    expr.pos,
    `the left operand of the ${operator} operator`,
  );
  const right = condition(
    compiler,
    expr.right,
    scope,
    expr.pos,
    `the right operand of the ${operator} operator`,
  );
  return combine(left, right);
}

/** The operators that the parser turns into calls of builtins. */
const intrinsics: ReadonlyMap<string, (a: Value, b: Value, pos: Pos) => Value> = new Map([
  ["sub", subtract],
  ["mul", multiply],
  ["div", divide],
  ["lessThan", (a: Value, b: Value) => compareValues(a, b) < 0],
]);

/** A call of such a builtin (unless its name means something else here) computes directly, without thunks. */
export function compileIntrinsic(
  compiler: Compiler,
  expr: Extract<Expr, { kind: "call" }>,
  scope: Scope,
): Code | undefined {
  if (expr.fn.kind !== "var" || expr.args.length !== 2) return undefined;
  const address = addressOf(expr.fn, scope);
  if (address.kind !== "constant" || !(address.slot instanceof PrimOp)) return undefined;
  const { name } = address.slot;
  const operation = intrinsics.get(name);
  if (operation === undefined) return undefined;
  const left = compiler.compile(expr.args[0]!, scope);
  const right = compiler.compile(expr.args[1]!, scope);
  const { pos } = expr;
  return (env) => {
    try {
      return operation(left(env), right(env), pos);
    } catch (error) {
      throw framed(error, pos, `while calling the '${name}' builtin`);
    }
  };
}
