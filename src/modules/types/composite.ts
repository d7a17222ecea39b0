/** Types that are made of other types: lists, and choices between types. */

import { NixError } from "../../lang/eval/errors.ts";
import { emptyAttrs, force, lazy, type Slot, type Value } from "../../lang/eval/value.ts";
import { isList } from "../check.ts";
import type { Definable } from "../definable.ts";
import { definedSeveralTimes, nullAndNot } from "../errors.ts";
import { mergeChecked } from "../merge-definitions.ts";
import { shaped } from "../names.ts";
import { discharge } from "../properties.ts";
import { showDefinitions, showOption } from "../show.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Infer, InferDefinition, OptionType, RawDefinition } from "../type.ts";
import { around, elemPayload } from "./around.ts";
import { makeType, phrase, withParts } from "./make.ts";
import { mergeOne } from "./merge.ts";

export function listOf<T, D>(elemType: OptionType<T, D>): OptionType<readonly T[], Definable<readonly D[]>> {
  const rawElements = (defs: readonly Definition[]): RawDefinition[][] =>
    defs.map((def) =>
      (force(def.value) as readonly Slot[]).map((slot) => ({
        file: def.file,
        pos: def.pos,
        slot,
        guards: null,
      })),
    );
  return makeType<readonly T[], Definable<readonly D[]>>({
    name: "listOf",
    get description() {
      return `list of ${phrase(elemType, "noun", "composite")}`;
    },
    descriptionClass: "composite",
    check: (_, value) => isList(value),
    merge(system, loc, defs) {
      const elements: Slot[] = [];
      rawElements(defs).forEach((entries, n) => {
        entries.forEach((raw, m) => {
          const { defs: winners } = discharge([raw]);
          if (winners.length === 0) return;
          const element = () => [...loc, `[definition ${n + 1}-entry ${m + 1}]`];
          elements.push(system.tracked(element, (at) => mergeChecked(system, at, elemType, winners)));
        });
      });
      return elements;
    },
    emptyValue: () => [],
    ...around(elemType, listOf, "*"),
    valueMeta: (system, loc, defs) =>
      listMeta(
        rawElements(defs)
          .flat()
          .map((raw) => discharge([raw]).defs)
          .filter((winners) => winners.length > 0)
          .map((winners) => lazy(() => elemType.valueMeta(system, loc, winners))),
      ),
    descend(_, __, defs, name) {
      const raw = rawElements(defs)
        .flat()
        .filter((one) => discharge([one]).defs.length > 0)[Number(name)];
      return { kind: "element", type: elemType, defs: raw === undefined ? [] : [raw] };
    },
  });
}

const listMeta = shaped("list");

export function nonEmptyListOf<T, D>(
  elemType: OptionType<T, D>,
): OptionType<readonly T[], Definable<readonly D[]>> {
  const list = listOf(elemType);
  return withParts<readonly T[], Definable<readonly D[]>>(list, {
    get description() {
      return `non-empty ${phrase(list, "noun")}`;
    },
    check: (_, value) => isList(value) && value.length > 0,
    emptyValue: () => undefined,
    substSubModules: (modules) => nonEmptyListOf(elemType.substSubModules(modules)),
  });
}

/** The type itself does not read through; the definitions go to the element type as they are. */
const through = (elemType: OptionType): Pick<OptionType, "descend" | "valueMeta"> => ({
  valueMeta: (system, loc, defs) =>
    defs.some((def) => force(def.value) === null) ? emptyAttrs : elemType.valueMeta(system, loc, defs),
  descend: (system, loc, defs, name) => elemType.descend(system, loc, defs, name),
});

export function nullOr<T, D>(elemType: OptionType<T, D>): OptionType<T | null, Definable<D | null>> {
  return makeType<T | null, Definable<D | null>>({
    name: "nullOr",
    get description() {
      return `null or ${phrase(elemType, "noun", "conjunction")}`;
    },
    descriptionClass: "conjunction",
    check: (system, value) => value === null || elemType.check(system, value),
    merge(system, loc, defs) {
      const nulls = defs.filter((def) => force(def.value) === null).length;
      if (nulls === 0) return elemType.merge(system, loc, defs);
      if (nulls === defs.length) return null;
      throw nullAndNot(loc, defs);
    },
    emptyValue: () => null,
    ...around(elemType, nullOr),
    ...through(elemType),
  });
}

/** May be defined only once; the message says why. */
export function unique<T, D>(message: string, elemType: OptionType<T, D>): OptionType<T, D> {
  return makeType<T, D>({
    name: "unique",
    get description() {
      return elemType.description;
    },
    get descriptionClass() {
      return elemType.descriptionClass;
    },
    check: (system, value) => elemType.check(system, value),
    merge(system, loc, defs) {
      if (defs.length > 1) throw definedSeveralTimes(loc, defs, message);
      return elemType.merge(system, loc, defs);
    },
    emptyValue: (system) => elemType.emptyValue(system),
    ...around(elemType, (elem) => unique(message, elem)),
    ...through(elemType),
  });
}

export const uniq = <T, D>(elemType: OptionType<T, D>) => unique("", elemType);

