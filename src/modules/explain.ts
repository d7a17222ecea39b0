/** Provenance: which definitions made a value. */
import { lookupSymbol } from "../lang/syntax/symbols.ts";
import type { GroupInstance } from "./instance.ts";
import { type Discharged, discharge } from "./properties.ts";
import { place } from "./show.ts";
import type { ModuleSystem } from "./system.ts";
import type { Definition, ExplainedDefinition, Location, OptionType, RawDefinition } from "./type.ts";

/** The definitions of the option or part of a value at the path below the group. */
export function explain(
  system: ModuleSystem,
  root: GroupInstance,
  freeformType: OptionType | undefined,
  prefix: Location,
  path: Location,
): readonly ExplainedDefinition[] {
  let group = root;
  for (let depth = 0; depth < path.length; depth++) {
    const sym = lookupSymbol(path[depth]!);
    const cell = sym === undefined ? undefined : group.cellOf(sym);
    if (cell === undefined) {
      const raw = (sym === undefined ? undefined : group.definitions().get(sym)) ?? [];
      const type = freeformType?.nestedTypes["elemType"];
      const loc = [...prefix, ...path.slice(0, depth + 1)];
      return explainPart(system, type, loc, raw, path.slice(depth + 1));
    }
    const { declared } = cell;
    if (declared.kind === "option") {
      const rest = path.slice(depth + 1);
      if (rest.length === 0) return explained(cell.discharged);
      return descend(system, declared.option.type, cell.loc(), cell.discharged.defs, rest);
    }
    group = cell.nested!;
  }
  return [...group.definitions().values()].flatMap((raw) => explained(discharge(raw)));
}

function explainPart(
  system: ModuleSystem,
  type: OptionType | undefined,
  loc: Location,
  raw: readonly RawDefinition[],
  rest: Location,
): readonly ExplainedDefinition[] {
  const discharged = discharge(raw);
  if (rest.length === 0 || type === undefined) return explained(discharged);
  return descend(system, type, loc, discharged.defs, rest);
}

function descend(
  system: ModuleSystem,
  type: OptionType,
  loc: Location,
  defs: readonly Definition[],
  path: Location,
): readonly ExplainedDefinition[] {
  const name = path[0]!;
  const part = type.descend(system, loc, defs, name);
  // A value that the type does not look into is made by its definitions as a whole.
  if (part === undefined) return defs.map((def) => ({ ...def, place: place(def), discarded: false }));
  switch (part.kind) {
    case "submodule":
      return part.definitionsOf(path);
    case "element":
      return explainPart(system, part.type, [...loc, name], part.defs, path.slice(1));
  }
}

function explained({ defs, discarded }: Discharged): ExplainedDefinition[] {
  const show = (def: Definition, isDiscarded: boolean) => ({
    ...def,
    place: place(def),
    discarded: isDiscarded,
  });
  return [...defs.map((def) => show(def, false)), ...discarded.map((def) => show(def, true))];
}
