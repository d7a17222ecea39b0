/**
 * Whether two slots mean the same: no expression can tell one from the other, however it is used later. That is more than `==`
 * says (functions count by code and captured variables, strings with their contexts, sets with their positions), and
 * "no" also stands for "can't tell".
 *
 * Pending slots are the same when they would run the same code on the same captured variables; else both are computed
 * and compared.
 */
import { noPos } from "../syntax/positions.ts";
import type { Sym } from "../syntax/symbols.ts";
import { type Capture, capturesOf } from "./captures.ts";
import { DeferredCode } from "./code.ts";
import { placeReader } from "./compile-variables.ts";
import { NixError } from "./errors.ts";
import { type Frame1, outward } from "./frames.ts";
import { languageError } from "./stack.ts";
import {
  Attrs,
  AttrsBuilder,
  blackhole,
  type Closed,
  type Env,
  force,
  Lambda,
  NixPath,
  NixString,
  PrimOpApp,
  type Slot,
  Thunk,
  type Value,
} from "./value.ts";

/** More slots than this are not compared. */
const effort = 20_000;

/** And no more than these where it is only an attempt. */
const attemptedEffort = 1000;

/** No more than so much is computed for the comparison that neither side has computed yet. */
const mostComputations = 100;

/** Thrown where the comparison would take too long. */
class TooMuch extends Error {}

/** Whether the expression means the same in both environments. Failures of what it computes are thrown. */
export function sameCaptures(captures: readonly Capture[], a: Env, b: Env): boolean {
  try {
    return new Comparison().captures(captures, a, b);
  } catch (error) {
    if (error instanceof TooMuch) return false;
    throw error;
  }
}

const capturesOfCode = new WeakMap<object, readonly Capture[]>();

/** Computed once for each code. */
function capturesIn(code: object, { expr, scope }: Closed): readonly Capture[] {
  let captures = capturesOfCode.get(code);
  if (captures === undefined) {
    captures = capturesOf(expr, scope);
    capturesOfCode.set(code, captures);
  }
  return captures;
}

class Comparison {
  private left = effort;
  private computations = mostComputations;
  /** How many attempts are under way. */
  private attempts = 0;
  /** Pairs that are being compared or are the same: cycles are the same when nothing on them differs. */
  private readonly assumed = new Map<object, Set<object>>();
  /** The same pairs, in the order in which they were assumed. */
  private readonly trail: [a: object, b: object][] = [];

  captures(captures: readonly Capture[], a: Env, b: Env): boolean {
    return captures.every((capture) => this.captured(capture, a, b));
  }

  private captured(capture: Capture, a: Env, b: Env): boolean {
    const { hidden } = capture;
    const left = captured(capture, a);
    const right = captured(capture, b);
    if (hidden.length === 0 || left === undefined || right === undefined) return this.slots(left, right);
    return left === right || this.values(without(force(left), hidden), without(force(right), hidden));
  }

  private slots(a: Slot | undefined, b: Slot | undefined): boolean {
    if (a === b) return true;
    if (a === undefined || b === undefined) return false;
    if (--this.left < 0) throw new TooMuch();
    if (isPending(a) && isPending(b)) {
      if (this.attempt(() => this.pending(a, b))) return true;
      if (this.attempts > 0) return false;
      if (--this.computations < 0) throw new TooMuch();
    }
    return this.values(force(a), force(b));
  }

  /** Whether that is so without much ado; if it fails or takes long, it isn't. */
  private attempt(compare: () => boolean): boolean {
    const kept = Math.max(0, this.left - attemptedEffort);
    this.attempts++;
    this.left -= kept;
    try {
      return this.settled(compare);
    } catch (error) {
      if (error instanceof TooMuch || languageError(error, noPos) instanceof NixError) return false;
      throw error;
    } finally {
      this.attempts--;
      this.left = kept + Math.max(0, this.left);
    }
  }

