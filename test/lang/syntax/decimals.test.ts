import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toExponential, toFixed } from "../../../src/lang/syntax/decimals.ts";

/** Rounds `numerator / denominator`, both positive, halves to the even integer. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const [quotient, rest] = [numerator / denominator, 2n * (numerator % denominator)];
  const isUp = rest > denominator || (rest === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** `integer / 2^shift`: many of these are halves of some decimal digit. */
const dyadic = fc.tuple(fc.nat(2 ** 24), fc.integer({ min: 0, max: 14 }));

describe("halves go to the even digit", () => {
  test.each([
    [0.0078125, 6, "0.007812"],
    [0.0234375, 6, "0.023438"],
    [-1.0078125, 6, "-1.007812"],
    [100000.5, 0, "100000"],
    [100001.5, 0, "100002"],
    [1.15, 1, "1.1"],
  ])("%d with %d digits is %s", (value, digits, text) => {
    expect(toFixed(value, digits)).toBe(text);
  });

  test("behind a point, whatever the float", () => {
    fc.assert(
      fc.property(dyadic, fc.integer({ min: 0, max: 8 }), ([integer, shift], digits) => {
        const expected = rounded(BigInt(integer) * 10n ** BigInt(digits), 2n ** BigInt(shift));
        expect(BigInt(toFixed(integer / 2 ** shift, digits).replace(".", ""))).toBe(expected);
      }),
    );
  });

  test("of so many digits, whatever the float", () => {
    fc.assert(
      fc.property(dyadic, ([integer, shift]) => {
        fc.pre(integer > 0);
        const [mantissa, exponent] = toExponential(integer / 2 ** shift, 5);
        const scale = 5 - exponent;
        const [up, down] = scale < 0 ? [1n, 10n ** BigInt(-scale)] : [10n ** BigInt(scale), 1n];
        const expected = rounded(BigInt(integer) * up, 2n ** BigInt(shift) * down);
        expect(BigInt(mantissa.replace(".", ""))).toBe(expected);
      }),
    );
  });
});
