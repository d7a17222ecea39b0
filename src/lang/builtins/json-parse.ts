/**
 * JSON text (RFC 8259) to values, as Nix reads it: numbers without fraction and exponent are 64-bit integers, of two
 * equal keys the last counts, text must be UTF-8. Messages are those of the library that Nix uses (nlohmann's).
 * Nesting is limited by memory only.
 */
import { NixError } from "../eval/errors.ts";
import type { Slot, Value } from "../eval/value.ts";
import { intern, type Sym } from "../syntax/symbols.ts";
import { attrsOfMap } from "./attrs.ts";
import { checkNoNul } from "./nul.ts";
import { firstIllFormedByte } from "./utf8.ts";

/** Not JSON; the message is a byte string. */
export class JsonParseError extends Error {
  override readonly name = "JsonParseError";
}

/** Parses a byte string. Throws {@link JsonParseError}, or a NixError for what JSON can say and Nix cannot. */
export function parseJson(text: string): Value {
  return new JsonParser(text).parse();
}

/** Punctuation stands for itself; a scalar is an object with its value. */
type Token = "[" | "]" | "{" | "}" | ":" | "," | "end" | Scalar;

interface Scalar {
  readonly name: "string literal" | "number literal" | "true literal" | "false literal" | "null literal";
  readonly value: string | bigint | number | boolean | null;
}

const literals: Readonly<Record<string, readonly [text: string, scalar: Scalar]>> = {
  t: ["true", { name: "true literal", value: true }],
  f: ["false", { name: "false literal", value: false }],
  n: ["null", { name: "null literal", value: null }],
};

/** A list or an object that is not closed yet. */
type Open =
  | { readonly kind: "list"; readonly elements: Slot[] }
  | { readonly kind: "object"; readonly members: Map<Sym, Slot>; key: Sym };

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);
const uint64Max = 2n ** 64n - 1n;

const expectedValue = "'[', '{', or a literal";

class JsonParser {
  private readonly text: string;
  /** How many bytes have been read; one more than there are when the end was looked at. */
  private at = 0;
  /** Where the current token begins. */
  private tokenStart = 0;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Value {
    if (this.text.startsWith("\xef\xbb\xbf")) this.at = 3;
    else if (this.text.startsWith("\xef")) {
      this.at = this.text.startsWith("\xef\xbb") ? 3 : 2;
      this.malformed("invalid BOM; must be 0xEF 0xBB 0xBF if given", "value");
    }
    const value = this.value();
    const after = this.token("value");
    if (after !== "end") this.unexpected(after, "value", "end of input");
    return value;
  }

  /** One whole value, without recursion. */
  private value(): Value {
    const stack: Open[] = [];
    let token = this.token("value");
    for (;;) {
      let value: Value;
      if (token === "[") {
        token = this.token("value");
        if (token !== "]") {
          stack.push({ kind: "list", elements: [] });
          continue;
        }
        value = [];
      } else if (token === "{") {
        const first = this.token("object key");
        if (first !== "}") {
          stack.push({ kind: "object", members: new Map(), key: this.key(first) });
          token = this.token("value");
          continue;
        }
        value = attrsOfMap(new Map<Sym, Slot>(), (slot) => slot);
      } else if (typeof token === "object") {
        value = token.value;
      } else {
        this.unexpected(token, "value", expectedValue);
      }
      const next = this.close(stack, value);
      if (next === undefined) return this.result!;
      token = next;
    }
  }

  private result: Value | undefined;

  /** Puts a value where it belongs and closes what ends after it. The next value's first token, if there is one. */
  private close(stack: Open[], finished: Value): Token | undefined {
    let value = finished;
    for (;;) {
      const open = stack.at(-1);
      if (open === undefined) {
        this.result = value;
        return undefined;
      }
      if (open.kind === "list") {
        open.elements.push(value);
        const token = this.token("array");
        if (token === ",") return this.token("value");
        if (token !== "]") this.unexpected(token, "array", "']'");
        value = open.elements;
      } else {
        open.members.set(open.key, value);
        const token = this.token("object");
        if (token === ",") {
          open.key = this.key(this.token("object key"));
          return this.token("value");
        }
        if (token !== "}") this.unexpected(token, "object", "'}'");
        value = attrsOfMap(open.members, (slot) => slot);
      }
      stack.pop();
    }
  }

  /** The key that the token is, and the colon after it. */
  private key(token: Token): Sym {
    if (typeof token !== "object" || typeof token.value !== "string") {
      this.unexpected(token, "object key", "string literal");
    }
    const separator = this.token("object separator");
    if (separator !== ":") this.unexpected(separator, "object separator", "':'");
    return intern(token.value);
  }

  private token(context: string): Token {
    const { text } = this;
    for (;;) {
      const byte = text.charCodeAt(this.at);
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break;
      this.at++;
    }
    this.tokenStart = this.at;
    const character = text[this.at++];
    switch (character) {
      case undefined:
      case "\0":
        return "end";
      case "[":
      case "]":
      case "{":
      case "}":
      case ":":
      case ",":
        return character;
      case '"':
        return { name: "string literal", value: this.string(context) };
      case "t":
      case "f":
      case "n":
        return this.literal(literals[character]!, context);
      default:
        if (character !== "-" && !isDigit(character)) this.malformed("invalid literal", context);
        return { name: "number literal", value: this.number(context) };
    }
  }

  private literal([word, scalar]: readonly [string, Scalar], context: string): Scalar {
    for (let i = 1; i < word.length; i++) {
      if (this.text[this.at++] !== word[i]) this.malformed("invalid literal", context);
    }
    return scalar;
  }