  private pending(a: Thunk, b: Thunk): boolean {
    const { code } = a;
    if (code !== b.code || code === blackhole) return false;
    if (a.content === b.content) return true;
    if (!(code instanceof DeferredCode)) return false;
    return this.assume(a, b, () => this.captures(capturesIn(code, code), a.content as Env, b.content as Env));
  }

  private values(a: Value, b: Value): boolean {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (a instanceof NixString) return b instanceof NixString && sameStrings(a, b);
    if (a instanceof NixPath) return b instanceof NixPath && a.path === b.path;
    return this.assume(a, b, () => this.structures(a, b));
  }

  private structures(a: Value, b: Value): boolean {
    if (a instanceof Attrs) return b instanceof Attrs && this.attrs(a, b);
    if (a instanceof Lambda) return b instanceof Lambda && this.functions(a, b);
    if (a instanceof PrimOpApp) return b instanceof PrimOpApp && a.op === b.op && this.lists(a.args, b.args);
    return Array.isArray(a) && Array.isArray(b) && this.lists(a, b);
  }

  private lists(a: readonly Slot[], b: readonly Slot[]): boolean {
    return a.length === b.length && a.every((slot, i) => this.slots(slot, b[i]));
  }

  private attrs(a: Attrs, b: Attrs): boolean {
    if (a.size !== b.size) return false;
    const { symbols } = a.shape;
    const others = b.shape.symbols;
    for (let i = 0; i < symbols.length; i++) {
      if (symbols[i] !== others[i]) return false;
      if ((a.positions?.[i] ?? noPos) !== (b.positions?.[i] ?? noPos)) return false;
    }
    return this.lists(a.values, b.values);
  }

  private functions(a: Lambda, b: Lambda): boolean {
    if (a.code !== b.code) return false;
    return a.env === b.env || this.captures(capturesIn(a.code, a.code.closed), a.env, b.env);
  }

  private assume(a: object, b: object, compare: () => boolean): boolean {
    const others = this.assumed.get(a);
    if (others?.has(b) === true) return true;
    if (others === undefined) this.assumed.set(a, new Set([b]));
    else others.add(b);
    return this.settled(() => {
      this.trail.push([a, b]);
      return compare();
    });
  }

  /** What was found on assumptions that turn out to be wrong goes with them. */
  private settled(compare: () => boolean): boolean {
    const before = this.trail.length;
    let same = false;
    try {
      same = compare();
    } finally {
      if (!same) for (const [a, b] of this.trail.splice(before)) this.assumed.get(a)!.delete(b);
    }
    return same;
  }
}

function without(value: Value, hidden: readonly Sym[]): Value {
  if (!(value instanceof Attrs)) return value;
  const builder = new AttrsBuilder();
  value.shape.symbols.forEach((name, i) => {
    if (!hidden.includes(name)) builder.set(name, value.values[i]!, value.positions?.[i]);
  });
  return builder.build();
}

function isPending(slot: Slot): slot is Thunk {
  return slot instanceof Thunk && slot.code !== null;
}

function sameStrings(a: NixString, b: NixString): boolean {
  if (a.text !== b.text || a.context.size !== b.context.size) return false;
  for (const element of a.context) if (!b.context.has(element)) return false;
  return true;
}

/** What the capture is in the environment; undefined where there is nothing. */
function captured({ name, address, path }: Capture, env: Env): Slot | undefined {
  let slot = address.kind === "slot" ? placeReader(address)(env) : fromWith(address.depths, name, env);
  for (const attribute of path) {
    if (slot === undefined) return undefined;
    const value = force(slot);
    slot = value instanceof Attrs ? value.get(attribute) : undefined;
  }
  return slot;
}

function fromWith(depths: readonly number[], name: Sym, env: Env): Slot | undefined {
  for (const depth of depths) {
    const set = force((outward(env, depth) as Frame1).a!);
    const slot = set instanceof Attrs ? set.get(name) : undefined;
    if (slot !== undefined) return slot;
  }
  return undefined;
}
