/** Makes native types; what is left out behaves as for a type without parts. */
import { emptyAttrs } from "../../lang/eval/value.ts";
import type { OptionType } from "../type.ts";
import { mergeEqual } from "./merge.ts";

const made = new WeakSet<object>();

/** Whether the object is an option type of ours. */
export function isNativeType(value: object): value is OptionType {
  return made.has(value);
}

export type TypeParts<T> = Pick<OptionType<T>, "name" | "check"> & Partial<OptionType<T>>;

export function makeType<T>(parts: TypeParts<T>): OptionType<T> {
  const type: OptionType<T> = {
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
    descend: () => undefined,
  };
  // Getters (descriptions that are costly or recursive) must stay getters.
  Object.defineProperties(type, Object.getOwnPropertyDescriptors(parts));
  made.add(type);
  return type;
}

/** The same type with some parts replaced. */
export function withParts<T>(type: OptionType, parts: Partial<OptionType<T>>): OptionType<T> {
  return makeType<T>(
    Object.defineProperties(
      Object.defineProperties({} as TypeParts<T>, Object.getOwnPropertyDescriptors(type)),
      Object.getOwnPropertyDescriptors(parts),
    ),
  );
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
