/** Functions whose results are of one type. */

import { Attrs, force, PrimOp, type Slot } from "../../lang/eval/value.ts";
import { isFunction } from "../check.ts";
import type { Property } from "../define.ts";
import { notDefined } from "../errors.ts";
import { mergeRaw } from "../merge-definitions.ts";
import { shaped } from "../names.ts";
import { place } from "../show.ts";
import type { ModuleSystem } from "../system.ts";
import type { Location, OptionType } from "../type.ts";
import { around } from "./around.ts";
import { makeType, phrase } from "./make.ts";

/**
 * A function; several definitions are merged by their results. What a function gets is not known before it is called: the parameter of a definition can be of any type.
 */
export function functionTo<T, D>(
  elemType: OptionType<T, D>,
): OptionType<(arg: unknown) => T, FunctionDefinition<D>> {
  const body = (loc: Location) => [...loc, "<function body>"];
  return makeType<(arg: unknown) => T, FunctionDefinition<D>>({
    name: "functionTo",
    get description() {
      return `function that evaluates to a(n) ${phrase(elemType, "noun", "composite")}`;
    },
    descriptionClass: "composite",
    check: (_, value) => isFunction(value),
    merge: (system, loc, defs) =>
      functionSet(
        commonArgs(
          system,
          defs.map((def) => def.value),
        ),
        new PrimOp("merged", 2, (_, arg) => {
          const at = body(loc);
          const results = defs.map((def) => ({
            file: def.file,
            pos: def.pos,
            slot: system.evaluator.call(def.value, arg),
            guards: null,
          }));
          const merged = mergeRaw(system, at, elemType, results);
          if (merged === undefined) throw notDefined(at, elemType, defs.map(place));
          return merged.value;
        }),
      ),
    ...around(elemType, functionTo, "<function body>"),
  });
}
export type FunctionDefinition<D> = ((arg: never) => D) | Property<FunctionDefinition<D>>;

const functionSet = shaped("__functionArgs", "__functor");

/** An argument has a default when it has one in every function. */
function commonArgs(system: ModuleSystem, functions: readonly Slot[]): Attrs {
  const found = new Map<string, boolean>();
  for (const fn of functions) {
    for (const { name, hasDefault } of system.formals(force(fn)) ?? []) {
      found.set(name, (found.get(name) ?? true) && hasDefault);
    }
  }
  return Attrs.fromEntries(found);
}
