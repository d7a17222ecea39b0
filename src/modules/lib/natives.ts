/** What of `lib` is written in TypeScript: where it belongs to the module system, or is too slow or too long in Nix. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, force, lazy, PrimOp, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { characters, isFunction, isString, isStringLike } from "../check.ts";
import { notDefined } from "../errors.ts";
import { evalModules } from "../evaluate.ts";
import { mergeRaw } from "../merge-definitions.ts";
import { shaped, unknownFile } from "../names.ts";
import { levenshtein } from "../nearest.ts";
import { highestPriority, pushDown } from "../properties.ts";
import { showAttributeName, showOption, showString } from "../show.ts";
import { sourcesOf } from "../sources.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Location, RawDefinition } from "../type.ts";
import { definitionsOf, locationOf } from "../type-value.ts";
import { raw } from "../types/basic.ts";
import { unique } from "../types/composite.ts";
import { dagEntry, isDagEntry, sortDag } from "../types/dag.ts";
import { mergeDefault, mergeEqual, mergeOne } from "../types/merge.ts";
import { ipFunctions } from "./ip.ts";
import { typesOfLib } from "./types.ts";

type Fn = (...args: Slot[]) => Value;

/** A set of functions, with their numbers of arguments. */
function functions(table: Readonly<Record<string, readonly [arity: number, fn: Fn]>>): Attrs {
  return Attrs.fromEntries(
    Object.entries(table).map(([name, [arity, fn]]) => [name, new PrimOp(name, arity, fn)] as const),
  );
}

export function nativeFunctions(system: ModuleSystem): Attrs {
  const text = (slot: Slot) =>
    system.evaluator.forceString(slot, noPos, "an argument of a function of lib", new Set());
  const merging =
    (merge: (system: ModuleSystem, loc: Location, defs: readonly Definition[]) => Value): Fn =>
    (loc, defs) =>
      merge(system, locationOf(system, loc!), definitionsOf(system, defs!));
  const simple = functions({
    isFunction: [1, (value) => isFunction(force(value!))],
    functionArgs: [1, (fn) => functionArgs(system, force(fn!))],
    isStringLike: [1, (value) => isStringLike(force(value!))],
    levenshtein: [2, (a, b) => BigInt(levenshtein(text(a!), text(b!)))],
    escapeURL: [1, (url) => escapeUrl(text(url!))],
    escapeNixString: [1, (string) => showString(text(string!))],
    escapeNixIdentifier: [1, (name) => showAttributeName(text(name!))],
    charToInt: [1, (char) => BigInt(text(char!).charCodeAt(0))],
    prettyString: [
      3,
      (multiline, indent, string) => prettyString(force(multiline!) === true, text(indent!), text(string!)),
    ],
    showOption: [1, (loc) => showOption(locationOf(system, loc!))],
    mergeDefaultOption: [2, merging(mergeDefault)],
    mergeEqualOption: [2, merging(mergeEqual)],
    mergeOneOption: [2, merging(mergeOne)],
    mergeUniqueOption: [3, (settings, loc, defs) => mergeUnique(system, settings!, loc!, defs!)],
    attrDefinitionsWithPriority: [1, (option) => attrDefinitionsWithPriority(system, option!)],
    evalModules: [1, (request) => evalModulesOf(system, request!)],
  });
  return Attrs.fromEntries([
    ...simple.entries(),
    ["types", typesOfLib(system)],
    ["dag", dagFunctions(system)],
    ["ip", ipFunctions(system)],
  ]);
}

function functionArgs(system: ModuleSystem, fn: Value): Attrs {
  return Attrs.fromEntries(
    (system.formals(fn) ?? []).map(({ name, hasDefault }) => [name, hasDefault] as const),
  );
}

function mergeUnique(system: ModuleSystem, settings: Slot, loc: Slot, defs: Slot): Value {
  const { evaluator } = system;
  const given = evaluator.forceAttrs(settings, noPos, "the first argument of mergeUniqueOption");
  const message = given.getByName("message");
  const merge = given.getByName("merge");
  const definitions = definitionsOf(system, defs);
  if (definitions.length === 1 && merge !== undefined) return evaluator.call(merge, loc, defs);
  const why = message === undefined ? "" : evaluator.forceString(message, noPos, "`message'", new Set());
  return unique(why, raw).merge(system, locationOf(system, loc), definitions);
}

