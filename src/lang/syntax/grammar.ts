/** What the parts of the parser share. */
import { NixError } from "../eval/errors.ts";
import type { AttrName, Expr } from "./ast.ts";
import type { AttrsFiller } from "./attributes.ts";
import type { Lexer } from "./lexer.ts";
import type { Pos } from "./positions.ts";
import type { Scratch } from "./scratch.ts";
import { type Token, unexpectedToken } from "./tokens.ts";

export interface ParseOptions {
  /** Absolute directory that relative path literals start from. */
  readonly basePath: string;
  /** What `~` in path literals stands for; without it (pure evaluation) they are refused. */
  readonly home?: string | undefined;
  /** Accept `|>` and `<|`. */
  readonly pipeOperators?: boolean | undefined;
  /** Sees every URL and every path without quotes (up to an interpolation), and may refuse it. */
  readonly onLiteral?: ((kind: LiteralKind, literal: string, pos: Pos) => void) | undefined;
  /** Sees every `f or` that is an argument, an element or a default: it calls `f` today, and won't always. */
  readonly onOldOr?: ((pos: Pos, text: string) => void) | undefined;
}

export type LiteralKind = "url" | "path";

/**
 * One run of the parser. Its functions begin at the current token and leave the first token after what they have read as
 * the current one.
 */
export interface Grammar {
  readonly lexer: Lexer;
  readonly options: ParseOptions;
  readonly filler: AttrsFiller;
  readonly names: Scratch<AttrName>;
  /** An expression of any kind. */
  expression(): Expr;
}

/** For {@link unexpected}: too many tokens would fit to list them. */
export const anyOfMany: readonly Token[] = [];

/** The error that the current token does not fit. */
export function unexpected(lexer: Lexer, expected: readonly Token[]): NixError {
  return syntaxError(unexpectedToken(lexer.token, expected), lexer.pos);
}

export function syntaxError(message: string, pos: Pos): NixError {
  return new NixError("syntax", message, { pos });
}

export function requireToken(lexer: Lexer, token: Token): void {
  if (lexer.token !== token) throw unexpected(lexer, [token]);
}

/** Goes on behind the token, which has to be the current one. */
export function skipToken(lexer: Lexer, token: Token): void {
  if (lexer.token !== token) throw unexpected(lexer, [token]);
  lexer.next();
}
