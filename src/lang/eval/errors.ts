import type { Pos } from "../syntax/positions.ts";
import type { LambdaCode } from "./value.ts";

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
  /** Shown only with the full trace (`--show-trace`): the calls of functions. */
  readonly detail?: true;
  /** Shown even where a trace is cut short: `builtins.addErrorContext`. */
  readonly always?: true;
}

/** No more frames than this are kept of one error: what is further out says little of a runaway recursion. */
const maxFrames = 20_000;

/** A failed evaluation. `message` is a byte string, without the word "error:" and without positions. */
export class NixError extends Error {
  override readonly name = "NixError";
  readonly kind: NixErrorKind;
  readonly pos: Pos | undefined;
  /** Innermost first. Frames are added while the error passes outward. */
  readonly trace: TraceFrame[] = [];
  /** The function that does not take its argument, until its call is known. */
  refusedBy: LambdaCode | undefined;
  /** Names that may have been meant, best first. */
  readonly suggestions: readonly string[];

  constructor(
    kind: NixErrorKind,
    message: string,
    options: { pos?: Pos | undefined; cause?: unknown; suggestions?: readonly string[] } = {},
  ) {
    // V8's own stack is worthless here (closures of the compiler) and costs a lot for each `tryEval`.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.kind = kind;
    this.pos = options.pos;
    this.suggestions = options.suggestions ?? [];
  }

  /** Caught by `builtins.tryEval`? */
  get catchable(): boolean {
    return this.kind === "throw" || this.kind === "assertion";
  }

  addTrace(pos: Pos, message: string): this {
    return this.addFrame({ pos, message });
  }

  addFrame(frame: TraceFrame): this {
    if (this.trace.length < maxFrames) this.trace.push(frame);
    return this;
  }
}
