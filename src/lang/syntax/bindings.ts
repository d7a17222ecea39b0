/** Attribute names and paths, and the bindings of sets and `let`. */
import type { AttrBinding, AttrName, Expr } from "./ast.ts";
import { type AttrsDraft, trim } from "./attributes.ts";
import { anyOfMany, type Grammar, skipToken, syntaxError, unexpected } from "./grammar.ts";
import { parseString } from "./literals.ts";
import type { Pos } from "./positions.ts";
import { intern, type Sym } from "./symbols.ts";
import { Token } from "./tokens.ts";

const symOr = intern("or");

const nameStart: readonly Token[] = [Token.identifier, Token.orKeyword, Token.dollarCurly, Token.quote];

/** `a.b.${c}` */
export function parseAttrPath(grammar: Grammar): AttrName[] {
  return restOfAttrPath(grammar, parseAttrName(grammar));
}

/** The path that begins with a name that was read already. */
export function restOfAttrPath(grammar: Grammar, first: AttrName): AttrName[] {
  const { lexer, names } = grammar;
  if (lexer.token !== Token.dot) return [first];
  const start = names.begin();
  names.push(first);
  while (lexer.token === Token.dot) {
    lexer.next();
    names.push(parseAttrName(grammar));
  }
  return names.take(start);
}

function parseAttrName(grammar: Grammar): AttrName {
  const { lexer } = grammar;
  const { pos, sym } = lexer;
  switch (lexer.token) {
    case Token.identifier:
      lexer.next();
      return { kind: "static", pos, name: sym };
    case Token.orKeyword:
      lexer.next();
      return { kind: "static", pos, name: symOr };
    case Token.quote:
      return attrNameOf(parseString(grammar), pos);
    case Token.dollarCurly: {
      lexer.next();
      const expr = grammar.expression();
      skipToken(lexer, Token.curlyClose);
      return attrNameOf(expr, pos);
    }
    default:
      throw unexpected(lexer, nameStart);
  }
}

/** A string without interpolation is a name like any other, also in `${"..."}`. */
function attrNameOf(expr: Expr, pos: Pos): AttrName {
  return expr.kind === "string"
    ? { kind: "static", pos, name: intern(expr.value) }
    : { kind: "dynamic", pos, expr };
}

/**
 * Bindings up to and with the token `close`, into `attrs`. `expected`: what Nix would list where neither a binding nor
 * the end comes.
 */
export function parseBindings(
  grammar: Grammar,
  attrs: AttrsDraft,
  close: Token,
  expected: readonly Token[],
): void {
  const { lexer } = grammar;
  while (lexer.token !== close) {
    switch (lexer.token) {
      case Token.inheritKeyword:
        parseInherit(grammar, attrs);
        break;
      case Token.identifier:
      case Token.orKeyword:
      case Token.quote:
      case Token.dollarCurly: {
        const { pos } = lexer;
        parseBindingValue(grammar, attrs, pos, parseAttrPath(grammar));
        break;
      }
      default:
        throw unexpected(lexer, expected);
    }
  }
  lexer.next();
  trim(attrs);
}

/** `= value;` behind a path. */
export function parseBindingValue(
  grammar: Grammar,
  attrs: AttrsDraft,
  pos: Pos,
  path: readonly AttrName[],
): void {
  const { lexer } = grammar;
  if (lexer.token !== Token.assign) throw unexpected(lexer, [Token.dot, Token.assign]);
  lexer.next();
  const value = grammar.expression();
  skipToken(lexer, Token.semicolon);
  grammar.filler.add(attrs, path, pos, value);
}

/** `inherit a b;` or `inherit (e) a b;` */
function parseInherit(grammar: Grammar, attrs: AttrsDraft): void {
  const { lexer, filler } = grammar;
  lexer.next();
  let bindingOf = (name: Sym, pos: Pos): AttrBinding => ({
    kind: "inherit",
    name,
    pos,
    value: { kind: "var", pos, name },
  });
  if (lexer.token === Token.parenOpen) {
    lexer.next();
    const source = grammar.expression();
    skipToken(lexer, Token.parenClose);
    const from = filler.addInheritFrom(attrs, source);
    bindingOf = (name, pos) => ({ kind: "inheritFrom", name, pos, from });
  }
  const inherited: AttrBinding[] = [];
  while (lexer.token !== Token.semicolon) {
    if (!nameStart.includes(lexer.token)) throw unexpected(lexer, anyOfMany);
    const name = parseAttrName(grammar);
    if (name.kind === "dynamic") throw syntaxError("dynamic attributes not allowed in inherit", name.pos);
    inherited.push(bindingOf(name.name, name.pos));
  }
  lexer.next();
  for (const binding of inherited) filler.addInherited(attrs, binding);
}
