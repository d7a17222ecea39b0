/**
 * The scanner of the Nix language, over a byte string.
 *
 * Which lexical rules hold (ordinary, in a string, in an indented string, in a path) follows from where the parser
 * stands, so the parser asks: {@link Lexer.next}, {@link Lexer.nextInString}, {@link Lexer.nextInIndentedString},
 * {@link Lexer.nextInPath}. Each sets the current token. Rules: the Nix manual, "Language", and Nix's own scanner, whose
 * longest match wins.
 */
import { NixError } from "../eval/errors.ts";
import { byteClass, digit, idPart, idStart, pathPart, schemePart, uriPart } from "./characters.ts";
import { resolveEscapes } from "./escapes.ts";
import { findIdentifier, hashStep } from "./identifiers.ts";
import { parseFloatLiteral, parseIntegerLiteral } from "./numbers.ts";
import type { Pos } from "./positions.ts";
import type { Sym } from "./symbols.ts";
import { Token } from "./tokens.ts";

const tab = 9;
const newline = 10;
const carriageReturn = 13;
const space = 32;
const doubleQuote = 34;
const dollar = 36;
const quote = 39;
const star = 42;
const plus = 43;
const dot = 46;
const slash = 47;
const colon = 58;
const greaterThan = 62;
const backslash = 92;
const underscore = 95;
const curlyOpen = 123;
const verticalBar = 124;

/** `charCodeAt` gives NaN behind the end: no class. Asking an array for the element NaN would make every access slow. */
function classOf(byte: number): number {
  return byte < 256 ? byteClass[byte]! : 0;
}

export class Lexer {
  readonly text: string;
  /** Position of byte 0 of the text. */
  readonly base: Pos;
  readonly pipeOperators: boolean;

  /** The current token, its first byte and the byte after it. */
  token: Token = Token.end;
  start = 0;
  offset = 0;

  /** Of an identifier. */
  sym: Sym = 0 as Sym;
  /** Of a piece of a string or an indented string, with its escapes resolved. */
  value = "";
  /** Of a piece of an indented string: whether spaces at its line starts are indentation (escapes are not). */
  indents = false;
  integer = 0n;
  float = 0;

  /** The last run of path characters that was scanned, and its last underscore. */
  private runStart = 0;
  private runEnd = 0;
  private runUnderscore = -1;

  constructor(text: string, base: Pos, pipeOperators: boolean) {
    this.text = text;
    this.base = base;
    this.pipeOperators = pipeOperators;
  }

  /** Position of the current token. */
  get pos(): Pos {
    return (this.base + this.start) as Pos;
  }

  /** The current token's bytes. */
  tokenText(): string {
    return this.text.slice(this.start, this.offset);
  }

  /** The next token outside of strings and paths. */
  next(): Token {
    const text = this.text;
    let i = this.offset;
    let byte: number;
    for (;;) {
      byte = text.charCodeAt(i);
      if (byte === space || byte === newline || byte === tab || byte === carriageReturn) {
        i++;
      } else if (byte === 35 /* # */) {
        i = this.lineEnd(i);
      } else if (byte === slash && text.charCodeAt(i + 1) === star) {
        const close = text.indexOf("*/", i + 2);
        if (close < 0) break;
        i = close + 2;
      } else break;
    }
    this.start = i;
    const kind = classOf(byte);
    if (kind & idStart) return this.scanWord(i);
    if (kind & digit) return this.scanNumber(i);
    return this.scanSymbol(i, byte);
  }

  private lineEnd(from: number): number {
    const text = this.text;
    for (let i = from; i < text.length; i++) {
      const byte = text.charCodeAt(i);
      if (byte === newline || byte === carriageReturn) return i;
    }
    return text.length;
  }

  private finish(token: Token, offset: number): Token {
    this.token = token;
    this.offset = offset;
    return token;
  }

