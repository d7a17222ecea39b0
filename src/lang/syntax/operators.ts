/** The operators of the language: how tightly they bind, and what they are in the syntax tree. */
import type { BinaryOp, Expr } from "./ast.ts";
import { noPos, type Pos } from "./positions.ts";
import { intern, type Sym } from "./symbols.ts";
import { Token } from "./tokens.ts";

/** Nix manual, "Operators", from the loosest to the tightest. */
export const Level = {
  implication: 1,
  or: 2,
  and: 3,
  equality: 4,
  comparison: 5,
  update: 6,
  not: 7,
  sum: 8,
  product: 9,
  concat: 10,
  hasAttr: 11,
  negation: 12,
} as const;

const levels = new Uint8Array(64);
levels[Token.implies] = Level.implication;
levels[Token.or] = Level.or;
levels[Token.and] = Level.and;
levels[Token.equal] = Level.equality;
levels[Token.notEqual] = Level.equality;
levels[Token.less] = Level.comparison;
levels[Token.greater] = Level.comparison;
levels[Token.lessOrEqual] = Level.comparison;
levels[Token.greaterOrEqual] = Level.comparison;
levels[Token.update] = Level.update;
levels[Token.plus] = Level.sum;
levels[Token.minus] = Level.sum;
levels[Token.times] = Level.product;
levels[Token.divide] = Level.product;
levels[Token.concat] = Level.concat;
levels[Token.question] = Level.hasAttr;

/** The level of a binary operator (`?` included); 0: the token is none. */
export function binaryLevel(token: Token): number {
  return levels[token]!;
}

/** The lowest level that an operator in the right operand may have. */
export function rightOperandLevel(level: number): number {
  switch (level) {
    case Level.implication:
    case Level.update:
    case Level.concat:
      return level;
    default:
      return level + 1;
  }
}

/** `a == b == c` is an error. */
export function isNonAssociative(level: number): boolean {
  return level === Level.equality || level === Level.comparison;
}

const subtract = intern("__sub");
const multiply = intern("__mul");
const divide = intern("__div");
const lessThan = intern("__lessThan");
const findFile = intern("__findFile");
const nixPath = intern("__nixPath");

/** Arithmetic, comparison and search paths are calls of variables, which a scope may redefine. */
function callOf(name: Sym, pos: Pos, args: readonly Expr[]): Expr {
  return { kind: "call", pos, fn: { kind: "var", pos: noPos, name }, args };
}

/** `-a` */
export function negate(pos: Pos, operand: Expr): Expr {
  return callOf(subtract, pos, [{ kind: "int", pos, value: 0n }, operand]);
}

/** `<name>` */
export function searchPath(pos: Pos, name: string): Expr {
  return callOf(findFile, pos, [
    { kind: "var", pos: noPos, name: nixPath },
    { kind: "string", pos, value: name },
  ]);
}

/**
 * `left op right` (all but `?`), with the operator's position and those where the operands begin.
 */
export function binary(
  operator: Token,
  pos: Pos,
  left: Expr,
  leftPos: Pos,
  right: Expr,
  rightPos: Pos,
): Expr {
  switch (operator) {
    case Token.plus:
      return {
        kind: "concatStrings",
        pos,
        forceString: false,
        parts: [left, right],
        positions: [leftPos, rightPos],
      };
    case Token.minus:
      return callOf(subtract, pos, [left, right]);
    case Token.times:
      return callOf(multiply, pos, [left, right]);
    case Token.divide:
      return callOf(divide, pos, [left, right]);
    case Token.less:
      return callOf(lessThan, pos, [left, right]);
    case Token.greater:
      return callOf(lessThan, pos, [right, left]);
    case Token.lessOrEqual:
      return { kind: "not", pos, operand: callOf(lessThan, pos, [right, left]) };
    case Token.greaterOrEqual:
      return { kind: "not", pos, operand: callOf(lessThan, pos, [left, right]) };
    default:
      return { kind: "binary", pos, op: operatorNames.get(operator)!, left, right };
  }
}

const operatorNames = new Map<Token, BinaryOp>([
  [Token.equal, "=="],
  [Token.notEqual, "!="],
  [Token.and, "&&"],
  [Token.or, "||"],
  [Token.implies, "->"],
  [Token.update, "//"],
  [Token.concat, "++"],
]);

/**
 * A call with one or more arguments. A function that is a call itself gets more arguments, also when it stands in
 * parentheses or is written as an operator.
 */
export function call(pos: Pos, fn: Expr, args: readonly Expr[]): Expr {
  if (fn.kind !== "call") return { kind: "call", pos, fn, args };
  return { kind: "call", pos: fn.pos, fn: fn.fn, args: [...fn.args, ...args] };
}
