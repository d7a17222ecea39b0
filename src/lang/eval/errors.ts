import type { Pos } from "../syntax/positions.ts";

/**
 * The classes of failure that Nix has.
 * `throw` and `assertion` are what `builtins.tryEval` catches; all others pass through it.
 */
export type NixErrorKind =
  | "syntax"
  | "type"
  | "undefinedVariable"
  | "missingAttribute"
  | "missingArgument"
  | "throw"
  | "assertion"
  | "abort"
  | "infiniteRecursion"
  | "stackOverflow"
  | "restricted"
  | "io"
  | "store"
  | "module"
  | "eval";

export interface TraceFrame {
  readonly pos: Pos;
  /** e.g. `while evaluating the attribute 'foo'` (a byte string). */
  readonly message: string;
}

/** A failed evaluation. `message` is a byte string, without the word "error:" and without positions. */
export class NixError extends Error {
  override readonly name = "NixError";
  readonly kind: NixErrorKind;
  readonly pos: Pos | undefined;
  /** Innermost first. Frames are added while the error passes outward. */
  readonly trace: TraceFrame[] = [];

  constructor(kind: NixErrorKind, message: string, options: { pos?: Pos | undefined; cause?: unknown } = {}) {
    // V8's own stack is worthless here (closures of the compiler) and costs a lot for each `tryEval`.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.kind = kind;
    this.pos = options.pos;
  }

  /** Caught by `builtins.tryEval`? */
  get catchable(): boolean {
    return this.kind === "throw" || this.kind === "assertion";
  }

  addTrace(pos: Pos, message: string): this {
    this.trace.push({ pos, message });
    return this;
  }
}