  private scanSymbol(i: number, byte: number): Token {
    const second = this.text.charCodeAt(i + 1);
    switch (byte) {
      case 123 /* { */:
        return this.finish(Token.curlyOpen, i + 1);
      case 125 /* } */:
        return this.finish(Token.curlyClose, i + 1);
      case 59 /* ; */:
        return this.finish(Token.semicolon, i + 1);
      case 61 /* = */:
        return second === 61 ? this.finish(Token.equal, i + 2) : this.finish(Token.assign, i + 1);
      case doubleQuote:
        return this.finish(Token.quote, i + 1);
      case 40 /* ( */:
        return this.finish(Token.parenOpen, i + 1);
      case 41 /* ) */:
        return this.finish(Token.parenClose, i + 1);
      case 91 /* [ */:
        return this.finish(Token.bracketOpen, i + 1);
      case 93 /* ] */:
        return this.finish(Token.bracketClose, i + 1);
      case colon:
        return this.finish(Token.colon, i + 1);
      case 44 /* , */:
        return this.finish(Token.comma, i + 1);
      case dot:
        return this.scanDot(i, second);
      case quote:
        return second === quote
          ? this.finish(Token.indentedOpen, this.afterBlankFirstLine(i + 2))
          : this.finish(Token.invalid, i + 1);
      case dollar:
        return second === curlyOpen
          ? this.finish(Token.dollarCurly, i + 2)
          : this.finish(Token.invalid, i + 1);
      case 63 /* ? */:
        return this.finish(Token.question, i + 1);
      case 33 /* ! */:
        return second === 61 ? this.finish(Token.notEqual, i + 2) : this.finish(Token.not, i + 1);
      case plus:
        return (
          this.scanPath(i) ??
          (second === plus ? this.finish(Token.concat, i + 2) : this.finish(Token.plus, i + 1))
        );
      case 45 /* - */:
        return (
          this.scanPath(i) ??
          (second === greaterThan ? this.finish(Token.implies, i + 2) : this.finish(Token.minus, i + 1))
        );
      case slash:
        if (second === slash) return this.finish(Token.update, i + 2);
        return this.scanPath(i) ?? this.finish(Token.divide, i + 1);
      case 42 /* * */:
        return this.finish(Token.times, i + 1);
      case 38 /* & */:
        return second === 38 ? this.finish(Token.and, i + 2) : this.finish(Token.invalid, i + 1);
      case verticalBar:
        if (second === verticalBar) return this.finish(Token.or, i + 2);
        return second === greaterThan ? this.pipe(Token.pipeInto) : this.finish(Token.invalid, i + 1);
      case 60 /* < */:
        return this.scanLess(i, second);
      case greaterThan:
        return second === 61 ? this.finish(Token.greaterOrEqual, i + 2) : this.finish(Token.greater, i + 1);
      case 64 /* @ */:
        return this.finish(Token.at, i + 1);
      case 126 /* ~ */:
        return this.scanHomePath(i);
      default:
        if (i >= this.text.length) {
          this.start = this.text.length;
          return this.finish(Token.end, this.text.length);
        }
        return this.finish(Token.invalid, i + 1);
    }
  }

  private pipe(token: Token): Token {
    if (!this.pipeOperators) {
      throw this.error(
        "experimental Nix feature 'pipe-operators' is disabled; " +
          "add '--extra-experimental-features pipe-operators' to enable it",
      );
    }
    return this.finish(token, this.start + 2);
  }

  /** An identifier, a keyword, a URI or a path. */
  private scanWord(start: number): Token {
    const text = this.text;
    let i = start;
    let hash = 0;
    let byte = text.charCodeAt(i);
    do {
      hash = hashStep(hash, byte);
      byte = text.charCodeAt(++i);
    } while (classOf(byte) & idPart);
    // Only these may continue a path or a URI that began like an identifier.
    if (byte === dot || byte === slash || byte === colon || byte === plus) {
      const longer = this.scanPath(start) ?? this.scanUri(start);
      if (longer !== undefined) return longer;
    }
    const identifier = findIdentifier(text, start, i, hash);
    this.sym = identifier.sym;
    return this.finish(identifier.token, i);
  }

  private scanNumber(start: number): Token {
    const path = this.scanPath(start);
    if (path !== undefined) return path;
    const text = this.text;
    const i = this.digitsEnd(start);
    const leading = text.charCodeAt(start) !== 48 /* 0 */;
    if (text.charCodeAt(i) === dot) {
      const fractionEnd = this.digitsEnd(i + 1);
      // `1.` is a float, but `0.` is not, and `01.5` is 01 followed by .5
      if (leading || (i === start + 1 && fractionEnd > i + 1)) return this.finishFloat(fractionEnd);
    }
    const value = parseIntegerLiteral(text, start, i);
    if (value === undefined) throw this.error(`invalid integer '${text.slice(start, i)}'`);
    this.integer = value;
    return this.finish(Token.integer, i);
  }

  private digitsEnd(from: number): number {
    const text = this.text;
    let i = from;
    while (classOf(text.charCodeAt(i)) & digit) i++;
    return i;
  }

