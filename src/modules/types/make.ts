/** Makes native types; what is left out behaves as for a type without parts. */
import { emptyAttrs } from "../../lang/eval/value.ts";
import type { Definable } from "../definable.ts";
import type { OptionType } from "../type.ts";
import { mergeEqual } from "./merge.ts";

const made = new WeakSet<object>();

/** Whether the object is an option type of ours. */
export function isNativeType(value: object): value is OptionType {
  return made.has(value);
}

export type TypeParts<T, D> = Pick<OptionType<T, D>, "name" | "check"> & Partial<OptionType<T, D>>;

export function makeType<T, D = Definable<T>>(parts: TypeParts<T, D>): OptionType<T, D> {
  const type: OptionType<T, D> = {
    name: parts.name,
    functorName: parts.name,
    check: parts.check,
    description: parts.name,
    descriptionClass: undefined,
    merge: mergeEqual,
    emptyValue: () => undefined,
    getSubOptions: () => emptyAttrs,
    subModules: undefined,
    substSubModules: () => type,
    typeMerge: (_, other) => (other.functorName === type.functorName ? type : undefined),
    nestedTypes: {},
    payload: () => undefined,
    valueMeta: () => emptyAttrs,
    descend: () => undefined,
  };
  // Getters (descriptions that are costly or recursive) must stay getters.
  Object.defineProperties(type, Object.getOwnPropertyDescriptors(parts));
  made.add(type);
  return type;
}

/** The same type with some parts replaced. */
export function withParts<T, D = Definable<T>>(
  type: OptionType,
  parts: Partial<OptionType<T, D>>,
): OptionType<T, D> {
  const base = isNativeType(type) ? type : delegating(type);
  return makeType<T, D>(
    Object.defineProperties(
      Object.defineProperties({} as TypeParts<T, D>, Object.getOwnPropertyDescriptors(base)),
      Object.getOwnPropertyDescriptors(parts),
    ),
  );
}

/** A type that is an instance of a class, as an object that has all its parts itself. */
function delegating(type: OptionType): OptionType {
  return {
    get name() {
      return type.name;
    },
    get functorName() {
      return type.functorName;
    },
    get description() {
      return type.description;
    },
    get descriptionClass() {
      return type.descriptionClass;
    },
    get subModules() {
      return type.subModules;
    },
    get nestedTypes() {
      return type.nestedTypes;
    },
    check: (system, value) => type.check(system, value),
    merge: (system, loc, defs) => type.merge(system, loc, defs),
    emptyValue: (system) => type.emptyValue(system),
    getSubOptions: (system, prefix) => type.getSubOptions(system, prefix),
    substSubModules: (modules) => type.substSubModules(modules),
    typeMerge: (system, other) => type.typeMerge(system, other),
    payload: (system) => type.payload(system),
    valueMeta: (system, loc, defs) => type.valueMeta(system, loc, defs),
    descend: (system, loc, defs, name) => type.descend(system, loc, defs, name),
  };
}

/** The description in parentheses unless its class is one of these. */
export function phrase(
  type: OptionType,
  ...plain: readonly (OptionType["descriptionClass"] | undefined)[]
): string {
  return type.descriptionClass !== undefined && plain.includes(type.descriptionClass)
    ? type.description
    : `(${type.description})`;
}
