/**
 * The parser of the Nix language: recursive descent, operators by precedence climbing. It accepts what Nix's grammar
 * accepts, desugars as Nix does and words its errors alike (the tokens that it lists as expected are those of Nix's
 * LALR automaton in that state).
 */
import { NixError } from "../eval/errors.ts";
import type { AttrName, AttrsExpr, Expr } from "./ast.ts";
import { AttrsFiller, newAttrs } from "./attributes.ts";
import { parseAttrPath, parseBindings, parseBindingValue, restOfAttrPath } from "./bindings.ts";
import {
  noFormals,
  parseArgsAtFormals,
  parseFormals,
  parseFormalsAfterName,
  parseFormalsFunction,
  parseFunctionBody,
} from "./functions.ts";
import {
  anyOfMany,
  type Grammar,
  type ParseOptions,
  requireToken,
  skipToken,
  syntaxError,
  unexpected,
} from "./grammar.ts";
import { Lexer } from "./lexer.ts";
import { parseIndentedString, parsePath, parseString } from "./literals.ts";
import {
  binary,
  binaryLevel,
  call,
  isNonAssociative,
  Level,
  negate,
  rightOperandLevel,
  searchPath,
} from "./operators.ts";
import { isStackOverflow } from "./overflow.ts";
import { addSource, type Origin, type Pos } from "./positions.ts";
import { Scratch } from "./scratch.ts";
import { intern, type Sym } from "./symbols.ts";
import { Token } from "./tokens.ts";

export type { ParseOptions } from "./grammar.ts";

/**
 * The syntax tree of a source text (a byte string). Throws NixError of kind "syntax", or "stackOverflow" when the
 * nesting is too deep for this thread's stack. Variables are not resolved: that is the evaluator's.
 */
export function parse(text: string, origin: Origin, options: ParseOptions): Expr {
  const base = addSource({ origin, text });
  return parseWith(new Lexer(text, base, options.pipeOperators ?? false), options, (parser) => parser.file());
}

/**
 * Bindings without braces around them (`x = 1`, `inherit (a) b c;`), as a REPL takes them: a set that is not recursive.
 * The last semicolon may be missing. Throws as {@link parse}.
 */
export function parseBareBindings(text: string, origin: Origin, options: ParseOptions): AttrsExpr {
  const base = addSource({ origin, text });
  const attempt = (completed: string): AttrsExpr =>
    parseWith(new Lexer(completed, base, options.pipeOperators ?? false), options, (parser) =>
      parser.bareBindings(),
    );
  try {
    return attempt(text);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return attempt(`${text}\n;`);
  }
}

function parseWith<T>(lexer: Lexer, options: ParseOptions, read: (parser: Parser) => T): T {
  try {
    return read(new Parser(lexer, options));
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    throw new NixError("stackOverflow", "stack overflow: the expression is nested too deeply", {
      pos: lexer.pos,
      cause: error,
    });
  }
}

const symOr = intern("or");
const symBody = intern("body");
const symCurPos = intern("__curPos");

/** Whether the token begins an operand, so that something in front of it is called with it. */
const beginsOperand = new Uint8Array(64);
for (const token of [
  Token.identifier,
  Token.integer,
  Token.float,
  Token.quote,
  Token.indentedOpen,
  Token.path,
  Token.homePath,
  Token.searchPath,
  Token.uri,
  Token.parenOpen,
  Token.letKeyword,
  Token.recKeyword,
  Token.curlyOpen,
  Token.bracketOpen,
]) {
  beginsOperand[token] = 1;
}

function variable(name: Sym, pos: Pos): Expr {
  return name === symCurPos ? { kind: "curPos", pos } : { kind: "var", pos, name };
}

/** From the loosest construct to the tightest; a `first` parameter is a simple expression that was read already. */
class Parser implements Grammar {
  readonly lexer: Lexer;
  readonly options: ParseOptions;
  readonly filler = new AttrsFiller();
  readonly names = new Scratch<AttrName>();
  private readonly exprs = new Scratch<Expr>();

  constructor(lexer: Lexer, options: ParseOptions) {
    this.lexer = lexer;
    this.options = options;
  }

  file(): Expr {
    this.lexer.next();
    const expr = this.expression();
    requireToken(this.lexer, Token.end);
    this.filler.end();
    return expr;
  }

  bareBindings(): AttrsExpr {
    this.lexer.next();
    const attrs = newAttrs(this.lexer.pos, false);
    parseBindings(this, attrs, Token.end, [Token.inheritKeyword]);
    return attrs;
  }

