/** What a command line means by a file, an attribute path and a function at the top. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { expressionFile, fetchArchive, isArchiveUrl } from "../../lang/eval/files.ts";
import { parentPath, resolvePath } from "../../lang/eval/paths.ts";
import { describeType } from "../../lang/eval/print.ts";
import { nearMisses } from "../../lang/eval/suggestions.ts";
import { Attrs, AttrsBuilder, force, Lambda, type Slot, type Value } from "../../lang/eval/value.ts";
import type { Expr } from "../../lang/syntax/ast.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { symbolName } from "../../lang/syntax/symbols.ts";
import { fromBytes } from "../../store/bytes.ts";
import type { LanguageSession } from "../evaluation/language-session.ts";

/** The file to evaluate: a path, `<name>`, or the URL of an archive. A directory means its default.nix. */
export function lookUpFile({ evaluator, workingDirectory }: LanguageSession, text: string): string {
  const { host } = evaluator;
  if (isArchiveUrl(text)) return expressionFile(host, fetchArchive(host, text));
  const name = /^<(.+)>$/s.exec(text)?.[1];
  if (name !== undefined)
    return expressionFile(host, evaluator.findFile(evaluator.settings.nixPath, name, noPos));
  return expressionFile(host, resolvePath(workingDirectory, text));
}

export function parseFile(evaluator: Evaluator, path: string): Expr {
  const text = fromBytes(evaluator.host.readFile(path));
  return evaluator.parseExpr(text, { kind: "file", path }, parentPath(path));
}

/** Calls a function that takes a set, with those of the arguments that it names and the defaults of the others. */
export function autoCall(evaluator: Evaluator, args: Attrs, slot: Slot): Value {
  const value = force(slot);
  if (value instanceof Attrs) {
    const functor = value.getByName("__functor");
    return functor === undefined ? value : autoCall(evaluator, args, evaluator.call(functor, value));
  }
  if (!(value instanceof Lambda) || value.code.formals === undefined) return value;
  const { formals, ellipsis } = value.code;
  if (ellipsis) return evaluator.call(value, args);
  const passed = new AttrsBuilder();
  for (const { name, hasDefault, pos } of formals) {
    const slot = args.get(name);
    if (slot !== undefined) passed.set(name, slot);
    else if (!hasDefault) throw new NixError("missingArgument", withoutValue(symbolName(name)), { pos });
  }
  return evaluator.call(value, passed.build());
}

function withoutValue(name: string): string {
  return [
    `cannot evaluate a function that has an argument without a value ('${name}')`,
    "Nix attempted to evaluate a function as a top level expression; in",
    "this case it must have its arguments supplied either by default",
    "values, or passed explicitly with '--arg' or '--argstr'. See",
    "https://nix.dev/manual/nix/stable/language/syntax.html#functions.",
  ].join("\n");
}

/** The value at an attribute path like `a.b`, `a."b.c"`, `a.0`; functions on the way are called. */
export function selectPath(evaluator: Evaluator, args: Attrs, root: Slot, path: string): Slot {
  let slot = root;
  for (const name of splitPath(path)) {
    const value = autoCall(evaluator, args, slot);
    slot = /^[0-9]{1,10}$/.test(name) ? element(value, Number(name), path) : attribute(value, name, path);
  }
  return slot;
}

function attribute(value: Value, name: string, path: string): Slot {
  if (!(value instanceof Attrs)) throw wrongType(value, "a set", path);
  if (name === "") throw new NixError("eval", `empty attribute name in selection path '${path}'`);
  const found = value.getByName(name);
  if (found !== undefined) return found;
  const suggestions = nearMisses(name, value.names());
  throw new NixError("missingAttribute", `attribute '${name}' in selection path '${path}' not found`, {
    suggestions,
  });
}

function element(value: Value, index: number, path: string): Slot {
  if (!Array.isArray(value)) throw wrongType(value, "a list", path);
  const found: Slot | undefined = value[index];
  if (found !== undefined) return found;
  throw new NixError("missingAttribute", `list index ${index} in selection path '${path}' is out of range`);
}

function wrongType(value: Value, expected: string, path: string): NixError {
  const message = `the expression selected by the selection path '${path}' should be ${expected} but is ${describeType(value)}`;
  return new NixError("type", message);
}

/** Dots inside double quotes belong to a name; a dot at the end means nothing. */
function splitPath(path: string): readonly string[] {
  if ((path.match(/"/g)?.length ?? 0) % 2 === 1) {
    throw new NixError("syntax", `missing closing quote in selection path '${path}'`);
  }
  const names: string[] = [];
  let current = "";
  for (const [part] of path.matchAll(/"[^"]*"|\.|[^".]+/g)) {
    if (part !== ".") current += part.replaceAll('"', "");
    else {
      names.push(current);
      current = "";
    }
  }
  return current === "" ? names : [...names, current];
}
