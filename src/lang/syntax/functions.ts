/** Functions: `x: ...`, `{ a, b ? c, ... }: ...`, with `args@` before or behind. */
import type { Expr, Formal, LambdaExpr } from "./ast.ts";
import { type Grammar, requireToken, skipToken, syntaxError, unexpected } from "./grammar.ts";
import type { Pos } from "./positions.ts";
import { type Sym, symbolName } from "./symbols.ts";
import { Token } from "./tokens.ts";

type Formals = NonNullable<LambdaExpr["formals"]>;

export const noFormals: Formals = { list: [], ellipsis: false };

const formalStart: readonly Token[] = [Token.identifier, Token.ellipsis, Token.curlyClose];

/** From an element (or the closing brace) of `{ ... }` on. */
export function parseFormals(grammar: Grammar): Formals {
  return formalsFrom(grammar, []);
}

/** Behind the first name of `{ a ...`. */
export function parseFormalsAfterName(grammar: Grammar, name: Sym, pos: Pos): Formals {
  const list = [formalAfterName(grammar, name, pos)];
  return afterFormal(grammar) ? formalsFrom(grammar, list) : { list, ellipsis: false };
}

function formalsFrom(grammar: Grammar, list: Formal[]): Formals {
  const { lexer } = grammar;
  for (;;) {
    const { pos, sym } = lexer;
    switch (lexer.token) {
      case Token.identifier:
        lexer.next();
        list.push(formalAfterName(grammar, sym, pos));
        if (!afterFormal(grammar)) return { list, ellipsis: false };
        break;
      case Token.ellipsis:
        lexer.next();
        skipToken(lexer, Token.curlyClose);
        return { list, ellipsis: true };
      case Token.curlyClose:
        lexer.next();
        return { list, ellipsis: false };
      default:
        throw unexpected(lexer, formalStart);
    }
  }
}

function formalAfterName(grammar: Grammar, name: Sym, pos: Pos): Formal {
  const { lexer } = grammar;
  if (lexer.token !== Token.question) return { name, pos, default: undefined };
  lexer.next();
  return { name, pos, default: grammar.expression() };
}

/** Behind the comma or the closing brace; false: that was the brace. */
function afterFormal({ lexer }: Grammar): boolean {
  if (lexer.token !== Token.comma && lexer.token !== Token.curlyClose) {
    throw unexpected(lexer, [Token.curlyClose, Token.comma]);
  }
  const more = lexer.token === Token.comma;
  lexer.next();
  return more;
}

/** Behind the formals of `{ ... }: body` and `{ ... }@args: body`. */
export function parseFormalsFunction(grammar: Grammar, pos: Pos, formals: Formals): Expr {
  const { lexer } = grammar;
  if (lexer.token === Token.colon) return parseFunctionBody(grammar, pos, undefined, formals);
  if (lexer.token !== Token.at) throw unexpected(lexer, [Token.colon, Token.at]);
  lexer.next();
  requireToken(lexer, Token.identifier);
  const { sym } = lexer;
  lexer.next();
  return parseFunctionBody(grammar, pos, sym, formals);
}

/** From the `@` of `args@{ ... }: body` on. */
export function parseArgsAtFormals(grammar: Grammar, pos: Pos, arg: Sym): Expr {
  const { lexer } = grammar;
  lexer.next();
  skipToken(lexer, Token.curlyOpen);
  return parseFunctionBody(grammar, pos, arg, parseFormals(grammar));
}

/** From the colon on. */
export function parseFunctionBody(
  grammar: Grammar,
  pos: Pos,
  arg: Sym | undefined,
  formals: Formals | undefined,
): Expr {
  skipToken(grammar.lexer, Token.colon);
  const body = grammar.expression();
  if (formals !== undefined) refuseDuplicates(formals, arg, pos);
  return { kind: "lambda", pos, arg, formals, body, name: undefined };
}

function refuseDuplicates({ list }: Formals, arg: Sym | undefined, pos: Pos): void {
  const seen = new Set<Sym>();
  for (const { name, pos: formalPos } of list) {
    if (seen.has(name)) throw duplicate(name, formalPos);
    seen.add(name);
  }
  if (arg !== undefined && seen.has(arg)) throw duplicate(arg, pos);
}

function duplicate(name: Sym, pos: Pos) {
  return syntaxError(`duplicate formal function argument '${symbolName(name)}'`, pos);
}