function evalModulesOf(system: ModuleSystem, slot: Slot): Attrs {
  const { evaluator } = system;
  const request = evaluator.forceAttrs(slot, noPos, "the argument of lib.evalModules");
  const [modules, specialArgs, prefix, className] = ["modules", "specialArgs", "prefix", "class"].map(
    (name) => request.getByName(name),
  );
  if (modules === undefined) throw new NixError("module", "lib.evalModules needs the attribute `modules'");
  const kind = className === undefined ? null : force(className);
  return evalModules(evaluator, {
    modules: sourcesOf(evaluator.forceList(modules, noPos, "`modules'"), unknownFile),
    ...(specialArgs && {
      specialArgs: Object.fromEntries(evaluator.forceAttrs(specialArgs, noPos, "`specialArgs'").entries()),
    }),
    ...(prefix && { prefix: locationOf(system, prefix) }),
    class: isString(kind) ? characters(kind) : undefined,
  }).value;
}

const prioritised = shaped("highestPrio", "value");

/** Of an option of type `attrsOf`: each attribute's value and the priority of the definitions that make it. */
function attrDefinitionsWithPriority(system: ModuleSystem, slot: Slot): Attrs {
  const { evaluator } = system;
  const option = evaluator.forceAttrs(slot, noPos, "an option");
  const part = (name: string): Slot => {
    const found = option.getByName(name);
    if (found !== undefined) return found;
    throw new NixError(
      "module",
      `mergeAttrDefinitionsWithPrio takes an option, but its argument has no '${name}'`,
    );
  };
  const elemType = system.asType(force(part("type")))?.nestedTypes["elemType"];
  if (elemType === undefined) {
    throw new NixError("module", "mergeAttrDefinitionsWithPrio takes an option of type `attrsOf'");
  }
  const loc = locationOf(system, part("loc"));
  const found = new Map<string, RawDefinition[]>();
  for (const def of definitionsOf(system, part("definitionsWithLocations"))) {
    pushDown({ file: def.file, pos: def.pos, slot: def.value, guards: null }, (value, outer) => {
      const attrs = evaluator.forceAttrs(value, noPos, "a definition of a set");
      attrs.names().forEach((name) => {
        const raw = { ...outer, slot: attrs.getByName(name)! };
        found.set(name, [...(found.get(name) ?? []), raw]);
      });
    });
  }
  return Attrs.fromEntries(
    [...found].map(([name, raw]) => [
      name,
      prioritised(
        lazy(() => BigInt(highestPriority(raw))),
        lazy(() => {
          const at = [...loc, name];
          const merged = mergeRaw(system, at, elemType, raw);
          if (merged === undefined)
            throw notDefined(
              at,
              elemType,
              raw.map(({ file }) => file),
            );
          return merged.value;
        }),
      ),
    ]),
  );
}

const sortedEntry = shaped("name", "data");
const sortedResult = shaped("result");

function dagFunctions(system: ModuleSystem): Attrs {
  const entries = functions({
    entryAnywhere: [1, (data) => dagEntry(data!, [], [])],
    entryBefore: [2, (before, data) => dagEntry(data!, before!, [])],
    entryAfter: [2, (after, data) => dagEntry(data!, [], after!)],
    entryBetween: [3, (before, after, data) => dagEntry(data!, before!, after!)],
    isEntry: [1, (value) => isDagEntry(force(value!))],
    topoSort: [
      1,
      (dag) => sortedResult(sortDag(system, dag!).map(({ name, data }) => sortedEntry(name, data))),
    ],
  });
  return entries;
}

/** Everything but unreserved characters as `%XX` (RFC 3986, section 2.3). */
function escapeUrl(text: string): string {
  return text.replaceAll(
    /[^A-Za-z0-9\-_.~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** A string as Nix code; one with several lines as an indented string. */
function prettyString(multiline: boolean, indent: string, text: string): string {
  if (!multiline || !text.includes("\n")) return showString(text);
  const lines = text
    .split("\n")
    .map((line) => line.replaceAll("$" + "{", "''$" + "{").replaceAll("''", "'''"));
  const last = lines.pop()!;
  const body = lines.map((line) => `${indent}  ${line}\n`).join("");
  return `''\n${body}${last === "" ? indent : `${indent}  ${last}`}''`;
}
