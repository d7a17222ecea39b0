/** Operators, `if` and `assert`. */
import type { BinaryExpr, Expr } from "../syntax/ast.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import { divide, multiply, subtract } from "./arithmetic.ts";
import { forceList, unexpectedType } from "./checks.ts";
import { type Compiler, DeferredCode, framed } from "./code.ts";
import { addressOf } from "./compile-variables.ts";
import { differenceOf } from "./difference.ts";
import { compareValues, equalValues } from "./equality.ts";
import { NixError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import { languageError } from "./stack.ts";
import { updateAttrs } from "./update.ts";
import { Attrs, type Code, type Env, force, PrimOp, Thunk, type Value } from "./value.ts";

/** Code of an expression that has to be a Boolean. */
function condition(compiler: Compiler, expr: Expr, scope: Scope, pos: Pos, where: string) {
  const code = compiler.compile(expr, scope);
  return (env: Env): boolean => {
    let value: Value;
    try {
      value = code(env);
      if (typeof value === "boolean") return value;
    } catch (error) {
      throw framed(error, pos, where);
    }
    throw framed(unexpectedType("a Boolean", value, pos), pos, where);
  };
}

export function compileIf(compiler: Compiler, expr: Extract<Expr, { kind: "if" }>, scope: Scope): Code {
  const test = condition(compiler, expr.condition, scope, expr.pos, "while evaluating a branch condition");
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
  const where = "in the condition of the assert statement";
  const test = condition(compiler, expr.condition, scope, expr.pos, where);
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
  return (env) => differenceOf(force(new Thunk(left, env)), force(new Thunk(right, env)));
}

export function compileNot(compiler: Compiler, expr: Extract<Expr, { kind: "not" }>, scope: Scope): Code {
  const where = "in the argument of the not operator";
  const operand = condition(compiler, expr.operand, scope, namedPos(expr.operand), where);
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
      return update(left, right, expr);
    case "++":
      return (env) => {
        const what = "one of the elements to concatenate";
        const first = left(env);
        const second = right(env);
        const a = forceList(first, pos, what);
        const b = forceList(second, pos, what);
        if (a.length === 0) return b;
        return b.length === 0 ? a : a.concat(b);
      };
  }
}

/** Begins with what counts most, as Nix does. */
function update(left: Code, right: Code, expr: BinaryExpr): Code {
  return (env) => {
    let b: Value;
    try {
      b = right(env);
    } catch (error) {
      throw ofUpdate(error, expr.right, "right");
    }
    if (!(b instanceof Attrs)) throw ofUpdate(unexpectedType("a set", b), expr.right, "right");
    let a: Value;
    try {
      a = left(env);
    } catch (error) {
      throw ofUpdate(error, expr.left, "left");
    }
    if (!(a instanceof Attrs)) throw ofUpdate(unexpectedType("a set", a), expr.left, "left");
    return updateAttrs(a, b);
  };
}

/** An operand that is such an expression again has said where it is. */
function ofUpdate(error: unknown, operand: Expr, side: "left" | "right"): unknown {
  const isUpdate = operand.kind === "binary" && operand.op === "//";
  const pos = namedPos(operand);
  return isUpdate
    ? languageError(error, pos)
    : framed(error, pos, `in the ${side} operand of the update (//) operator`);
}

/** Where an expression is, for those of which Nix knows it. */
function namedPos(expr: Expr): Pos {
  switch (expr.kind) {
    case "int":
    case "float":
    case "string":
    case "path":
    case "let":
      return noPos;
    case "list":
      return expr.elements.length === 0 ? noPos : namedPos(expr.elements[0]!);
    case "not":
      return namedPos(expr.operand);
    case "hasAttr":
      return namedPos(expr.subject);
    default:
      return expr.pos;
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
    `in the left operand of the ${operator} operator`,
  );
  const right = condition(
    compiler,
    expr.right,
    scope,
    expr.pos,
    `in the right operand of the ${operator} operator`,
  );
  return combine(left, right);
}

/** The operators that the parser turns into calls of builtins. */
const intrinsics: ReadonlyMap<string, (a: Value, b: Value) => Value> = new Map([
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
      return operation(left(env), right(env));
    } catch (error) {
      throw framed(error, pos, `while calling the '${name}' builtin`);
    }
  };
}
