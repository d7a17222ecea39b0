/** How options, places and values are printed in messages. All byte strings. */
import { NixError } from "../lang/eval/errors.ts";
import { Attrs, force, NixPath, NixString, type Slot, type Value } from "../lang/eval/value.ts";
import { formatOrigin, noPos, type Pos, resolvePos } from "../lang/syntax/positions.ts";
import { isDerivation, isFunction, isList, typeName } from "./check.ts";
import { unknownFile } from "./names.ts";
import type { Location } from "./type.ts";

const identifier = /^[a-zA-Z_][a-zA-Z0-9_'-]*$/;
const placeholder = /^<.*>$/s;
const keywords = new Set(["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"]);

/** `services."a.b".enable`; `*` and `<name>` stand for any name. */
export function showOption(loc: Location): string {
  return loc
    .map((part) => (part === "*" || placeholder.test(part) ? part : showAttributeName(part)))
    .join(".");
}

export function showAttributeName(name: string): string {
  return identifier.test(name) && !keywords.has(name) ? name : showString(name);
}

export function showString(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll("$" + "{", "\\$" + "{");
  return `"${escaped}"`;
}

/** `file:line:column`, or what is known of it. */
export function place(at: { readonly file: string; readonly pos: Pos }): string {
  if (at.pos === noPos) return at.file;
  const resolved = resolvePos(at.pos);
  if (resolved === undefined) return at.file;
  const { origin } = resolved.source;
  // A definition may have been written in another file than the module that brings it (`inherit (import ./x.nix) a`).
  const file = origin.kind === "file" || at.file === unknownFile ? formatOrigin(origin) : at.file;
  return `${file}:${resolved.line}:${resolved.column}`;
}

/** The file in which something was written, which may be another than that of the module that brings it. */
export function fileOf(at: { readonly file: string; readonly pos: Pos }): string {
  const origin = resolvePos(at.pos)?.source.origin;
  return origin?.kind === "file" ? origin.path : at.file;
}

/** "`a' and `b'" */
export function showFiles(files: readonly string[]): string {
  return files.map((file) => `\`${file}'`).join(" and ");
}

/** One line each: where it is and its value. */
export function showDefinitions(
  defs: readonly { readonly file: string; readonly pos: Pos; readonly value: Slot }[],
): string {
  return defs
    .map((def) => {
      const value = showValue(def.value);
      const lines = value.split("\n");
      const shown = lines.length > 5 ? [...lines.slice(0, 5), "..."] : lines;
      const written = place(def);
      // `_file' of a module, or `mkDefinition', may say another file than the one that it is written in.
      const named = def.file === unknownFile || written.startsWith(def.file) ? written : def.file;
      const elsewhere = named === written ? "" : ` (written at ${written})`;
      return `\n- In \`${named}': ${shown.length > 1 ? "\n    " : ""}${shown.join("\n    ")}${elsewhere}`;
    })
    .join("");
}

const widest = 60;
const longestString = 80;
const mostMembers = 5;

/** The value as Nix code, shortened: long strings are cut, sets and lists after a few members, deep ones not entered. */
export function showValue(slot: Slot, depth = 2, indent = ""): string {
  let value: Value;
  try {
    value = force(slot);
  } catch (error) {
    if (error instanceof NixError) return "<error>";
    throw error;
  }
  if (value === null) return "null";
  if (typeof value === "string") return showString(shorten(value));
  if (typeof value === "boolean" || typeof value === "bigint" || typeof value === "number")
    return String(value);
  if (value instanceof NixString) return showString(shorten(value.text));
  if (value instanceof NixPath) return value.path;
  if (isFunction(value)) return "<function>";
  if (isDerivation(value)) return "<derivation>";
  if (value instanceof Attrs) {
    if (value.size === 0) return "{ }";
    if (depth === 0) return "{ ... }";
    return members(
      "{",
      "}",
      [...value.entries()],
      ([name, member]) => `${showAttributeName(name)} = ${showValue(member, depth - 1, `${indent}  `)};`,
      indent,
    );
  }
  if (!isList(value)) return typeName(value);
  const list: readonly Slot[] = value;
  if (list.length === 0) return "[ ]";
  if (depth === 0) return "[ ... ]";
  return members("[", "]", list, (member) => showValue(member, depth - 1, `${indent}  `), indent);
}

function members<T>(
  open: string,
  close: string,
  all: readonly T[],
  show: (member: T) => string,
  indent: string,
): string {
  const shown = all.slice(0, mostMembers).map(show);
  if (all.length > mostMembers) shown.push("...");
  const oneLine = `${open} ${shown.join(" ")} ${close}`;
  if (oneLine.length <= widest && !oneLine.includes("\n")) return oneLine;
  return `${open}\n${shown.map((line) => `${indent}  ${line}\n`).join("")}${indent}${close}`;
}

function shorten(text: string): string {
  return text.length > longestString ? `${text.slice(0, longestString)}...` : text;
}