/** All definitions of the one type, or all of the other. */
export function either<A, DA, B, DB>(
  left: OptionType<A, DA>,
  right: OptionType<B, DB>,
): OptionType<A | B, Definable<DA | DB>> {
  const chosen = (system: ModuleSystem, defs: readonly Definition[]): OptionType | undefined =>
    [left, right].find((type) => defs.every((def) => type.check(system, force(def.value))));
  return makeType<A | B, Definable<DA | DB>>({
    name: "either",
    get description() {
      const first =
        left.descriptionClass === "nonRestrictiveClause"
          ? `${left.description}, or ${phrase(right, "noun", "conjunction")}`
          : undefined;
      return (
        first ??
        `${phrase(left, "noun", "conjunction")} or ${phrase(right, "noun", "conjunction", "composite")}`
      );
    },
    descriptionClass: "conjunction",
    check: (system, value) => left.check(system, value) || right.check(system, value),
    merge(system, loc, defs) {
      const type = chosen(system, defs);
      if (type !== undefined) return type.merge(system, loc, defs);
      // Only types that merge without checking come here, e.g. a freeform type that is no set of things.
      system.evaluator.host.message(
        "evaluation warning",
        `One or more definitions did not pass the type-check of the 'either' type.\n` +
          `The option \`${showOption(loc)}' is neither a value of type \`${left.description}' nor \`${right.description}'. Definition values:${showDefinitions(defs)}\n` +
          "If it is used in a freeformType, put an `attrsOf' around it: `freeformType = types.attrsOf (types.either t1 t2)'.",
      );
      return mergeOne(system, loc, defs);
    },
    typeMerge(system, other) {
      const { left: theirLeft, right: theirRight } = other.nestedTypes;
      if (other.functorName !== "either" || !theirLeft || !theirRight) return undefined;
      const a = left.typeMerge(system, theirLeft);
      const b = right.typeMerge(system, theirRight);
      return a && b && either(a, b);
    },
    nestedTypes: { left, right },
    payload: (system) => elemPayload([system.typeValue(left), system.typeValue(right)]),
    valueMeta: (system, loc, defs) => chosen(system, defs)?.valueMeta(system, loc, defs) ?? emptyAttrs,
    descend: (system, loc, defs, name) => chosen(system, defs)?.descend(system, loc, defs, name),
  });
}

/** One of the types, the first that takes all definitions. */
export function oneOf<const Types extends readonly [OptionType, ...OptionType[]]>(
  types: Types,
): OptionType<Infer<Types[number]>, Definable<InferDefinition<Types[number]>>> {
  const [first, ...others] = types;
  return others.reduce<OptionType>(either, first) as OptionType<
    Infer<Types[number]>,
    Definable<InferDefinition<Types[number]>>
  >;
}

/** The type with one more condition on each definition. */
export function addCheck<T, D>(
  elemType: OptionType<T, D>,
  holds: (system: ModuleSystem, value: Value) => boolean,
): OptionType<T, D> {
  return withParts<T, D>(elemType, {
    check: (system, value) => elemType.check(system, value) && holds(system, value),
  });
}

/** Definitions of `from` are turned into ones of `to`. */
export function coercedTo<From, T, D>(
  from: OptionType<unknown, From>,
  coerce: (system: ModuleSystem, value: Slot) => Value,
  to: OptionType<T, D>,
): OptionType<T, From | D> {
  if (from.subModules !== undefined) {
    throw new NixError(
      "module",
      `coercedTo: coercedType must not have submodules (it's a ${from.description})`,
    );
  }
  const coerced = (system: ModuleSystem, defs: readonly Definition[]): Definition[] =>
    defs.map((def) =>
      from.check(system, force(def.value)) ? { ...def, value: coerce(system, def.value) } : def,
    );
  return makeType<T, From | D>({
    name: "coercedTo",
    get description() {
      return `${phrase(to, "noun")} or ${phrase(from, "noun")} convertible to it`;
    },
    check: (system, value) =>
      (from.check(system, value) && to.check(system, coerce(system, value))) || to.check(system, value),
    merge: (system, loc, defs) => to.merge(system, loc, coerced(system, defs)),
    emptyValue: (system) => to.emptyValue(system),
    getSubOptions: (system, prefix) => to.getSubOptions(system, prefix),
    get subModules() {
      return to.subModules;
    },
    substSubModules: (modules) =>
      coercedTo<From, unknown, unknown>(from, coerce, to.substSubModules(modules)),
    typeMerge: () => undefined,
    nestedTypes: { coercedType: from, finalType: to },
    valueMeta: (system, loc, defs) => to.valueMeta(system, loc, coerced(system, defs)),
    descend: (system, loc, defs, name) => to.descend(system, loc, coerced(system, defs), name),
  });
}

/** A type that refers to itself: `make` is called when it is first used. */
export function recursive<T>(name: string, description: string, make: () => OptionType<T>): OptionType<T> {
  let made: OptionType<T> | undefined;
  const type = () => {
    made ??= make();
    return made;
  };
  return makeType<T>({
    name,
    description,
    descriptionClass: "noun",
    check: (system, value) => type().check(system, value),
    merge: (system, loc, defs) => type().merge(system, loc, defs),
    emptyValue: (system) => type().emptyValue(system),
    descend: (system, loc, defs, name) => type().descend(system, loc, defs, name),
  });
}
