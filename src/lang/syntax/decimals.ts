/** Decimal digits of floats as C's `printf` rounds them: halves go to the even digit, where JavaScript takes the larger one. */

/** As many as there may be. A float that is no half differs from one long before. */
const allDigits = 100;

/** Of less than 10^21. */
export function toFixed(value: number, digits: number): string {
  return toEven(value.toFixed(digits), () => value.toFixed(allDigits));
}

/** The first digit and `digits` behind the point, and the power of ten that it is to be multiplied with. */
export function toExponential(value: number, digits: number): [mantissa: string, exponent: number] {
  const [mantissa, exponent] = split(value.toExponential(digits));
  return [toEven(mantissa, () => split(value.toExponential(allDigits))[0]), Number(exponent)];
}

function split(text: string): [mantissa: string, exponent: string] {
  return text.split("e") as [string, string];
}

/** An odd digit at the end that a half was rounded to is one less: what is there without rounding. */
function toEven(rounded: string, exact: () => string): string {
  if (!/[13579]$/.test(rounded)) return rounded;
  const digits = exact();
  return /^\.?50*$/.test(digits.slice(rounded.length)) ? digits.slice(0, rounded.length) : rounded;
}
