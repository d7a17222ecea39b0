/** What kinds of values there are, by the names of `builtins.typeOf` and in messages. */
import { Attrs, NixPath, NixString, type Value } from "./value.ts";

export type TypeName = "null" | "bool" | "int" | "float" | "string" | "path" | "set" | "list" | "lambda";

/** As `builtins.typeOf`. */
export function typeOf(value: Value): TypeName {
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
  }
  if (value instanceof NixString) return "string";
  if (value instanceof NixPath) return "path";
  if (value instanceof Attrs) return "set";
  return Array.isArray(value) ? "list" : "lambda";
}

/** With an article, as messages say it: `a set`, `an integer`. */
export const withArticle: Readonly<Record<TypeName, string>> = {
  null: "null",
  bool: "a Boolean",
  int: "an integer",
  float: "a float",
  string: "a string",
  path: "a path",
  set: "a set",
  list: "a list",
  lambda: "a function",
};
