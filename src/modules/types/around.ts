/** What types around one other type have in common. */

import { shaped } from "../names.ts";
import type { OptionType } from "../type.ts";

/** Documentation, submodules, and merging of a type with one element type, rebuilt by `make`. */
export function around(
  elemType: OptionType,
  make: (elemType: OptionType) => OptionType,
  subPrefix?: string,
): Pick<
  OptionType,
  "getSubOptions" | "subModules" | "substSubModules" | "typeMerge" | "nestedTypes" | "payload"
> {
  return {
    getSubOptions: (system, prefix) =>
      elemType.getSubOptions(system, subPrefix === undefined ? prefix : [...prefix, subPrefix]),
    get subModules() {
      return elemType.subModules;
    },
    substSubModules: (modules) => make(elemType.substSubModules(modules)),
    typeMerge(this: OptionType, system, other) {
      const theirs = other.nestedTypes["elemType"];
      if (other.functorName !== this.functorName || theirs === undefined) return undefined;
      const merged = elemType.typeMerge(system, theirs);
      return merged && make(merged);
    },
    nestedTypes: { elemType },
    payload: (system) => elemPayload(system.typeValue(elemType)),
  };
}
export const elemPayload = shaped("elemType");