  expression(): Expr {
    const { lexer } = this;
    const { pos } = lexer;
    switch (lexer.token) {
      case Token.identifier: {
        const { sym } = lexer;
        lexer.next();
        if (lexer.token === Token.colon) return parseFunctionBody(this, pos, sym, undefined);
        if (lexer.token === Token.at) return parseArgsAtFormals(this, pos, sym);
        return this.pipeline(pos, variable(sym, pos));
      }
      case Token.curlyOpen:
        return this.setOrFunction(pos);
      case Token.letKeyword:
        lexer.next();
        if (lexer.token === Token.curlyOpen) return this.pipeline(pos, this.oldLet(pos));
        return this.letIn(pos);
      case Token.ifKeyword: {
        lexer.next();
        const condition = this.expression();
        skipToken(lexer, Token.thenKeyword);
        const then = this.expression();
        skipToken(lexer, Token.elseKeyword);
        return { kind: "if", pos, condition, then, else: this.expression() };
      }
      case Token.withKeyword: {
        lexer.next();
        const scope = this.expression();
        skipToken(lexer, Token.semicolon);
        return { kind: "with", pos, scope, body: this.expression() };
      }
      case Token.assertKeyword: {
        lexer.next();
        const condition = this.expression();
        skipToken(lexer, Token.semicolon);
        return { kind: "assert", pos, condition, body: this.expression() };
      }
      default:
        return this.pipeline(pos, undefined);
    }
  }

  private letIn(pos: Pos): Expr {
    const attrs = newAttrs(pos, false);
    parseBindings(this, attrs, Token.inKeyword, [Token.inKeyword, Token.inheritKeyword]);
    const body = this.expression();
    if (attrs.dynamic.length > 0) throw syntaxError("dynamic attributes not allowed in let", pos);
    return { kind: "let", pos, attrs, body };
  }

  /** `{` where a function may stand: what comes next decides. */
  private setOrFunction(pos: Pos): Expr {
    const { lexer } = this;
    lexer.next();
    const attrs = newAttrs(pos, false);
    switch (lexer.token) {
      case Token.ellipsis:
        return parseFormalsFunction(this, pos, parseFormals(this));
      case Token.curlyClose:
        lexer.next();
        return lexer.token === Token.colon || lexer.token === Token.at
          ? parseFormalsFunction(this, pos, noFormals)
          : this.pipeline(pos, attrs);
      case Token.identifier: {
        const { sym, pos: namePos } = lexer;
        lexer.next();
        switch (lexer.token) {
          case Token.comma:
          case Token.curlyClose:
          case Token.question:
            return parseFormalsFunction(this, pos, parseFormalsAfterName(this, sym, namePos));
        }
        const path = restOfAttrPath(this, { kind: "static", pos: namePos, name: sym });
        parseBindingValue(this, attrs, namePos, path);
      }
    }
    parseBindings(this, attrs, Token.curlyClose, [Token.inheritKeyword]);
    return this.pipeline(pos, attrs);
  }

  /** `a |> f` or `f <| a`, which do not mix. */
  private pipeline(pos: Pos, first: Expr | undefined): Expr {
    const { lexer } = this;
    let left = this.operators(Level.implication, pos, first);
    if (lexer.token === Token.pipeFrom) return this.pipeFrom(left);
    while (lexer.token === Token.pipeInto) {
      const operatorPos = lexer.pos;
      lexer.next();
      left = call(operatorPos, this.operators(Level.implication, lexer.pos, undefined), [left]);
    }
    return left;
  }

  private pipeFrom(fn: Expr): Expr {
    const { lexer } = this;
    const operatorPos = lexer.pos;
    lexer.next();
    const right = this.operators(Level.implication, lexer.pos, undefined);
    return call(operatorPos, fn, [lexer.token === Token.pipeFrom ? this.pipeFrom(right) : right]);
  }

  /** Operands joined by operators of at least level `lowest`; the first operand begins at `pos`. */
  private operators(lowest: number, pos: Pos, first: Expr | undefined): Expr {
    const { lexer } = this;
    let left = first === undefined ? this.operand(pos) : this.application(pos, first);
    let previous = 0;
    for (;;) {
      const operator = lexer.token;
      const level = binaryLevel(operator);
      if (level < lowest || level === 0) return left;
      if (level === previous && isNonAssociative(level)) throw unexpected(lexer, anyOfMany);
      previous = level;
      const operatorPos = lexer.pos;
      lexer.next();
      if (operator === Token.question) {
        left = { kind: "hasAttr", pos: left.pos, subject: left, path: parseAttrPath(this) };
      } else {
        const rightPos = lexer.pos;
        const right = this.operators(rightOperandLevel(level), rightPos, undefined);
        left = binary(operator, operatorPos, left, pos, right, rightPos);
      }
    }
  }

