/** Strings, indented strings and paths, with their interpolations. */
import { NixError } from "../eval/errors.ts";
import type { Expr } from "./ast.ts";
import { type Grammar, requireToken, unexpected } from "./grammar.ts";
import { type IndentedPiece, stripIndentation } from "./indentation.ts";
import { normalisePath, pathFrom } from "./paths.ts";
import type { Pos } from "./positions.ts";
import { Token } from "./tokens.ts";

/** `"..."`: a plain string when there is no interpolation. */
export function parseString(grammar: Grammar): Expr {
  const { lexer } = grammar;
  const quotePos = lexer.pos;
  lexer.nextInString();
  const { pos } = lexer;
  let text = "";
  if (lexer.token === Token.string) {
    text = lexer.value;
    lexer.nextInString();
  }
  if (lexer.token === Token.quote) {
    lexer.next();
    return { kind: "string", pos: quotePos, value: text };
  }
  const parts: Expr[] = text === "" ? [] : [{ kind: "string", pos, value: text }];
  const positions: Pos[] = text === "" ? [] : [pos];
  for (; lexer.token !== Token.quote; lexer.nextInString()) {
    positions.push(lexer.pos);
    if (lexer.token === Token.string) parts.push({ kind: "string", pos: lexer.pos, value: lexer.value });
    else if (lexer.token === Token.dollarCurly) parts.push(interpolation(grammar));
    else throw unexpected(lexer, [Token.quote]);
  }
  lexer.next();
  return { kind: "concatStrings", pos, forceString: true, parts, positions };
}

/** `''...''` */
export function parseIndentedString(grammar: Grammar): Expr {
  const { lexer } = grammar;
  const { pos } = lexer;
  const pieces: IndentedPiece[] = [];
  for (;;) {
    lexer.nextInIndentedString();
    const piecePos = lexer.pos;
    switch (lexer.token) {
      case Token.indentedString:
        pieces.push({ kind: "text", pos: piecePos, text: lexer.value, indents: lexer.indents });
        break;
      case Token.dollarCurly:
        pieces.push({ kind: "expr", pos: piecePos, expr: interpolation(grammar) });
        break;
      case Token.indentedClose: {
        lexer.next();
        const { parts, positions } = stripIndentation(pieces);
        if (parts.length === 0) return { kind: "string", pos, value: "" };
        const [only] = parts;
        if (parts.length === 1 && only!.kind === "string") return { kind: "string", pos, value: only!.value };
        return { kind: "concatStrings", pos, forceString: true, parts, positions };
      }
      default:
        throw unexpected(lexer, [Token.indentedString, Token.dollarCurly, Token.indentedClose]);
    }
  }
}

/** A path literal: absolute, relative or below `~`. */
export function parsePath(grammar: Grammar): Expr {
  const { lexer } = grammar;
  const { pos } = lexer;
  const literal = lexer.tokenText();
  const first: Expr = { kind: "path", pos, value: absolutePath(grammar, literal, pos) };
  lexer.nextInPath(literal.endsWith("/"));
  const parts: Expr[] = [first];
  const positions: Pos[] = [pos];
  while (lexer.token !== Token.pathEnd) {
    positions.push(lexer.pos);
    if (lexer.token === Token.string) {
      const { value } = lexer;
      const textPos = lexer.pos;
      parts.push({ kind: "string", pos: textPos, value });
      lexer.nextInPath(value.endsWith("/"));
      // Only `/a//b` gives two texts in a row; the grammar wants an interpolation before that.
      if (parts.length === 2 && lexer.token !== Token.dollarCurly) {
        throw unexpected(lexer, [Token.dollarCurly]);
      }
    } else {
      parts.push(interpolation(grammar));
      lexer.nextInPath(false);
    }
  }
  lexer.next();
  return parts.length === 1 ? first : { kind: "concatStrings", pos, forceString: false, parts, positions };
}

/** `${ ... }`; the closing brace stays the current token, as what is behind it is not scanned in the ordinary way. */
function interpolation(grammar: Grammar): Expr {
  grammar.lexer.next();
  const expr = grammar.expression();
  requireToken(grammar.lexer, Token.curlyClose);
  return expr;
}

function absolutePath(grammar: Grammar, literal: string, pos: Pos): string {
  const { basePath, home, onLiteral } = grammar.options;
  let normal: string;
  if (literal.startsWith("/")) normal = normalisePath(literal);
  else if (literal.startsWith("~")) {
    if (home === undefined) {
      throw new NixError("restricted", `the path '${literal}' can not be resolved in pure mode`, { pos });
    }
    normal = normalisePath(home + literal.slice(1));
  } else normal = pathFrom(basePath, literal);
  onLiteral?.("path", literal, pos);
  return literal.length > 1 && literal.endsWith("/") ? `${normal}/` : normal;
}
