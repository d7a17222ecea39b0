/** The ways in which several definitions become one value. */
import {
  Attrs,
  AttrsBuilder,
  force,
  NixString,
  PrimOp,
  type Slot,
  type Value,
} from "../../lang/eval/value.ts";
import { characters, isFunction, isList, isString } from "../check.ts";
import { cannotMerge, conflictingValues, definedSeveralTimes } from "../errors.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Location } from "../type.ts";

/** All definitions must have the same value. */
export function mergeEqual(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Value {
  const first = defs[0]!;
  for (let i = 1; i < defs.length; i++) {
    if (!system.evaluator.equal(first.value, defs[i]!.value)) {
      throw conflictingValues(loc, [first, defs[i]!]);
    }
  }
  return force(first.value);
}

/** There must be only one definition. */
export function mergeOne(_: ModuleSystem, loc: Location, defs: readonly Definition[]): Value {
  if (defs.length > 1) throw definedSeveralTimes(loc, defs, "");
  return force(defs[0]!.value);
}

/** As suits the values: lists and strings are concatenated, sets updated, functions merged by their results. */
export function mergeDefault(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Value {
  const values = defs.map((def) => force(def.value));
  if (values.length === 1) return values[0]!;
  if (values.every(isFunction)) {
    return new PrimOp("merged", 1, (arg) =>
      mergeDefault(
        system,
        loc,
        defs.map((def) => ({ ...def, value: system.evaluator.call(def.value, arg) })),
      ),
    );
  }
  if (values.every(isList)) return values.flatMap((list) => list as readonly Slot[]);
  if (values.every((value): value is Attrs => value instanceof Attrs)) return updateAll(values);
  if (values.every((value) => typeof value === "boolean")) return values.some((value) => value === true);
  if (values.every(isString)) return concatStrings("", values);
  if (values.every((value) => typeof value === "bigint" && value === values[0])) return values[0]!;
  throw cannotMerge(loc, defs);
}

/** `a // b // ...` */
export function updateAll(sets: readonly Attrs[]): Attrs {
  if (sets.length === 1) return sets[0]!;
  const builder = new AttrsBuilder();
  for (const set of sets) {
    set.shape.symbols.forEach((sym, index) => {
      builder.set(sym, set.values[index]!, set.positions?.[index]);
    });
  }
  return builder.build();
}

/** The strings with a separator between them, with the references of all. */
export function concatStrings(
  separator: string,
  strings: readonly (string | NixString)[],
): string | NixString {
  const text = strings.map(characters).join(separator);
  let context: Set<string> | undefined;
  for (const string of strings) {
    if (typeof string === "string") continue;
    context ??= new Set();
    for (const reference of string.context) context.add(reference);
  }
  return context === undefined ? text : new NixString(text, context);
}
