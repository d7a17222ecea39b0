/** `+` on numbers, `-`, `*`, `/`: what the operators and the builtins of the same names compute. */
import type { Pos } from "../syntax/positions.ts";
import { noPos } from "../syntax/positions.ts";
import { traced, unexpectedType } from "./checks.ts";
import { NixError } from "./errors.ts";
import { checkedInt } from "./numbers.ts";
import type { Value } from "./value.ts";

export function add(a: bigint, b: bigint, pos: Pos): bigint {
  return checkedInt(a + b, pos, () => `adding ${a} + ${b}`);
}

export function subtract(a: Value, b: Value, pos: Pos): Value {
  if (typeof a === "bigint" && typeof b === "bigint") {
    return checkedInt(a - b, pos, () => `subtracting ${a} - ${b}`);
  }
  return operand(a, "first", "subtraction") - operand(b, "second", "subtraction");
}

export function multiply(a: Value, b: Value, pos: Pos): Value {
  if (typeof a === "bigint" && typeof b === "bigint") {
    return checkedInt(a * b, pos, () => `multiplying ${a} * ${b}`);
  }
  return operand(a, "first", "multiplication") * operand(b, "second", "multiplication");
}

/** Integers divide towards zero. */
export function divide(a: Value, b: Value, pos: Pos): Value {
  const divisor = operand(b, "second", "division");
  if (divisor === 0) throw new NixError("eval", "division by zero", { pos });
  if (typeof a === "bigint" && typeof b === "bigint") {
    return checkedInt(a / b, pos, () => `dividing ${a} / ${b}`);
  }
  return operand(a, "first", "division") / divisor;
}

function operand(value: Value, which: "first" | "second", operation: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw traced(unexpectedType("an integer", value), noPos, `the ${which} argument of the ${operation}`);
}
