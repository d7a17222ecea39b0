/**
 * How deep calls may be nested where somebody has said so (nix.conf manual, `max-call-depth`). Otherwise the stack is the limit, and no
 * call pays for being counted: what is here is only part of an evaluation that has a limit.
 */
import type { Expr } from "../syntax/ast.ts";
import type { Pos } from "../syntax/positions.ts";
import { applyAll } from "./call.ts";
import { type Compiler, makeSlot } from "./code.ts";
import type { Scope } from "./scope.ts";
import { callDepthExceeded } from "./stack.ts";
import type { Code } from "./value.ts";

export class CallDepth {
  private readonly most: number;
  private depth = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Runs a call at `pos`. Throws a NixError when it would be one too many. */
  within<T>(pos: Pos, call: () => T): T {
    if (this.depth > this.most) throw callDepthExceeded(pos);
    this.depth++;
    try {
      return call();
    } finally {
      this.depth--;
    }
  }
}

/** A call as any other, of a builtin that is written as an operator too. */
export function compileCountedCall(
  compiler: Compiler,
  expr: Extract<Expr, { kind: "call" }>,
  scope: Scope,
  callDepth: CallDepth,
): Code {
  const { pos } = expr;
  const fn = compiler.compile(expr.fn, scope);
  const recipes = expr.args.map((arg) => compiler.delay(arg, scope));
  return (env) => {
    const callee = fn(env);
    const args = recipes.map((recipe) => makeSlot(recipe, env));
    return callDepth.within(pos, () => applyAll(callee, args, pos));
  };
}
