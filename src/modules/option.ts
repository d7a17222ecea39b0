/** The value of one option of one evaluation, and what `options.<name>` tells of it. */
import { type Attrs, AttrsBuilder, force, lazy, PrimOp, type Slot, type Value } from "../lang/eval/value.ts";
import { noPos, resolvePos } from "../lang/syntax/positions.ts";
import { intern } from "../lang/syntax/symbols.ts";
import type { DeclarationSource, DeclaredOption } from "./declaration.ts";
import { notDefined, readOnlySeveralTimes } from "./errors.ts";
import { mergeChecked } from "./merge-definitions.ts";
import { names, shaped } from "./names.ts";
import { type Discharged, discharge, optionDefaultPriority } from "./properties.ts";
import { place, showOption } from "./show.ts";
import type { ModuleSystem } from "./system.ts";
import type { Location, RawDefinition } from "./type.ts";
import { DefinitionValue } from "./type-value.ts";

/** The definitions of an option, its default among them, with their properties worked off. */
export function dischargeOption(option: DeclaredOption, raw: readonly RawDefinition[]): Discharged {
  if (option.default === undefined) return discharge(raw);
  const source = option.sources.find(({ slot }) => (force(slot) as Attrs).has(names.default))!;
  const byDefault: RawDefinition = {
    file: source.file,
    pos: (force(source.slot) as Attrs).positionOf(names.default),
    slot: option.default,
    guards: { kind: "override", outer: null, priority: optionDefaultPriority },
  };
  return discharge([byDefault, ...raw]);
}

/** The final value. */
export function optionValue(
  system: ModuleSystem,
  loc: Location,
  option: DeclaredOption,
  raw: readonly RawDefinition[],
  discharged: Discharged,
): Value {
  if (option.readOnly && raw.length + (option.default === undefined ? 0 : 1) > 1) {
    throw readOnlySeveralTimes(loc, [...discharged.defs, ...discharged.discarded]);
  }
  const { apply } = option;
  if (apply === undefined) return mergedValue(system, loc, option, discharged);
  return system.evaluator.call(
    apply,
    lazy(() => mergedValue(system, loc, option, discharged)),
  );
}

function mergedValue(
  system: ModuleSystem,
  loc: Location,
  option: DeclaredOption,
  { defs }: Discharged,
): Value {
  if (defs.length > 0) return mergeChecked(system, loc, option.type, defs);
  const empty = option.type.emptyValue(system);
  if (empty === undefined) {
    throw notDefined(loc, option.type, option.sources.map(place), system.evaluating.at(-2)?.loc());
  }
  return force(empty);
}

const positionSet = shaped("file", "line", "column");

/** What `options.<name>` is. */
export function optionSet(
  system: ModuleSystem,
  loc: Location,
  option: DeclaredOption,
  discharged: () => Discharged,
  value: Slot,
): Attrs {
  const builder = new AttrsBuilder();
  option.attrs.shape.symbols.forEach((sym, index) => {
    builder.set(sym, option.attrs.values[index]!, option.attrs.positions?.[index]);
  });
  const set = (name: string, slot: Slot) => builder.set(intern(name), slot);
  set("_type", "option");
  set("loc", loc);
  set("type", system.typeValue(option.type));
  set("value", value);
  set("declarations", option.declarations);
  set(
    "declarationPositions",
    lazy(() => option.sources.map(declarationPosition)),
  );
  set("options", []);
  set(
    "isDefined",
    lazy(() => discharged().defs.length > 0),
  );
  set(
    "definitions",
    lazy(() => discharged().defs.map((def) => def.value)),
  );
  set(
    "files",
    lazy(() => discharged().defs.map((def) => def.file)),
  );
  set(
    "definitionsWithLocations",
    lazy(() => discharged().defs.map((def) => new DefinitionValue(def))),
  );
  set(
    "valueMeta",
    lazy(() => option.type.valueMeta(system, loc, discharged().defs)),
  );
  set(
    "highestPrio",
    lazy(() => BigInt(discharged().highestPriority)),
  );
  set("__toString", new PrimOp("showOption", 1, () => showOption(loc)));
  return builder.build();
}

function declarationPosition(source: DeclarationSource): Attrs {
  const resolved = source.pos === noPos ? undefined : resolvePos(source.pos);
  return positionSet(
    source.file,
    resolved === undefined ? null : BigInt(resolved.line),
    resolved === undefined ? null : BigInt(resolved.column),
  );
}

/** The value of an option with definitions that are at hand, e.g. of one of several alternatives. */
export function evaluateOption(
  system: ModuleSystem,
  loc: Location,
  option: DeclaredOption,
  raw: readonly RawDefinition[],
): Value {
  return optionValue(system, loc, option, raw, dischargeOption(option, raw));
}
