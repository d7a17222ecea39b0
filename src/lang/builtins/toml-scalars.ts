/** The scalars of TOML 1.0.0: strings, numbers, dates and times. */
import type { TomlScanner } from "./toml-scanner.ts";

/** A date, a time or both, as Nix prints it. */
export class TomlDate {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};

/** `"..."` or `'...'` on one line, of which the opening quote is here. */
export function scanSingleLineString(scanner: TomlScanner): string {
  const quote = scanner.next!;
  scanner.at++;
  let result = "";
  while (!scanner.accept(quote)) {
    if (quote === '"' && scanner.next === "\\") result += scanEscape(scanner);
    else result += stringCharacter(scanner);
  }
  return result;
}

/** A string of any of the four kinds, of which the opening quote is here. */
export function scanString(scanner: TomlScanner): string {
  const quotes = scanner.next!.repeat(3);
  return scanner.startsWith(quotes) ? scanMultiLineString(scanner, quotes) : scanSingleLineString(scanner);
}

function scanMultiLineString(scanner: TomlScanner, quotes: string): string {
  const quote = quotes[0]!;
  scanner.at += 3;
  scanner.acceptNewline();
  let result = "";
  for (;;) {
    if (scanner.startsWith(quotes)) {
      // Up to two quotes may stand right before the closing ones.
      const surplus = scanner.startsWith(quotes + quote + quote)
        ? 2
        : scanner.startsWith(quotes + quote)
          ? 1
          : 0;
      scanner.at += 3 + surplus;
      return result + quote.repeat(surplus);
    }
    if (scanner.acceptNewline()) result += "\n";
    else if (quote !== '"' || scanner.next !== "\\") result += stringCharacter(scanner);
    else if (scanner.match(/\\[ \t]*\r?\n/y)) scanner.match(/(?:[ \t]|\r?\n)*/y);
    else result += scanEscape(scanner);
  }
}

/** One byte that needs no escape. */
function stringCharacter(scanner: TomlScanner): string {
  const character = scanner.next;
  if (character === undefined) return scanner.fail("the string is not closed");
  if (character !== "\t" && (character < " " || character === "\x7f")) {
    return scanner.fail(
      character === "\n" || character === "\r"
        ? "the string is not closed at the end of its line"
        : "a control character has to be escaped in a string",
    );
  }
  scanner.at++;
  return character;
}

function scanEscape(scanner: TomlScanner): string {
  const unicode = scanner.match(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y);
  if (unicode === undefined) {
    const simple = escapes[scanner.text[scanner.at + 1] ?? ""];
    if (simple === undefined) return scanner.fail("unknown escape sequence");
    scanner.at += 2;
    return simple;
  }
  const code = Number.parseInt(unicode[1] ?? unicode[2]!, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return scanner.fail("the escape is not a Unicode scalar value", unicode.index);
  }
  return Buffer.from(String.fromCodePoint(code), "utf8").toString("latin1");
}

/** What a date, a number or a Boolean ends at. */
const endOfScalar = /[\s,\]}#]|$/y;

/** Any value but a string, an array or an inline table. */
export function scanBareScalar(scanner: TomlScanner): boolean | bigint | number | TomlDate {
  const start = scanner.at;
  const value = scanDate(scanner) ?? scanFloat(scanner) ?? scanInteger(scanner) ?? scanBoolean(scanner);
  if (value === undefined) return scanner.fail("expected a value", start);
  endOfScalar.lastIndex = scanner.at;
  if (!endOfScalar.test(scanner.text)) return scanner.fail("unexpected character after a value");
  return value;
}

function scanBoolean(scanner: TomlScanner): boolean | undefined {
  if (scanner.accept("true")) return true;
  return scanner.accept("false") ? false : undefined;
}

function scanFloat(scanner: TomlScanner): number | undefined {
  const start = scanner.at;
  const special = scanner.match(/([+-]?)(inf|nan)/y);
  if (special !== undefined) {
    const value = special[2] === "inf" ? Number.POSITIVE_INFINITY : Number.NaN;
    return special[1] === "-" ? -value : value;
  }
  const found = scanner.match(
    /[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?|[eE][+-]?[0-9](?:_?[0-9])*)/y,
  );
  const value = found && Number(found[0].replaceAll("_", ""));
  if (value !== undefined && !Number.isFinite(value)) return scanner.fail("the float is too large", start);
  return value;
}

function scanInteger(scanner: TomlScanner): bigint | undefined {
  const start = scanner.at;
  const found =
    scanner.match(/0(?:x[0-9a-fA-F](?:_?[0-9a-fA-F])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)/y) ??
    scanner.match(/([+-]?)(0|[1-9](?:_?[0-9])*)/y);
  if (found === undefined) return undefined;
  const magnitude = BigInt((found[2] ?? found[0]).replaceAll("_", ""));
  const value = found[1] === "-" ? -magnitude : magnitude;
  if (BigInt.asIntN(64, value) !== value) {
    const radix = found[2] === undefined ? { x: "hex", o: "oct", b: "bin" }[found[0][1]!] : "dec";
    return scanner.fail(`toml::parse_${radix}_integer: too large integer: current max digits = 2^63`, start);
  }
  return value;
}

const time = "([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\\.([0-9]+))?";
const dateExpression = new RegExp(
  `([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]${time}(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?)?`,
  "y",
);
const timeExpression = new RegExp(time, "y");

function scanDate(scanner: TomlScanner): TomlDate | undefined {
  const start = scanner.at;
  const onlyTime = scanner.match(timeExpression);
  if (onlyTime !== undefined) {
    const [, hour, minute, second, fraction] = onlyTime;
    return new TomlDate(timeText(scanner, start, hour!, minute!, second!, fraction));
  }
  const found = scanner.match(dateExpression);
  if (found === undefined) return undefined;
  const [, year, month, day, hour, minute, second, fraction, utc, sign, offsetHour, offsetMinute] = found;
  const days = new Date(Date.UTC(2000, Number(month), 0)).getUTCDate();
  const isLeapYear = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const lastDay = month === "02" && !isLeapYear ? 28 : days;
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > lastDay) {
    return scanner.fail("there is no such date", start);
  }
  let text = `${year}-${month}-${day}`;
  if (hour !== undefined) text += `T${timeText(scanner, start, hour, minute!, second!, fraction)}`;
  if (utc !== undefined) return new TomlDate(`${text}Z`);
  if (sign === undefined) return new TomlDate(text);
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59)
    return scanner.fail("there is no such offset", start);
  const isZero = Number(offsetHour) === 0 && Number(offsetMinute) === 0;
  return new TomlDate(isZero ? `${text}Z` : `${text}${sign}${offsetHour}:${offsetMinute}`);
}

/** Fractions are cut to nanoseconds and have 0, 3, 6 or 9 digits. */
function timeText(
  scanner: TomlScanner,
  start: number,
  hour: string,
  minute: string,
  second: string,
  fraction: string | undefined,
): string {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) {
    scanner.fail("there is no such time", start);
  }
  const digits = (fraction ?? "").slice(0, 9).replace(/0+$/, "");
  const shown = digits.padEnd(Math.ceil(digits.length / 3) * 3, "0");
  return `${hour}:${minute}:${second}${shown === "" ? "" : `.${shown}`}`;
}