  /** An application, or one behind `!` or `-`, which take along the tighter operators behind it. */
  private operand(pos: Pos): Expr {
    const { lexer } = this;
    switch (lexer.token) {
      case Token.not: {
        lexer.next();
        return { kind: "not", pos, operand: this.operators(Level.not, lexer.pos, undefined) };
      }
      case Token.minus: {
        lexer.next();
        return negate(pos, this.operators(Level.negation, lexer.pos, undefined));
      }
      default:
        return this.application(pos, undefined);
    }
  }

  /** `f a b` */
  private application(pos: Pos, first: Expr | undefined): Expr {
    const { lexer } = this;
    const fn = this.selection(pos, first);
    if (beginsOperand[lexer.token] === 0) return fn;
    const arg = this.argument();
    if (beginsOperand[lexer.token] === 0) return call(pos, fn, [arg]);
    const start = this.exprs.begin();
    this.exprs.push(arg);
    do this.exprs.push(this.argument());
    while (beginsOperand[lexer.token] !== 0);
    return call(pos, fn, this.exprs.take(start));
  }

  /** A selection as an argument, an element of a list or a default. */
  private argument(): Expr {
    return this.selection(this.lexer.pos, undefined, true);
  }

  /** `a.b.c`, `a.b or c`, and `a or`, which calls `a` with the variable `or`. */
  private selection(pos: Pos, first: Expr | undefined, isArgument = false): Expr {
    const { lexer } = this;
    const subject = first ?? this.simple(pos);
    if (lexer.token === Token.dot) {
      lexer.next();
      const path = parseAttrPath(this);
      if (lexer.token !== Token.orKeyword) return { kind: "select", pos, subject, path, default: undefined };
      lexer.next();
      return { kind: "select", pos, subject, path, default: this.argument() };
    }
    if (lexer.token !== Token.orKeyword) return subject;
    if (isArgument) this.options.onOldOr?.(pos, lexer.text.slice(pos - lexer.base, lexer.offset));
    lexer.next();
    return { kind: "call", pos, fn: subject, args: [{ kind: "var", pos, name: symOr }] };
  }

  private simple(pos: Pos): Expr {
    const { lexer } = this;
    switch (lexer.token) {
      case Token.identifier: {
        const { sym } = lexer;
        lexer.next();
        return variable(sym, pos);
      }
      case Token.quote:
        return parseString(this);
      case Token.parenOpen: {
        lexer.next();
        const expr = this.expression();
        skipToken(lexer, Token.parenClose);
        return expr;
      }
      case Token.curlyOpen: {
        lexer.next();
        const attrs = newAttrs(pos, false);
        parseBindings(this, attrs, Token.curlyClose, [Token.inheritKeyword]);
        return attrs;
      }
      case Token.bracketOpen: {
        lexer.next();
        const start = this.exprs.begin();
        while (beginsOperand[lexer.token] !== 0) this.exprs.push(this.argument());
        const elements = this.exprs.take(start);
        if (lexer.token !== Token.bracketClose) throw unexpected(lexer, anyOfMany);
        lexer.next();
        return { kind: "list", pos, elements };
      }
      case Token.integer: {
        const value = lexer.integer;
        lexer.next();
        return { kind: "int", pos, value };
      }
      case Token.indentedOpen:
        return parseIndentedString(this);
      case Token.path:
      case Token.homePath:
        return parsePath(this);
      case Token.recKeyword:
        lexer.next();
        return this.recursiveSet(pos);
      case Token.searchPath: {
        const name = lexer.tokenText().slice(1, -1);
        lexer.next();
        return searchPath(pos, name);
      }
      case Token.uri: {
        const value = lexer.tokenText();
        this.options.onLiteral?.("url", value, pos);
        lexer.next();
        return { kind: "string", pos, value };
      }
      case Token.float: {
        const value = lexer.float;
        lexer.next();
        return { kind: "float", pos, value };
      }
      case Token.letKeyword:
        lexer.next();
        return this.oldLet(pos);
      default:
        throw unexpected(lexer, anyOfMany);
    }
  }

  /** Behind `let`: `{ ...; body = ...; }`, which is `(rec { ...; body = ...; }).body`. */
  private oldLet(pos: Pos): Expr {
    const subject = this.recursiveSet(pos);
    return {
      kind: "select",
      pos,
      subject,
      path: [{ kind: "static", pos, name: symBody }],
      default: undefined,
    };
  }

  /** Behind `rec`. */
  private recursiveSet(pos: Pos): Expr {
    skipToken(this.lexer, Token.curlyOpen);
    const attrs = newAttrs(pos, true);
    parseBindings(this, attrs, Token.curlyClose, [Token.inheritKeyword, Token.curlyClose]);
    return attrs;
  }
}