  /** `mantissaEnd`: after the digits behind the dot; an exponent may follow. */
  private finishFloat(mantissaEnd: number): Token {
    const text = this.text;
    let end = mantissaEnd;
    if ((text.charCodeAt(end) | 32) === 101 /* e */) {
      const sign = text.charCodeAt(end + 1);
      const digits = sign === plus || sign === 45 ? end + 2 : end + 1;
      const exponentEnd = this.digitsEnd(digits);
      if (exponentEnd > digits) end = exponentEnd;
    }
    const literal = text.slice(this.start, end);
    const value = parseFloatLiteral(literal);
    if (value === undefined) throw this.error(`invalid float '${literal}'`);
    this.float = value;
    return this.finish(Token.float, end);
  }

  private scanDot(i: number, second: number): Token {
    const path = this.scanPath(i);
    if (path !== undefined) return path;
    if (second === dot && this.text.charCodeAt(i + 2) === dot) return this.finish(Token.ellipsis, i + 3);
    if (classOf(second) & digit) return this.finishFloat(this.digitsEnd(i + 1));
    return this.finish(Token.dot, i + 1);
  }

  private scanLess(i: number, second: number): Token {
    if (classOf(second) & pathPart) {
      const end = this.segmentsEnd(this.pathRunEnd(i + 1));
      if (this.text.charCodeAt(end) === greaterThan) return this.finish(Token.searchPath, end + 1);
    }
    if (second === 61) return this.finish(Token.lessOrEqual, i + 2);
    if (second === verticalBar) return this.pipe(Token.pipeFrom);
    return this.finish(Token.less, i + 1);
  }

  /** The first piece of the path that begins at `start`, maybe without a first segment; undefined: none does. */
  private scanPath(start: number): Token | undefined {
    const text = this.text;
    const firstEnd = this.pathRunEnd(start);
    if (text.charCodeAt(firstEnd) !== slash) return undefined;
    const end = this.segmentsEnd(firstEnd);
    if (end === firstEnd) {
      return this.interpolates(firstEnd + 1) ? this.finish(Token.path, firstEnd + 1) : undefined;
    }
    return this.finish(Token.path, text.charCodeAt(end) === slash ? end + 1 : end);
  }

  private scanHomePath(start: number): Token {
    const text = this.text;
    const end = this.segmentsEnd(start + 1);
    if (end > start + 1) return this.finish(Token.homePath, text.charCodeAt(end) === slash ? end + 1 : end);
    const interpolated = text.charCodeAt(start + 1) === slash && this.interpolates(start + 2);
    return interpolated ? this.finish(Token.homePath, start + 2) : this.finish(Token.invalid, start + 1);
  }

  /** After as many `/segment` as there are from `from` on, without a trailing slash. */
  private segmentsEnd(from: number): number {
    let end = from;
    while (this.text.charCodeAt(end) === slash) {
      const segmentEnd = this.pathRunEnd(end + 1);
      if (segmentEnd === end + 1) break;
      end = segmentEnd;
    }
    return end;
  }

  /** After the path characters from `from` on. Remembered, or `a.a.a...` would take quadratic time. */
  private pathRunEnd(from: number): number {
    if (from >= this.runStart && from < this.runEnd) return this.runEnd;
    const text = this.text;
    let i = from;
    let byte = text.charCodeAt(i);
    while (classOf(byte) & pathPart) {
      if (byte === underscore) this.runUnderscore = i;
      byte = text.charCodeAt(++i);
    }
    this.runStart = from;
    this.runEnd = i;
    return i;
  }

  private interpolates(at: number): boolean {
    return this.text.charCodeAt(at) === dollar && this.text.charCodeAt(at + 1) === curlyOpen;
  }

  /** The URI that begins at `start`; undefined: none does. */
  private scanUri(start: number): Token | undefined {
    const text = this.text;
    if (!(classOf(text.charCodeAt(start)) & schemePart)) return undefined;
    const schemeEnd = this.pathRunEnd(start);
    if (text.charCodeAt(schemeEnd) !== colon || this.runUnderscore >= start) return undefined;
    let end = schemeEnd + 1;
    while (classOf(text.charCodeAt(end)) & uriPart) end++;
    if (end === schemeEnd + 1) return undefined;
    return this.finish(Token.uri, end);
  }

