/** Small questions about values, as nixpkgs' lib answers them. */
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
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "a Boolean";
    case "bigint":
      return "an integer";
    case "number":
      return "a float";
    case "string":
      return "a string";
    default:
      if (value instanceof NixString) return "a string";
      if (value instanceof NixPath) return "a path";
      if (value instanceof Attrs) return "a set";
      if (isFunction(value)) return "a function";
      return "a list";
  }
}

/** As `builtins.typeOf`. */
export function typeOf(value: Value): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float";
    case "string":
      return "string";
    default:
      if (value instanceof NixString) return "string";
      if (value instanceof NixPath) return "path";
      if (value instanceof Attrs) return "set";
      if (Array.isArray(value)) return "list";
      return "lambda";
  }
}
