/** What the tests of the syntax share. Texts here are ordinary JavaScript text. */

import { NixError } from "../../../src/lang/eval/errors.ts";
import type { Expr } from "../../../src/lang/syntax/ast.ts";
import { type ParseOptions, parse } from "../../../src/lang/syntax/parser.ts";
import { formatPos } from "../../../src/lang/syntax/positions.ts";
import { printExpr } from "../../../src/lang/syntax/printer.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";

const defaults: ParseOptions = { basePath: "/base", home: "/home/me" };

export function parseText(text: string, options: Partial<ParseOptions> = {}): Expr {
  return parse(fromText(text), { kind: "string" }, { ...defaults, ...options });
}

/** The source as `nix-instantiate --parse` shows it. */
export function shown(text: string, options: Partial<ParseOptions> = {}): string {
  return toText(printExpr(parseText(text, options)));
}

/** The parse error of a source, as `line:column: message`. */
export function failure(text: string, options: Partial<ParseOptions> = {}): string {
  const error = failureOf(() => parseText(text, options));
  return toText(`${formatPos(error.pos!)!.replace(/^.*?:/, "")}: ${error.message}`);
}

export function failureOf(action: () => unknown): NixError {
  try {
    action();
  } catch (error) {
    if (error instanceof NixError) return error;
    throw error;
  }
  throw new Error("expected a NixError");
}

/** A copy of a syntax tree (or a part of one) without anything about positions. */
export function withoutPositions(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withoutPositions);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([key]) => key !== "pos" && key !== "positions")
      .map(([key, value]) => [key, withoutPositions(value)]),
  );
}
