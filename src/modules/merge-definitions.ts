/** From definitions to a value: check each against the type, then merge. */
import { force, type Value } from "../lang/eval/value.ts";
import { wrongType } from "./errors.ts";
import { type Discharged, discharge } from "./properties.ts";
import type { ModuleSystem } from "./system.ts";
import type { Definition, Location, OptionType, RawDefinition } from "./type.ts";

/** The value of at least one definition. */
export function mergeChecked(
  system: ModuleSystem,
  loc: Location,
  type: OptionType,
  defs: readonly Definition[],
): Value {
  for (const def of defs) {
    if (!type.check(system, force(def.value))) {
      throw wrongType(
        loc,
        type,
        defs.filter((one) => !type.check(system, force(one.value))),
      );
    }
  }
  return type.merge(system, loc, defs);
}

/** As {@link mergeChecked}, of definitions with properties; undefined when none is left. */
export function mergeRaw(
  system: ModuleSystem,
  loc: Location,
  type: OptionType,
  raw: readonly RawDefinition[],
): { readonly value: Value; readonly discharged: Discharged } | undefined {
  const discharged = discharge(raw);
  if (discharged.defs.length === 0) return undefined;
  return { value: mergeChecked(system, loc, type, discharged.defs), discharged };
}
