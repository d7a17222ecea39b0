/**
 * Sharing: an expression that is evaluated again, in another environment where it means the same, gets the value that it
 * had before. Sound wherever it is applied, since the value of an expression is determined by its code and by what
 * its free variables mean (docs/decisions/0010-sharing-between-nodes.md); where it pays is said by the
 * {@link SharedPlace}s.
 */
import type { EvalHost } from "../host.ts";
import type { Expr } from "../syntax/ast.ts";
import { noPos } from "../syntax/positions.ts";
import { symbolName } from "../syntax/symbols.ts";
import { type Capture, capturesOf } from "./captures.ts";
import { ClosureCompiler } from "./compile.ts";
import { NixError } from "./errors.ts";
import { sameCaptures } from "./sameness.ts";
import type { Scope } from "./scope.ts";
import { languageError } from "./stack.ts";
import type { Code, Env, Value } from "./value.ts";

/** Expressions whose values are worth to be remembered. */
export interface SharedPlace {
  /** The end of the path of the file. */
  readonly file: string;
  /** What of the file: the body of the function that it is, or all calls of a function by its name. */
  readonly expression: { readonly kind: "body" } | { readonly kind: "call"; readonly of: string };
}

/** The last few different values of an expression are remembered. */
const mostRemembered = 4;

/** Compiles a file with shared places in it. */
export class SharingCompiler extends ClosureCompiler {
  private readonly places: readonly SharedPlace[];
  private readonly body: Expr | undefined;
  private readonly host: EvalHost;

  constructor(base: ClosureCompiler, places: readonly SharedPlace[], file: Expr, host: EvalHost) {
    super(base);
    this.places = places;
    this.body = functionBody(file);
    this.host = host;
  }

  override compile(expr: Expr, scope: Scope): Code {
    const code = super.compile(expr, scope);
    return this.places.some((place) => this.isAt(place, expr))
      ? shared(code, capturesOf(expr, scope), this.host)
      : code;
  }

  private isAt({ expression }: SharedPlace, expr: Expr): boolean {
    switch (expression.kind) {
      case "body":
        return expr === this.body;
      case "call":
        return expr.kind === "call" && calledName(expr.fn) === expression.of;
    }
  }
}

function functionBody(file: Expr): Expr | undefined {
  switch (file.kind) {
    case "lambda":
      return file.body;
    case "let":
    case "with":
      return functionBody(file.body);
    default:
      return undefined;
  }
}

/** `f`, or the last name of `a.b.f`. */
function calledName(fn: Expr): string | undefined {
  if (fn.kind === "var") return symbolName(fn.name);
  const last = fn.kind === "select" ? fn.path.at(-1) : undefined;
  return last?.kind === "static" ? symbolName(last.name) : undefined;
}

/** Nothing asked for this comparison: where it fails or has something to say, it has not taken place. */
function isSame(captures: readonly Capture[], a: Env, b: Env, host: EvalHost): boolean {
  try {
    return host.quietly(() => sameCaptures(captures, a, b));
  } catch (error) {
    if (languageError(error, noPos) instanceof NixError) return false;
    throw error;
  }
}

function shared(code: Code, captures: readonly Capture[], host: EvalHost): Code {
  let known: readonly { readonly env: Env; readonly value: Value }[] = [];
  return (env) => {
    const found = known.find((other) => isSame(captures, other.env, env, host));
    if (found !== undefined) {
      known = [found, ...known.filter((other) => other !== found)];
      return found.value;
    }
    const value = code(env);
    known = [{ env, value }, ...known.slice(0, mostRemembered - 1)];
    return value;
  };
}
