/** Attribute sets whose attributes are of one type. */

import { Shape } from "../../lang/eval/shape.ts";
import { Attrs, emptyAttrs, force, lazy, type Slot } from "../../lang/eval/value.ts";
import { noPos, type Pos } from "../../lang/syntax/positions.ts";
import { lookupSymbol, type Sym, symbolName } from "../../lang/syntax/symbols.ts";
import type { Definable } from "../definable.ts";
import { notDefined } from "../errors.ts";
import { mergeChecked, mergeRaw } from "../merge-definitions.ts";
import { shaped } from "../names.ts";
import { discharge } from "../properties.ts";
import { place } from "../show.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Location, OptionType, RawDefinition } from "../type.ts";
import { around } from "./around.ts";
import { makeType, phrase } from "./make.ts";

export type AttrsType<T, D> = OptionType<Readonly<Record<string, T>>, Definable<Readonly<Record<string, D>>>>;

export interface AttrsWith<T, D> {
  readonly elemType: OptionType<T, D>;
  /** Whether an attribute's conditions may wait until it is read; then one whose conditions all fail is still there. */
  readonly lazy?: boolean;
  /** What stands for the attribute's name in documentation. */
  readonly placeholder?: string;
}

export function attrsWith<T, D>({
  elemType,
  lazy: isLazy = false,
  placeholder = defaultPlaceholder,
}: AttrsWith<T, D>): AttrsType<T, D> {
  const parts = around(
    elemType,
    (elem) => attrsWith({ elemType: elem, lazy: isLazy, placeholder }),
    `<${placeholder}>`,
  );
  const type: AttrsType<T, D> = makeType<Readonly<Record<string, T>>, Definable<Readonly<Record<string, D>>>>(
    {
      name: isLazy ? "lazyAttrsOf" : "attrsOf",
      get description() {
        return `${isLazy ? "lazy " : ""}attribute set of ${phrase(elemType, "noun", "composite")}`;
      },
      descriptionClass: "composite",
      check: (_, value) => value instanceof Attrs,
      merge: (system, loc, defs) =>
        isLazy ? mergeLazily(system, loc, elemType, defs) : mergeAttributes(system, loc, elemType, defs),
      emptyValue: () => emptyAttrs,
      ...parts,
      payload: (system) => attrsPayload(system.typeValue(elemType), isLazy, placeholder),
      valueMeta: (system, loc, defs) =>
        attrsMeta(
          sortedAttrs(attributeDefinitions(system, loc, defs), (sym, raw) => {
            const at = [...loc, symbolName(sym)];
            if (isLazy) return lazy(() => elemType.valueMeta(system, at, discharge(raw).defs));
            const winners = discharge(raw).defs;
            return winners.length === 0 ? undefined : lazy(() => elemType.valueMeta(system, at, winners));
          }),
        ),
      // An `attrsWith' that names its placeholder wins over one that does not.
      typeMerge(system, other) {
        const merged = parts.typeMerge.call(type, system, other);
        const theirs = placeholders.get(other) ?? defaultPlaceholder;
        if (merged === undefined || theirs === placeholder || theirs === defaultPlaceholder) return merged;
        if (placeholder !== defaultPlaceholder) return undefined;
        const elem = merged.nestedTypes["elemType"]!;
        return attrsWith({ elemType: elem, lazy: isLazy, placeholder: theirs });
      },
      descend(system, loc, defs, name) {
        const sym = lookupSymbol(name);
        const raw = sym === undefined ? [] : (attributeDefinitions(system, loc, defs).get(sym) ?? []);
        return { kind: "element", type: elemType, defs: raw };
      },
    },
  );
  placeholders.set(type, placeholder);
  return type;
}
const attrsMeta = shaped("attrs");
const defaultPlaceholder = "name";
const placeholders = new WeakMap<OptionType, string>();
const attrsPayload = shaped("elemType", "lazy", "placeholder");

export const attrsOf = <T, D>(elemType: OptionType<T, D>) => attrsWith({ elemType });
export const lazyAttrsOf = <T, D>(elemType: OptionType<T, D>) => attrsWith({ elemType, lazy: true });

/** The definitions of each attribute. */
function attributeDefinitions(
  system: ModuleSystem,
  loc: Location,
  defs: readonly Definition[],
): Map<Sym, RawDefinition[]> {
  const found = new Map<Sym, RawDefinition[]>();
  for (const def of defs) {
    const { shape, values, positions } = force(def.value) as Attrs;
    shape.symbols.forEach((sym, index) => {
      const pos = positions?.[index] ?? noPos;
      const raw: RawDefinition = {
        file: def.file,
        pos: pos === noPos ? def.pos : pos,
        slot: values[index]!,
        guards: null,
      };
      if (system.trial?.omits({ loc: [...loc, symbolName(sym)], pos: raw.pos })) return;
      const known = found.get(sym);
      if (known === undefined) found.set(sym, [raw]);
      else known.push(raw);
    });
  }
  return found;
}

function sortedAttrs(
  found: Map<Sym, RawDefinition[]>,
  slotOf: (sym: Sym, raw: RawDefinition[]) => Slot | undefined,
): Attrs {
  const symbols: Sym[] = [];
  const values: Slot[] = [];
  const positions: Pos[] = [];
  for (const sym of [...found.keys()].sort((a, b) => a - b)) {
    const raw = found.get(sym)!;
    const value = slotOf(sym, raw);
    if (value === undefined) continue;
    symbols.push(sym);
    values.push(value);
    positions.push(raw[0]!.pos);
  }
  return new Attrs(Shape.of(symbols), values, positions);
}

function mergeAttributes(
  system: ModuleSystem,
  loc: Location,
  elemType: OptionType,
  defs: readonly Definition[],
): Attrs {
  return sortedAttrs(attributeDefinitions(system, loc, defs), (sym, raw) => {
    const winners = discharge(raw).defs;
    if (winners.length === 0) return undefined;
    return system.tracked(
      () => [...loc, symbolName(sym)],
      (at) => mergeChecked(system, at, elemType, winners),
    );
  });
}

function mergeLazily(
  system: ModuleSystem,
  loc: Location,
  elemType: OptionType,
  defs: readonly Definition[],
): Attrs {
  return sortedAttrs(attributeDefinitions(system, loc, defs), (sym, raw) =>
    system.tracked(
      () => [...loc, symbolName(sym)],
      (at) => {
        const merged = mergeRaw(system, at, elemType, raw);
        if (merged !== undefined) return merged.value;
        const empty = elemType.emptyValue(system);
        if (empty === undefined) throw notDefined(at, elemType, raw.map(place));
        return force(empty);
      },
    ),
  );
}
