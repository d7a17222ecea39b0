/** Builtins on numbers. */
import { add, divide, multiply, subtract, toFloat } from "../eval/arithmetic.ts";
import { traced } from "../eval/checks.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { printValue } from "../eval/print.ts";
import { force, type Slot, type Value } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import type { Builtin } from "./builtin.ts";

export function numbersFamily(evaluator: Evaluator): readonly Builtin[] {
  const bitwise = (name: string, meaning: string, operate: (a: bigint, b: bigint) => bigint): Builtin => ({
    name,
    arity: 2,
    doc: `The bitwise ${meaning} of two integers.`,
    fn: (a, b) =>
      operate(
        evaluator.forceInt(a, noPos, `the first argument passed to builtins.${name}`),
        evaluator.forceInt(b, noPos, `the second argument passed to builtins.${name}`),
      ),
  });
  return [
    {
      name: "add",
      arity: 2,
      doc: "The sum of two numbers: an integer when both are.",
      fn: (a, b) => sum(force(a), force(b)),
    },
    {
      name: "sub",
      arity: 2,
      doc: "`sub a b` is the number `a - b`.",
      fn: (a, b) => subtract(force(a), force(b)),
    },
    {
      name: "mul",
      arity: 2,
      doc: "The product of two numbers.",
      fn: (a, b) => multiply(force(a), force(b)),
    },
    {
      name: "div",
      arity: 2,
      doc: "`div a b` is `a / b`; of two integers the quotient without its fraction.",
      fn: (a, b) => divide(force(a), force(b)),
    },
    bitwise("bitAnd", "and", (a, b) => a & b),
    bitwise("bitOr", "or", (a, b) => a | b),
    bitwise("bitXor", "exclusive or", (a, b) => a ^ b),
    {
      name: "ceil",
      arity: 1,
      doc: "The smallest integer that is not below the number.",
      fn: (number) => rounded("ceil", Math.ceil, number),
    },
    {
      name: "floor",
      arity: 1,
      doc: "The largest integer that is not above the number.",
      fn: (number) => rounded("floor", Math.floor, number),
    },
    {
      name: "lessThan",
      arity: 2,
      doc: "`lessThan a b` is `a < b`: of two numbers, strings (by bytes), paths, or lists (by the first elements that differ).",
      fn: (a, b) => evaluator.compare(a, b) < 0,
    },
  ];
}

function sum(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return add(a, b, noPos);
  const type = typeof a === "number" || typeof b === "number" ? "a float" : "an integer";
  return (
    toFloat(a, type, "the first argument of the addition") +
    toFloat(b, type, "the second argument of the addition")
  );
}

const issue = "(see https://github.com/NixOS/nix/issues/12899)";

/** An integer is rounded as a float, so that Nix refuses those that a float cannot hold. */
function rounded(builtin: string, round: (value: number) => number, slot: Slot): bigint {
  const what = `the first argument passed to builtins.${builtin}`;
  let value: Value;
  try {
    value = force(slot);
  } catch (error) {
    throw traced(error, noPos, what);
  }
  const result = round(toFloat(value, "a float", what));
  const isInRange = result >= -(2 ** 63) && result < 2 ** 63;
  if (typeof value === "bigint") {
    if (!isInRange) {
      const caused = `the NixInt argument ${value} caused undefined behavior in previous Nix versions.`;
      throw new NixError("eval", `Due to a bug ${issue} ${caused}\n\t${futureVersions}`);
    }
    if (BigInt(result) !== value) {
      const lost = "a loss of precision occurred in previous Nix versions because";
      const because = `the NixInt argument ${value} was rounded to ${BigInt(result)}.`;
      throw new NixError("eval", `Due to a bug ${issue} ${lost} ${because}\n\t${futureVersions}`);
    }
  } else if (!isInRange) {
    const shown = printValue(value);
    throw new NixError("eval", `NixFloat argument ${shown} is not in the range of NixInt`);
  }
  return BigInt(result);
}

const futureVersions = "Future Nix versions might implement the correct behavior.";