  /** The next piece of a string: `string`, `dollarCurly`, `quote` or `end`. */
  nextInString(): Token {
    const text = this.text;
    const start = this.offset;
    this.start = start;
    let i = start;
    let plain = true;
    for (;;) {
      const byte = text.charCodeAt(i);
      if (byte === doubleQuote) break;
      if (byte === backslash) {
        if (i + 1 >= text.length) return this.endInString();
        plain = false;
        i += 2;
      } else if (byte === dollar) {
        const second = text.charCodeAt(i + 1);
        if (second === curlyOpen) break;
        // `$$` is two dollars, also in front of a curly brace.
        i += second === dollar ? 2 : 1;
      } else if (byte === carriageReturn || byte === 0) {
        plain = false;
        i++;
      } else i++;
      if (i >= text.length) return this.endInString();
    }
    if (i > start) {
      this.value = plain ? text.slice(start, i) : this.unescaped(start, i);
      return this.finish(Token.string, i);
    }
    return text.charCodeAt(i) === doubleQuote
      ? this.finish(Token.quote, i + 1)
      : this.finish(Token.dollarCurly, i + 2);
  }

  private endInString(): Token {
    this.start = this.text.length;
    return this.finish(Token.end, this.text.length);
  }

  private unescaped(start: number, end: number): string {
    const value = resolveEscapes(this.text, start, end);
    this.refuseNul(value);
    return value;
  }

  private refuseNul(value: string): void {
    if (!value.includes("\0")) return;
    const shown = value.replaceAll("\0", "\xe2\x90\x80");
    throw this.error(
      `input string '${shown}' cannot be represented as Nix string because it contains null bytes`,
    );
  }

  /** Behind the spaces and the line end of an indented string's first line, if there is nothing else on it. */
  private afterBlankFirstLine(from: number): number {
    const text = this.text;
    let i = from;
    while (text.charCodeAt(i) === space) i++;
    return text.charCodeAt(i) === newline ? i + 1 : from;
  }

  /** The next piece of an indented string: `indentedString`, `dollarCurly`, `indentedClose` or `end`. */
  nextInIndentedString(): Token {
    const text = this.text;
    const start = this.offset;
    this.start = start;
    if (start >= text.length) return this.finish(Token.end, text.length);
    const end = this.indentedTextEnd(start);
    if (end > start) return this.finishIndented(text.slice(start, end), true, end);
    const second = text.charCodeAt(start + 1);
    if (text.charCodeAt(start) === dollar) {
      if (second === curlyOpen) return this.finish(Token.dollarCurly, start + 2);
      return this.finishIndented("$", false, start + 1);
    }
    if (second !== quote) return this.finishIndented("'", false, start + 1);
    const third = text.charCodeAt(start + 2);
    if (third === dollar) return this.finishIndented("$", false, start + 3);
    if (third === quote) return this.finishIndented("''", false, start + 3);
    if (third === backslash && start + 3 < text.length) {
      return this.finishIndented(resolveEscapes(text, start + 2, start + 4), false, start + 4);
    }
    return this.finish(Token.indentedClose, start + 2);
  }

  private finishIndented(value: string, indents: boolean, offset: number): Token {
    this.refuseNul(value);
    this.value = value;
    this.indents = indents;
    return this.finish(Token.indentedString, offset);
  }

  /** After the text of an indented string that has neither escapes nor interpolations. */
  private indentedTextEnd(from: number): number {
    const text = this.text;
    let i = from;
    while (i < text.length) {
      const byte = text.charCodeAt(i);
      if (byte !== dollar && byte !== quote) {
        i++;
        continue;
      }
      // A dollar or a quote takes the byte behind it along, unless that could mean something.
      const second = text.charCodeAt(i + 1);
      if (i + 1 >= text.length || second === quote) break;
      if (second === (byte === dollar ? curlyOpen : dollar)) break;
      i += 2;
    }
    return i;
  }

  /** The next piece of a path literal: `string`, `dollarCurly` or `pathEnd`. `afterSlash`: the last piece was text that ended with a slash. */
  nextInPath(afterSlash: boolean): Token {
    const text = this.text;
    const start = this.offset;
    this.start = start;
    if (this.interpolates(start)) return this.finish(Token.dollarCurly, start + 2);
    const runEnd = this.pathRunEnd(start);
    let end = this.segmentsEnd(runEnd);
    if (text.charCodeAt(end) === slash) end++;
    if (end > start) {
      this.value = text.slice(start, end);
      return this.finish(Token.string, end);
    }
    if (afterSlash) throw this.error("path has a trailing slash");
    return this.finish(Token.pathEnd, start);
  }

  private error(message: string): NixError {
    return new NixError("syntax", message, { pos: this.pos });
  }
}
