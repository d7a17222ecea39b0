/** Arithmetic and the text of numbers. */
import { toFixed } from "../syntax/decimals.ts";
import type { Pos } from "../syntax/positions.ts";
import { NixError } from "./errors.ts";

/** `n` when it fits in 64 bits; otherwise the error that Nix gives (2.25 and newer; older ones wrapped around). */
export function checkedInt(n: bigint, pos: Pos, description: () => string): bigint {
  if (BigInt.asIntN(64, n) !== n) {
    throw new NixError("eval", `integer overflow in ${description()}`, { pos });
  }
  return n;
}

const smallIntegers = Array.from({ length: 256 }, (_, n) => BigInt(n));

/** The integer of a length or an index; small ones are there already. */
export function integer(n: number): bigint {
  return smallIntegers[n] ?? BigInt(n);
}

/** As C's `%f`: what `toString` gives (`1.500000`). */
export function floatToString(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Math.abs(value) < 1e21) return `${Object.is(value, -0) ? "-" : ""}${toFixed(value, 6)}`;
  // From 2^53 on a double is an integer, and BigInt has all of its digits.
  return `${BigInt(value)}.000000`;
}
