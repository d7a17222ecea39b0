/**
 * `attrListOf`: named values in an order, names may repeat. It is defined as a list of sets with one attribute each, or
 * as a set whose values say their places with `mkOrder`.
 */

import { NixError } from "../../lang/eval/errors.ts";
import { typeOf } from "../../lang/eval/type-name.ts";
import { Attrs, emptyAttrs, force, lazy, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { mergeRaw } from "../merge-definitions.ts";
import { names, shaped } from "../names.ts";
import { discharge, makeOrder, plainOrder, plainPriority, typeTag } from "../properties.ts";
import { showDefinitions, showOption } from "../show.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Location, OptionType, RawDefinition } from "../type.ts";
import { makeType, phrase } from "./make.ts";

export interface AttrListWith {
  readonly elemType: OptionType;
  /** The value is a set in which each name has what `mergeValues` makes of all its values; otherwise a list. */
  readonly asAttrs?: boolean;
  readonly mergeValues?: (system: ModuleSystem, name: string, values: readonly Slot[]) => Value;
}

interface Item {
  readonly key: string;
  /** The value's definition, with its properties. */
  readonly raw: RawDefinition;
  /** The place that its element in the list says; undefined: the value's own counts. */
  readonly order: number | undefined;
}

/** An item that takes part: its place and value. */
interface Entry {
  readonly key: string;
  readonly file: string;
  readonly order: number;
  readonly value: Slot;
  readonly meta: Slot;
}

const listMeta = shaped("attrList", "attrListValue", "definitions");
const definition = shaped("_type", "file", "value");

export function attrListWith(settings: AttrListWith): OptionType {
  const { elemType, asAttrs = false, mergeValues = (_, __, values) => values } = settings;
  const description = () => `attribute list of ${phrase(elemType, "noun", "composite")}`;
  const single = ({ key, value }: Entry) => Attrs.fromEntries([[key, value]]);

  function entries(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Entry[] {
    const items = defs.flatMap((def) => itemsOf(loc, description, def));
    const winning = new Map<string, number>();
    const priorities = items.map(({ raw }) => priorityOf(raw.slot));
    items.forEach(({ key }, index) => {
      winning.set(key, Math.min(winning.get(key) ?? plainPriority, priorities[index]!));
    });
    return items
      .filter(({ key }, index) => priorities[index] === (winning.get(key) ?? plainPriority))
      .map((item) => ({ ...item, order: item.order ?? orderOf(item.raw.slot) }))
      .sort((a, b) => a.order - b.order)
      .filter(({ raw }) => discharge([raw]).defs.length > 0)
      .map(({ key, raw, order }) => {
        const at = [...loc, key];
        return {
          key,
          file: raw.file,
          order,
          value: system.tracked(
            () => at,
            () => mergeRaw(system, at, elemType, [raw])!.value,
          ),
          meta: lazy(() => elemType.valueMeta(system, at, discharge([raw]).defs)),
        };
      });
  }

  return makeType<unknown>({
    name: "attrListOf",
    get description() {
      return description();
    },
    descriptionClass: "composite",
    check: (_, value) => Array.isArray(value) || value instanceof Attrs,
    merge(system, loc, defs) {
      const all = entries(system, loc, defs);
      if (!asAttrs) return all.map(single);
      const byKey = new Map<string, Slot[]>();
      for (const { key, value } of all) byKey.set(key, [...(byKey.get(key) ?? []), value]);
      return Attrs.fromEntries(
        [...byKey].map(([key, values]) => [key, lazy(() => mergeValues(system, key, values))] as const),
      );
    },
    emptyValue: () => (asAttrs ? emptyAttrs : []),
    getSubOptions: (system, prefix) => elemType.getSubOptions(system, [...prefix, "*"]),
    get subModules() {
      return elemType.subModules;
    },
    substSubModules: (modules) => attrListWith({ ...settings, elemType: elemType.substSubModules(modules) }),
    // An order of several declarations' own has no meaning.
    typeMerge: () => undefined,
    nestedTypes: { elemType },
    valueMeta(system, loc, defs) {
      const all = entries(system, loc, defs);
      return listMeta(
        all.map(({ meta }) => meta),
        all.map(single),
        all.map((entry) =>
          definition("definition", entry.file, makeOrder(BigInt(entry.order), single(entry))),
        ),
      );
    },
    descend(_, loc, defs, name) {
      const items = defs.flatMap((def) => itemsOf(loc, description, def)).filter(({ key }) => key === name);
      return { kind: "element", type: elemType, defs: items.map(({ raw }) => raw) };
    },
  });
}

function itemsOf(loc: Location, description: () => string, def: Definition): Item[] {
  const value = force(def.value);
  const item = (key: string, slot: Slot, pos = def.pos, order?: number): Item => ({
    key,
    raw: { file: def.file, pos, slot, guards: null },
    order,
  });
  if (value instanceof Attrs) {
    return [...value.entries()].map(([key, slot], index) => item(key, slot, value.positions?.[index]));
  }
  return (value as readonly Slot[]).map((slot) => {
    const outer = force(slot);
    const ordered = typeTag(outer) === "order";
    const inner = ordered ? force((outer as Attrs).get(names.content)!) : outer;
    if (!(inner instanceof Attrs) || inner.size !== 1) throw notSingle(loc, description(), def, slot, inner);
    const order = ordered ? Number(force((outer as Attrs).get(names.priority)!)) : undefined;
    return item(inner.names()[0]!, inner.values[0]!, inner.positions?.[0] || def.pos, order);
  });
}

function notSingle(
  loc: Location,
  description: string,
  def: Definition,
  element: Slot,
  inner: Value,
): NixError {
  const what =
    inner instanceof Attrs
      ? `Each list element must be a single-key attribute set, but got ${inner.size} keys`
      : `Each list element must be an attribute set, but got ${typeOf(inner)}`;
  return new NixError(
    "module",
    `A definition for option \`${showOption(loc)}' is not of type \`${description}'. ${what}. Definition values:${showDefinitions([{ ...def, value: element }])}`,
    { pos: def.pos === noPos ? undefined : def.pos },
  );
}

/** What `mkOverride` says; nothing below it is computed. */
function priorityOf(slot: Slot): number {
  const value = force(slot);
  const tag = typeTag(value);
  if (tag === "override") return Number(force((value as Attrs).get(names.priority)!));
  return tag === "order" ? priorityOf((value as Attrs).get(names.content)!) : plainPriority;
}

/** What `mkOrder` says. */
function orderOf(slot: Slot): number {
  const value = force(slot);
  const tag = typeTag(value);
  if (tag === "order") return Number(force((value as Attrs).get(names.priority)!));
  return tag === "override" ? orderOf((value as Attrs).get(names.content)!) : plainOrder;
}
