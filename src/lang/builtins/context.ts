/** Builtins on what strings refer to (Nix manual, "String context"). */
import { isDerivationPath, isStorePath } from "../../store/store-path.ts";
import { parseContextElement } from "../eval/context.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { Attrs, emptyAttrs, NixString, type Slot, stringValue } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import { showName } from "../syntax/printer.ts";
import { intern, symbolName } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";

const [pathSym, allOutputsSym, outputsSym] = [intern("path"), intern("allOutputs"), intern("outputs")];

export function contextFamily(evaluator: Evaluator): readonly Builtin[] {
  /** The text of anything that can be a string, and its context. */
  const coerced = (slot: Slot, builtin: string): { text: string; context: Set<string> } => {
    const context = new Set<string>();
    const what = `the argument passed to builtins.${builtin}`;
    const options = { coerceMore: false, copyToStore: true };
    return { text: evaluator.coerceToString(slot, noPos, what, context, options), context };
  };
  const contextOf = (slot: Slot, builtin: string): Set<string> => {
    const context = new Set<string>();
    evaluator.forceString(slot, noPos, `the argument passed to builtins.${builtin}`, context);
    return context;
  };
  return [
    {
      name: "hasContext",
      arity: 1,
      doc: "Whether a string refers to something in the store.",
      fn: (slot) => contextOf(slot, "hasContext").size > 0,
    },
    {
      name: "getContext",
      arity: 1,
      doc: "What a string refers to: by store path a set with `path = true`, `allOutputs = true` (a derivation with all that it needs) or `outputs` (names of outputs of a derivation).",
      fn: (slot) => describeContext(contextOf(slot, "getContext")),
    },
    {
      name: "appendContext",
      arity: 2,
      doc: "`appendContext string context`: the string, referring also to what a set in the form of `getContext` says.",
      fn: (slot, added) => appendContext(evaluator, slot, added),
    },
    {
      name: "unsafeDiscardStringContext",
      arity: 1,
      doc: "The string without what it refers to.",
      fn: (slot) => coerced(slot, "unsafeDiscardStringContext").text,
    },
    {
      name: "unsafeDiscardOutputDependency",
      arity: 1,
      doc: "The string, referring only to the derivation itself where it referred to it with all that it needs.",
      fn: (slot) => {
        const { text, context } = coerced(slot, "unsafeDiscardOutputDependency");
        return stringValue(text, new Set([...context].map((element) => element.replace(/^=/, ""))));
      },
    },
    {
      name: "addDrvOutputDependencies",
      arity: 1,
      doc: "The string, which must refer to one derivation, referring to it with all that it needs.",
      fn: (slot) => {
        const { text, context } = coerced(slot, "addDrvOutputDependencies");
        return addDrvOutputDependencies(text, context);
      },
    },
  ];
}

function addDrvOutputDependencies(text: string, context: ReadonlySet<string>): NixString {
  const [only, ...others] = context;
  if (only === undefined || others.length > 0) {
    const message = `context of string '${text}' must have exactly one element, but has ${context.size}`;
    throw new NixError("eval", message);
  }
  const element = parseContextElement(only);
  switch (element.type) {
    case "deep":
      return new NixString(text, context);
    case "output": {
      const only = "`addDrvOutputDependencies` can only act on derivations, not on a derivation output";
      throw new NixError("eval", `${only} such as '${element.output}'`);
    }
    case "path":
      if (!isDerivationPath(element.path)) {
        throw new NixError("eval", `path '${element.path}' is not a derivation`);
      }
      return new NixString(text, new Set([`=${element.path}`]));
  }
}

interface References {
  path: boolean;
  allOutputs: boolean;
  readonly outputs: string[];
}

function describeContext(context: ReadonlySet<string>): Attrs {
  if (context.size === 0) return emptyAttrs;
  const byPath = new Map<string, References>();
  const of = (path: string): References => {
    let references = byPath.get(path);
    if (references === undefined) {
      references = { path: false, allOutputs: false, outputs: [] };
      byPath.set(path, references);
    }
    return references;
  };
  for (const text of context) {
    const element = parseContextElement(text);
    switch (element.type) {
      case "path":
        of(element.path).path = true;
        break;
      case "deep":
        of(element.derivation).allOutputs = true;
        break;
      case "output":
        of(element.derivation).outputs.push(element.output);
        break;
    }
  }
  return Attrs.fromEntries([...byPath].map(([path, references]) => [path, referencesSet(references)]));
}

function referencesSet({ path, allOutputs, outputs }: References): Attrs {
  const entries: [string, Slot][] = [];
  if (path) entries.push(["path", true]);
  if (allOutputs) entries.push(["allOutputs", true]);
  if (outputs.length > 0) entries.push(["outputs", outputs.sort((a, b) => (a < b ? -1 : 1))]);
  return Attrs.fromEntries(entries);
}

function appendContext(evaluator: Evaluator, slot: Slot, added: Slot): string | NixString {
  const context = new Set<string>();
  const text = evaluator.forceString(
    slot,
    noPos,
    "the first argument passed to builtins.appendContext",
    context,
  );
  const attrs = evaluator.forceAttrs(added, noPos, "the second argument passed to builtins.appendContext");
  for (let i = 0; i < attrs.size; i++) {
    const pos = attrs.positions?.[i] ?? noPos;
    const path = symbolName(attrs.shape.symbols[i]!);
    if (!isStorePath(path))
      throw new NixError("eval", `context key '${showName(path)}' is not a store path`, { pos });
    const refuse = (kind: string): never => {
      const message = `tried to add ${kind} context of ${showName(path)}, which is not a derivation, to a string`;
      throw new NixError("eval", message, { pos });
    };
    const isDerivation = isDerivationPath(path);
    const references = evaluator.forceAttrs(attrs.values[i]!, pos, "the value of a string context");
    const flag = (sym: typeof pathSym): boolean => {
      const value = references.get(sym);
      const what = `the \`${symbolName(sym)}\` attribute of a string context`;
      return value !== undefined && evaluator.forceBool(value, references.positionOf(sym), what);
    };
    if (flag(pathSym)) context.add(path);
    if (flag(allOutputsSym)) {
      if (!isDerivation) refuse("all-outputs");
      context.add(`=${path}`);
    }
    const outputs = references.get(outputsSym);
    if (outputs === undefined) continue;
    const at = references.positionOf(outputsSym);
    const names = evaluator.forceList(outputs, at, "the `outputs` attribute of a string context");
    if (names.length > 0 && !isDerivation) refuse("derivation output");
    for (const name of names) {
      const output = evaluator.forceString(name, at, "an output name within a string context", undefined);
      context.add(`!${output}!${path}`);
    }
  }
  return stringValue(text, context);
}
