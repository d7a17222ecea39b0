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

export function subtract(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") {
    return checkedInt(a - b, noPos, () => `subtracting ${a} - ${b}`);
  }
  const type = commonType(a, b);
  return (
    toFloat(a, type, "the first argument of the subtraction") -
    toFloat(b, type, "the second argument of the subtraction")
  );
}

export function multiply(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") {
    return checkedInt(a * b, noPos, () => `multiplying ${a} * ${b}`);
  }
  const type = commonType(a, b);
  return (
    toFloat(a, type, "the first argument of the multiplication") *
    toFloat(b, type, "the second argument of the multiplication")
  );
}

/** Integers divide towards zero. */
export function divide(a: Value, b: Value): Value {
  const divisor = toFloat(b, "a float", "the second operand of the division");
  if (divisor === 0) throw new NixError("eval", "division by zero");
  if (typeof a === "bigint" && typeof b === "bigint") {
    return checkedInt(a / b, noPos, () => `dividing ${a} / ${b}`);
  }
  return toFloat(a, commonType(a, b), "the first operand of the division") / divisor;
}

/** What messages say that the operands have to be: floats as soon as one of them is. */
function commonType(a: Value, b: Value): "a float" | "an integer" {
  return typeof a === "number" || typeof b === "number" ? "a float" : "an integer";
}

/** A number as a float; the error says what was expected. */
export function toFloat(value: Value, expected: "a float" | "an integer", what: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw traced(unexpectedType(expected, value), noPos, what);
}
