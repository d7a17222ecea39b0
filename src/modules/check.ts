/** Small questions about values, as nixpkgs' lib answers them. */

import { typeOf, withArticle } from "../lang/eval/type-name.ts";
import {
  Attrs,
  force,
  Lambda,
  NixPath,
  NixString,
  PrimOp,
  PrimOpApp,
  type Value,
} from "../lang/eval/value.ts";
import { intern } from "../lang/syntax/symbols.ts";
import { names } from "./names.ts";

const symType = intern("type");

export const isString = (value: Value): value is string | NixString =>
  typeof value === "string" || value instanceof NixString;

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export function isFunction(value: Value): boolean {
  return (
    value instanceof Lambda ||
    value instanceof PrimOp ||
    value instanceof PrimOpApp ||
    (value instanceof Attrs && value.has(names.functor))
  );
}

/** A string, path, or set that can be used as one. */
export function isStringLike(value: Value): boolean {
  return (
    isString(value) ||
    value instanceof NixPath ||
    (value instanceof Attrs && (value.has(names.outPath) || value.has(names.toString)))
  );
}

export function isDerivation(value: Value): boolean {
  if (!(value instanceof Attrs)) return false;
  const type = value.get(symType);
  return type !== undefined && force(type) === "derivation";
}

/** The characters of a string. */
export function characters(value: string | NixString): string {
  return typeof value === "string" ? value : value.text;
}

/** With an article, for messages: `a set`, `an integer`. */
export function typeName(value: Value): string {
  return withArticle[typeOf(value)];
}
