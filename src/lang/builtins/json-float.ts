/**
 * Floats as Nix writes them in JSON: digits by Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and
 * Accurately with Integers", 2010), which reads back as the same float but is in rare cases not the shortest
 * or closest text that does; so JavaScript's own digits cannot be used.
 */

/** A binary floating-point number `f * 2^e`. */
interface Scaled {
  readonly f: bigint;
  readonly e: number;
}

const significandBits = 64n;
/** Products with a cached power of ten have an exponent between this and -32. */
const lowestExponent = -60;
const firstCachedPower = -300;
const cachedPowerStep = 8;

/** JSON text of a float; what is not a number or infinite is null. */
export function jsonFloat(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const { digits, exponent } = grisu2(Math.abs(value));
  return (value < 0 ? "-" : "") + layOut(digits, exponent);
}

/** `digits * 10^exponent`: without an exponent from 1e-4 to below 1e15, always recognisable as a float. */
function layOut(digits: string, exponent: number): string {
  const count = digits.length;
  /** Where the decimal point is, in digits from the start. */
  const point = count + exponent;
  if (count <= point && point <= 15) return `${digits}${"0".repeat(exponent)}.0`;
  if (point > 0 && point <= 15) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -4 && point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  const fraction = count === 1 ? "" : `.${digits.slice(1)}`;
  const power = point - 1;
  return `${digits[0]}${fraction}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

function grisu2(value: number): { readonly digits: string; readonly exponent: number } {
  const { middle, lower, upper } = boundaries(value);
  const { power, decimal } = cachedPowerFor(upper.e);
  const w = multiply(middle, power);
  const low = multiply(lower, power);
  const high = multiply(upper, power);
  // One unit less on both sides, since the products are rounded.
  return generate({ f: low.f + 1n, e: low.e }, w, { f: high.f - 1n, e: high.e }, -decimal);
}

/** The float, and the middles between it and its neighbours, normalised to the exponent of the upper one. */
function boundaries(value: number): { middle: Scaled; lower: Scaled; upper: Scaled } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  const isDenormal = biased === 0;
  const f = isDenormal ? fraction : fraction | (1n << 52n);
  const e = (isDenormal ? 1 : biased) - 1075;
  // The gap below a power of two is half of the one above.
  const isPowerOfTwo = fraction === 0n && biased > 1;
  const upper = normalised({ f: 2n * f + 1n, e: e - 1 });
  const lower = isPowerOfTwo ? { f: 4n * f - 1n, e: e - 2 } : { f: 2n * f - 1n, e: e - 1 };
  return {
    middle: normalised({ f, e }),
    lower: { f: lower.f << BigInt(lower.e - upper.e), e: upper.e },
    upper,
  };
}

function normalised({ f, e }: Scaled): Scaled {
  const shift = Number(significandBits) - f.toString(2).length;
  return { f: f << BigInt(shift), e: e - shift };
}

/** The upper 64 bits of the product, rounded. */
function multiply(a: Scaled, b: Scaled): Scaled {
  const product = a.f * b.f + (1n << 63n);
  return { f: product >> significandBits, e: a.e + b.e + 64 };
}

const cachedPowers = new Map<number, Scaled>();

/** A power of ten, `power` being `10^decimal`, that brings the exponent `e` of a product into the range. */
function cachedPowerFor(e: number): { readonly power: Scaled; readonly decimal: number } {
  const f = lowestExponent - e - 1;
  // 78913 / 2^18 is log10(2).
  const k = Math.trunc((f * 78913) / 2 ** 18) + (f > 0 ? 1 : 0);
  const index = Math.trunc((-firstCachedPower + k + (cachedPowerStep - 1)) / cachedPowerStep);
  const decimal = firstCachedPower + index * cachedPowerStep;
  let power = cachedPowers.get(decimal);
  if (power === undefined) {
    power = powerOfTen(decimal);
    cachedPowers.set(decimal, power);
  }
  return { power, decimal };
}

/** `10^decimal` with 64 significant bits, rounded to the nearest. */
function powerOfTen(decimal: number): Scaled {
  const extra = 1200n;
  const scaled =
    decimal >= 0 ? (10n ** BigInt(decimal)) << extra : (1n << (2n * extra)) / 10n ** BigInt(-decimal);
  const e = decimal >= 0 ? -Number(extra) : -2 * Number(extra);
  const surplus = scaled.toString(2).length - Number(significandBits);
  const rounded = (scaled + (1n << BigInt(surplus - 1))) >> BigInt(surplus);
  return { f: rounded, e: e + surplus };
}

/** The digits of a number between `low` and `high` that is near to `w`; all have the same exponent. */
function generate(
  low: Scaled,
  w: Scaled,
  high: Scaled,
  decimal: number,
): { digits: string; exponent: number } {
  const fractionBits = BigInt(-high.e);
  const one = 1n << fractionBits;
  let delta = high.f - low.f;
  let distance = high.f - w.f;
  let rest = high.f & (one - 1n);
  const integral = (high.f >> fractionBits).toString();
  let digits = "";
  for (let i = 0; i < integral.length; i++) {
    digits += integral[i]!;
    const left = integral.length - 1 - i;
    const remainder = (BigInt(integral.slice(i + 1) || "0") << fractionBits) + rest;
    if (remainder <= delta) {
      const unit = (10n ** BigInt(left)) << fractionBits;
      return { digits: nearer(digits, distance, delta, remainder, unit), exponent: decimal + left };
    }
  }
  for (let exponent = decimal - 1; ; exponent--) {
    rest *= 10n;
    delta *= 10n;
    distance *= 10n;
    digits += (rest >> fractionBits).toString();
    rest &= one - 1n;
    if (rest <= delta) return { digits: nearer(digits, distance, delta, rest, one), exponent };
  }
}

/** Lowers the last digit while that comes nearer to the number itself and stays above the lower boundary. */
function nearer(digits: string, distance: bigint, delta: bigint, remainder: bigint, unit: bigint): string {
  let rest = remainder;
  let last = Number(digits.at(-1));
  while (
    rest < distance &&
    delta - rest >= unit &&
    (rest + unit < distance || distance - rest > rest + unit - distance)
  ) {
    last--;
    rest += unit;
  }
  return digits.slice(0, -1) + String(last);
}