  private number(context: string): bigint | number {
    const { text } = this;
    this.at = this.tokenStart;
    if (text[this.at] === "-") this.at++;
    if (text[this.at] === "0") this.at++;
    else this.digits("expected digit after '-'", context);
    let isInteger = true;
    if (text[this.at] === ".") {
      isInteger = false;
      this.at++;
      this.digits("expected digit after '.'", context);
    }
    if (text[this.at] === "e" || text[this.at] === "E") {
      isInteger = false;
      this.at++;
      const signed = text[this.at] === "+" || text[this.at] === "-";
      if (signed) this.at++;
      const expected = signed
        ? "expected digit after exponent sign"
        : "expected '+', '-', or digit after exponent";
      this.digits(expected, context);
    }
    const source = text.slice(this.tokenStart, this.at);
    return (isInteger ? integer(source) : undefined) ?? this.float(source);
  }

  private digits(expected: string, context: string): void {
    const start = this.at;
    while (isDigit(this.text[this.at])) this.at++;
    if (this.at > start) return;
    this.at++;
    this.malformed(`invalid number; ${expected}`, context);
  }

  private float(source: string): number {
    const value = Number(source);
    if (Number.isFinite(value)) return value;
    throw new JsonParseError(`[json.exception.out_of_range.406] number overflow parsing '${source}'`);
  }

  /** After the opening quote. */
  private string(context: string): string {
    const { text } = this;
    let result = "";
    let start = this.at;
    for (;;) {
      const byte = text.charCodeAt(this.at);
      if (byte === 34) {
        result += this.utf8(start, context);
        this.at++;
        checkNoNul(result);
        return result;
      }
      if (byte === 92) {
        result += this.utf8(start, context);
        this.at++;
        result += this.escape(context);
        start = this.at;
      } else if (byte >= 32) {
        this.at++;
      } else {
        this.utf8(start, context);
        this.at++;
        this.malformed(
          `invalid string: ${Number.isNaN(byte) ? "missing closing quote" : controlCharacter(byte)}`,
          context,
        );
      }
    }
  }

  /** The text from `start` to here. */
  private utf8(start: number, context: string): string {
    const piece = this.text.slice(start, this.at);
    const wrong = firstIllFormedByte(piece);
    if (wrong === undefined) return piece;
    this.at = start + wrong + 1;
    return this.malformed("invalid string: ill-formed UTF-8 byte", context);
  }

  /** After the backslash. */
  private escape(context: string): string {
    const character = this.text[this.at++];
    switch (character) {
      case '"':
      case "\\":
      case "/":
        return character;
      case "b":
        return "\b";
      case "f":
        return "\f";
      case "n":
        return "\n";
      case "r":
        return "\r";
      case "t":
        return "\t";
      case "u":
        return Buffer.from(String.fromCodePoint(this.codePoint(context)), "utf8").toString("latin1");
      default:
        return this.malformed("invalid string: forbidden character after backslash", context);
    }
  }

  /** After `\u`: one code, or two that are a surrogate pair. */
  private codePoint(context: string): number {
    const first = this.codeUnit(context);
    if (first >= 0xdc00 && first <= 0xdfff) {
      this.malformed("invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF", context);
    }
    if (first < 0xd800 || first > 0xdbff) return first;
    const unpaired = "invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF";
    if (this.text[this.at++] !== "\\" || this.text[this.at++] !== "u") this.malformed(unpaired, context);
    const second = this.codeUnit(context);
    if (second < 0xdc00 || second > 0xdfff) this.malformed(unpaired, context);
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  private codeUnit(context: string): number {
    const start = this.at;
    for (let i = 0; i < 4; i++) {
      if (!/^[0-9a-fA-F]$/.test(this.text[this.at++] ?? "")) {
        this.malformed("invalid string: '\\u' must be followed by 4 hex digits", context);
      }
    }
    return Number.parseInt(this.text.slice(start, this.at), 16);
  }

  private unexpected(token: Token, context: string, expected: string): never {
    if (token === "end" && this.at <= 1) {
      const check = "check that your input string or stream contains the expected JSON";
      this.fail(`attempting to parse an empty input; ${check}`);
    }
    const name = token === "end" ? "end of input" : typeof token === "object" ? token.name : `'${token}'`;
    this.fail(`syntax error while parsing ${context} - unexpected ${name}; expected ${expected}`);
  }

  private malformed(problem: string, context: string): never {
    const read = this.text.slice(this.tokenStart, this.at);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is shown by number
    const shown = read.replace(/[\0-\x1f]/g, (character) => `<U+${hexadecimal(character.charCodeAt(0))}>`);
    this.fail(`syntax error while parsing ${context} - ${problem}; last read: '${shown}'`);
  }

  private fail(message: string): never {
    const before = this.text.slice(0, this.at);
    const line = before.split("\n").length;
    const column = this.at - (before.lastIndexOf("\n") + 1);
    const where = `parse error at line ${line}, column ${column}`;
    throw new JsonParseError(`[json.exception.parse_error.101] ${where}: ${message}`);
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Undefined when it is so large that it is read as a float. */
function integer(source: string): bigint | undefined {
  const value = BigInt(source);
  if (value >= int64Min && value <= int64Max) return value;
  if (value < 0n || value > uint64Max) return undefined;
  throw new NixError("eval", `unsigned json number ${source} outside of Nix integer range`);
}

const controlNames =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
    " ",
  );
const controlEscapes: Readonly<Record<number, string>> = {
  8: "\\b",
  9: "\\t",
  10: "\\n",
  12: "\\f",
  13: "\\r",
};

function controlCharacter(byte: number): string {
  const code = hexadecimal(byte);
  const short = controlEscapes[byte];
  const escapes = short === undefined ? `\\u${code}` : `\\u${code} or ${short}`;
  return `control character U+${code} (${controlNames[byte]}) must be escaped to ${escapes}`;
}

function hexadecimal(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
