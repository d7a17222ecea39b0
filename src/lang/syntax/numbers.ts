/** The values of number literals; undefined when they are out of range. */

const maxInteger = 2n ** 63n - 1n;
/** The smallest positive double of full precision. */
const minNormal = 2 ** -1022;

/** Of the decimal digits `text[start, end)`. */
export function parseIntegerLiteral(text: string, start: number, end: number): bigint | undefined {
  let first = start;
  while (first < end - 1 && text.charCodeAt(first) === 48 /* 0 */) first++;
  if (end - first > 19) return undefined;
  if (end - first > 15) {
    const value = BigInt(text.slice(first, end));
    return value > maxInteger ? undefined : value;
  }
  let value = 0;
  for (let i = first; i < end; i++) value = value * 10 + (text.charCodeAt(i) - 48);
  return BigInt(value);
}

/** As strtod, which Nix uses: overflow and underflow (also to a number of less precision) are errors. */
export function parseFloatLiteral(literal: string): number | undefined {
  const value = Number(literal);
  if (value === Number.POSITIVE_INFINITY) return undefined;
  if (value < minNormal && /[1-9]/.test(literal.replace(/e.*/i, ""))) return undefined;
  return value;
}
