/**
 * The values of the Nix language.
 *
 * | Nix      | here                                                             |
 * |----------|------------------------------------------------------------------|
 * | null     | `null`                                                           |
 * | bool     | `boolean`                                                        |
 * | int      | `bigint` (64-bit two's complement; arithmetic checks the range)  |
 * | float    | `number`                                                         |
 * | string   | `string` (a byte string) or `NixString` when it has a context    |
 * | path     | `NixPath`                                                        |
 * | list     | JavaScript array of slots                                        |
 * | set      | `Attrs`                                                          |
 * | function | `Lambda`, `PrimOp`, `PrimOpApp`                                  |
 *
 * A *slot* is what a list, a set or a variable holds: a value, or a thunk that will become one.
 * Whoever needs the value calls `force(slot)`.
 */
import type { Expr } from "../syntax/ast.ts";
import type { Pos } from "../syntax/positions.ts";
import { noPos } from "../syntax/positions.ts";
import { intern, type Sym, symbolName } from "../syntax/symbols.ts";
import { NixError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import { type Positions, positionIn, positionsOf } from "./set-positions.ts";
import { Shape } from "./shape.ts";
import { sortNumbers } from "./sort-symbols.ts";

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | NixString
  | NixPath
  | List
  | Attrs
  | Lambda
  | PrimOp
  | PrimOpApp;

export type Slot = Value | Thunk;
export type List = readonly Slot[];

/**
 * String context elements, in Nix's own encoding: `/nix/store/x` (the path itself), `!out!/nix/store/x.drv` (an
 * output of a derivation), `=/nix/store/x.drv` (a derivation with its whole closure).
 */
export type Context = ReadonlySet<string>;

/** A string with a non-empty context. A string without one is a plain JavaScript string. */
export class NixString {
  readonly text: string;
  readonly context: Context;
  constructor(text: string, context: Context) {
    this.text = text;
    this.context = context;
  }
}

/** The value of a string with this context: plain when there is none. */
export function stringValue(text: string, context: Context | undefined): string | NixString {
  return context === undefined || context.size === 0 ? text : new NixString(text, context);
}

export class NixPath {
  /** Absolute and normalised. */
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** What compiled code runs in: the slots of one scope (eval/frames.ts), and the environment around it. */
export interface Env {
  readonly up: Env;
}

/** What is around the outermost environment; nothing looks there. */
export const noEnv = undefined as unknown as Env;

/** Compiled code of an expression: computes its value (in weak head normal form) in an environment. */
export type Code = (env: Env) => Value;

/** An expression and the scope that it stands in: what compiled code was made of. */
export interface Closed {
  readonly expr: Expr;
  readonly scope: Scope;
}

/** How a thunk is computed; shared by all thunks that one expression makes. */
export class ThunkCode {
  run: Code;
  constructor(run: Code) {
    this.run = run;
  }
}

/** Marks a thunk that is being computed. */
export const blackhole = new ThunkCode(() => {
  throw new NixError("infiniteRecursion", "infinite recursion encountered");
});

/**
 * A value that is not computed yet. `code` is null once it is. There are millions of them: two fields, and no
 * JavaScript closure of its own.
 */
export class Thunk {
  code: ThunkCode | null;
  /** The environment before (whatever `code` runs in), the value afterwards. */
  content: unknown;
  constructor(code: ThunkCode, env: unknown) {
    this.code = code;
    this.content = env;
  }
}

/** The value in a slot, computed at most once. A failed computation leaves the thunk as it was. */
export function force(slot: Slot): Value {
  return slot instanceof Thunk ? forceThunk(slot) : slot;
}

function forceThunk(thunk: Thunk): Value {
  const code = thunk.code;
  const content = thunk.content;
  if (code === null) return content as Value;
  thunk.code = blackhole;
  thunk.content = null;
  try {
    const value = code.run(content as Env);
    thunk.content = value;
    thunk.code = null;
    return value;
  } catch (error) {
    // No calls here: the reason may be that there is no stack left.
    thunk.code = code;
    thunk.content = content;
    throw error;
  }
}

const nativeCode = new ThunkCode((compute) => (compute as unknown as () => Value)());

/** A thunk of a TypeScript computation. */
export function lazy(compute: () => Value): Thunk {
  return new Thunk(nativeCode, compute);
}

/** An attribute set. Immutable, except that its maker may fill `values` before it lets go of it. */
export class Attrs {
  readonly shape: Shape;
  /** Parallel to `shape.symbols`. */
  readonly values: Slot[];
  /** Where the attributes were defined; undefined when nowhere. */
  where: Positions | undefined;

  constructor(shape: Shape, values: Slot[], where?: Positions) {
    this.shape = shape;
    this.values = values;
    this.where = where;
  }

  /** Where each attribute was defined, parallel to `values`; undefined when nowhere. */
  get positions(): readonly Pos[] | undefined {
    if (this.where === undefined) return undefined;
    const positions = positionsOf(this.shape, this.where);
    this.where = positions;
    return positions;
  }

  get size(): number {
    return this.values.length;
  }

  get(sym: Sym): Slot | undefined {
    const index = this.shape.indexOf(sym);
    return index < 0 ? undefined : this.values[index];
  }

  has(sym: Sym): boolean {
    return this.shape.indexOf(sym) >= 0;
  }

  positionOf(sym: Sym): Pos {
    return this.where === undefined ? noPos : positionIn(this.shape, this.where, sym);
  }

  /** By name, for TypeScript code; compiled code uses symbols. */
  getByName(name: string): Slot | undefined {
    return this.get(intern(name));
  }

  /** In the order of the names (by bytes), as Nix iterates where order shows. */
  *entries(): IterableIterator<[name: string, slot: Slot]> {
    for (const index of this.shape.byName) {
      yield [symbolName(this.shape.symbols[index]!), this.values[index]!];
    }
  }

  names(): string[] {
    return this.shape.byName.map((index) => symbolName(this.shape.symbols[index]!));
  }

  static fromEntries(entries: Iterable<readonly [name: string, slot: Slot]>): Attrs {
    const builder = new AttrsBuilder();
    for (const [name, slot] of entries) builder.set(intern(name), slot);
    return builder.build();
  }
}

const emptyShape = Shape.of([]);
export const emptyAttrs = new Attrs(emptyShape, []);

/** Collects attributes in any order; a later one replaces an earlier one of the same name. */
export class AttrsBuilder {
  private readonly found = new Map<Sym, { slot: Slot; pos: Pos }>();

  set(sym: Sym, slot: Slot, pos: Pos = noPos): this {
    this.found.set(sym, { slot, pos });
    return this;
  }

  build(): Attrs {
    if (this.found.size === 0) return emptyAttrs;
    const symbols = sortNumbers([...this.found.keys()]);
    const found = symbols.map((sym) => this.found.get(sym)!);
    const positions = found.map(({ pos }) => pos);
    return new Attrs(
      Shape.of(symbols),
      found.map(({ slot }) => slot),
      positions.some((pos) => pos !== noPos) ? positions : undefined,
    );
  }
}

/** A function of the language. `call` runs its body with the argument bound. */
export class Lambda {
  readonly code: LambdaCode;
  readonly env: Env;
  constructor(code: LambdaCode, env: Env) {
    this.code = code;
    this.env = env;
  }
}

/** The part of a function that all its closures share. */
export interface LambdaCode {
  readonly pos: Pos;
  /** What it is bound to, for messages; undefined: anonymous. */
  readonly name: string | undefined;
  /** Name and whether it has a default, in source order; undefined: takes any argument (`x: ...`). */
  readonly formals:
    | readonly { readonly name: Sym; readonly pos: Pos; readonly hasDefault: boolean }[]
    | undefined;
  readonly ellipsis: boolean;
  /** What the whole argument is bound to: `x` of `x: ...`, `args` of `{ ... } @ args: ...`. */
  readonly argName: Sym | undefined;
  /** `y: body` of `x: y: body`. */
  readonly inner: LambdaCode | undefined;
  readonly closed: Closed;
  call(env: Env, arg: Slot): Value;
  /** `f first second` where there is an `inner`. */
  callTwo(env: Env, first: Slot, second: Slot): Value;
}

/** A builtin function. `fn` gets exactly `arity` slots and returns a value in weak head normal form. */
export class PrimOp {
  /** Without the `__` that the global alias has. */
  readonly name: string;
  readonly arity: number;
  readonly fn: (...args: Slot[]) => Value;
  /** Markdown, for `:doc` and the reference. */
  readonly doc: string | undefined;
  constructor(name: string, arity: number, fn: (...args: Slot[]) => Value, doc?: string) {
    this.name = name;
    this.arity = arity;
    this.fn = fn;
    this.doc = doc;
  }
}

/** A builtin that still waits for arguments. */
export class PrimOpApp {
  readonly op: PrimOp;
  /** Fewer than `op.arity`. */
  readonly args: readonly Slot[];
  constructor(op: PrimOp, args: readonly Slot[]) {
    this.op = op;
    this.args = args;
  }
}
