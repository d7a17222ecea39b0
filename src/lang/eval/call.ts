/** Application of functions. */
import { noPos, type Pos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import { NixError } from "./errors.ts";
import { describeType, showBriefly } from "./print.ts";
import { languageError } from "./stack.ts";
import { Attrs, force, Lambda, type LambdaCode, PrimOp, PrimOpApp, type Slot, type Value } from "./value.ts";

const functor = intern("__functor");

/** `fn arg`, for a call at `pos`. */
export function apply(fn: Value, arg: Slot, pos: Pos): Value {
  if (fn instanceof Lambda) {
    try {
      return fn.code.call(fn.env, arg);
    } catch (error) {
      throw tracedCall(error, fn.code, pos);
    }
  }
  return applyOther(fn, arg, pos);
}

/** What failed in the body of a function: names the function and where it was called; what it did not take: only that. */
export function tracedCall(error: unknown, code: LambdaCode, pos: Pos): unknown {
  const failure = languageError(error, pos);
  if (failure instanceof NixError) {
    if (failure.refusedBy === code) {
      failure.refusedBy = undefined;
      return pos === noPos ? failure : failure.addTrace(pos, "from call site");
    }
    const name = code.name === undefined ? "anonymous lambda" : `'${code.name}'`;
    failure.addFrame({ pos: code.pos, message: `while calling ${name}`, detail: true });
    if (pos !== noPos) failure.addFrame({ pos, message: "from call site", detail: true });
  }
  return failure;
}

/** As {@link apply}, for everything but a Lambda. */
export function applyOther(fn: Value, arg: Slot, pos: Pos): Value {
  if (fn instanceof PrimOp) {
    if (fn.arity > 1) return new PrimOpApp(fn, [arg]);
    try {
      return fn.fn(arg);
    } catch (error) {
      throw tracedBuiltin(error, fn, pos);
    }
  }
  if (fn instanceof PrimOpApp) {
    const { op, args } = fn;
    return args.length + 1 < op.arity
      ? new PrimOpApp(op, [...args, arg])
      : runPrimOp(op, args.length === 1 ? [args[0]!, arg] : [...args, arg], pos);
  }
  if (fn instanceof Attrs) {
    const slot = fn.get(functor);
    if (slot !== undefined) {
      try {
        return applyTwo(force(slot), fn, arg, fn.positionOf(functor));
      } catch (error) {
        const failure = languageError(error, pos);
        if (failure instanceof NixError) {
          failure.addTrace(pos, "while calling a functor (an attribute set with a '__functor' attribute)");
        }
        throw failure;
      }
    }
  }
  const what = `attempt to call something which is not a function but ${describeType(fn)}`;
  throw new NixError("type", `${what}: ${showBriefly(fn)}`, { pos });
}

/** Builtins whose name on the trace would only be noise. */
const untraced = new Set(["addErrorContext"]);

/** What failed in a builtin: names it. */
function tracedBuiltin(error: unknown, op: PrimOp, pos: Pos): unknown {
  const failure = languageError(error, pos);
  if (failure instanceof NixError && !untraced.has(op.name)) {
    failure.addTrace(pos, `while calling the '${op.name}' builtin`);
  }
  return failure;
}

/** `fn first second` */
export function applyTwo(fn: Value, first: Slot, second: Slot, pos: Pos): Value {
  if (fn instanceof Lambda) {
    const { inner } = fn.code;
    if (inner !== undefined) return applyCurried(fn, inner, first, second, pos);
    return apply(apply(fn, first, pos), second, pos);
  }
  if (fn instanceof PrimOp && fn.arity > 1) {
    if (fn.arity > 2) return new PrimOpApp(fn, [first, second]);
    try {
      return fn.fn(first, second);
    } catch (error) {
      throw tracedBuiltin(error, fn, pos);
    }
  }
  return apply(applyOther(fn, first, pos), second, pos);
}

/** `x: y: body` with both arguments: without a closure for `y: body`. */
function applyCurried(fn: Lambda, inner: LambdaCode, first: Slot, second: Slot, pos: Pos): Value {
  try {
    return fn.code.callTwo(fn.env, first, second);
  } catch (error) {
    throw tracedCall(error, inner, pos);
  }
}

/** `fn first second third` */
export function applyThree(fn: Value, first: Slot, second: Slot, third: Slot, pos: Pos): Value {
  if (fn instanceof PrimOp && fn.arity === 3) {
    try {
      return fn.fn(first, second, third);
    } catch (error) {
      throw tracedBuiltin(error, fn, pos);
    }
  }
  return apply(applyTwo(fn, first, second, pos), third, pos);
}

/** Applies to one argument after the other; a builtin gets all of its own at once. */
export function applyAll(fn: Value, args: readonly Slot[], pos: Pos = noPos): Value {
  let value = fn;
  let next = 0;
  while (next < args.length) {
    if (value instanceof PrimOp && value.arity > 2 && args.length - next >= value.arity) {
      const { arity } = value;
      value = runPrimOp(value, arity === args.length ? args : args.slice(next, next + arity), pos);
      next += arity;
    } else if (next + 1 < args.length) {
      value = applyTwo(value, args[next]!, args[next + 1]!, pos);
      next += 2;
    } else {
      value = apply(value, args[next]!, pos);
      next++;
    }
  }
  return value;
}

/** Calls a builtin with all of its arguments. */
function runPrimOp(op: PrimOp, args: readonly Slot[], pos: Pos): Value {
  try {
    switch (args.length) {
      case 2:
        return op.fn(args[0]!, args[1]!);
      case 3:
        return op.fn(args[0]!, args[1]!, args[2]!);
      default:
        return op.fn(...args);
    }
  } catch (error) {
    throw tracedBuiltin(error, op, pos);
  }
}
