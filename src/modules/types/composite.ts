/** Types that are made of other types. */

import { NixError } from "../../lang/eval/errors.ts";
import { Shape } from "../../lang/eval/shape.ts";
import { typeOf } from "../../lang/eval/type-name.ts";
import { Attrs, emptyAttrs, force, lazy, PrimOp, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos, type Pos } from "../../lang/syntax/positions.ts";
import { lookupSymbol, type Sym, symbolName } from "../../lang/syntax/symbols.ts";
import { isFunction, isList, isStringLike } from "../check.ts";
import type { Definable } from "../definable.ts";
import type { Property } from "../define.ts";
import { definedSeveralTimes, notDefined, nullAndNot } from "../errors.ts";
import { mergeChecked, mergeRaw } from "../merge-definitions.ts";
import { shaped } from "../names.ts";
import { discharge } from "../properties.ts";
import { place, showDefinitions, showFiles, showOption } from "../show.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Infer, InferDefinition, Location, OptionType, RawDefinition } from "../type.ts";
import { makeType, phrase, withParts } from "./make.ts";
import { mergeEqual, mergeOne } from "./merge.ts";

/** Documentation, submodules, and merging of a type with one element type, rebuilt by `make`. */
function around(
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
const elemPayload = shaped("elemType");

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
const attrsMeta = shaped("attrs");

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

/**
 * A function; several definitions are merged by their results. What a function gets is not known before it is called: the parameter of a definition can be of any type.
 */
export function functionTo<T, D>(
  elemType: OptionType<T, D>,
): OptionType<(arg: unknown) => T, FunctionDefinition<D>> {
  const body = (loc: Location) => [...loc, "<function body>"];
  return makeType<(arg: unknown) => T, FunctionDefinition<D>>({
    name: "functionTo",
    get description() {
      return `function that evaluates to a(n) ${phrase(elemType, "noun", "composite")}`;
    },
    descriptionClass: "composite",
    check: (_, value) => isFunction(value),
    merge: (system, loc, defs) =>
      functionSet(
        commonArgs(
          system,
          defs.map((def) => def.value),
        ),
        new PrimOp("merged", 2, (_, arg) => {
          const at = body(loc);
          const results = defs.map((def) => ({
            file: def.file,
            pos: def.pos,
            slot: system.evaluator.call(def.value, arg),
            guards: null,
          }));
          const merged = mergeRaw(system, at, elemType, results);
          if (merged === undefined) throw notDefined(at, elemType, defs.map(place));
          return merged.value;
        }),
      ),
    ...around(elemType, functionTo, "<function body>"),
  });
}
export type FunctionDefinition<D> = ((arg: never) => D) | Property<FunctionDefinition<D>>;

const functionSet = shaped("__functionArgs", "__functor");

/** An argument has a default when it has one in every function. */
function commonArgs(system: ModuleSystem, functions: readonly Slot[]): Attrs {
  const found = new Map<string, boolean>();
  for (const fn of functions) {
    for (const { name, hasDefault } of system.formals(force(fn)) ?? []) {
      found.set(name, (found.get(name) ?? true) && hasDefault);
    }
  }
  return Attrs.fromEntries(found);
}

/** Any value; sets are merged attribute by attribute, functions by their results, all else must be equal. */
export const anything: OptionType<unknown> = makeType<unknown>({
  name: "anything",
  description: "anything",
  descriptionClass: "noun",
  check: () => true,
  merge(system, loc, defs) {
    const kinds = new Set(
      defs.map((def) => {
        const value = force(def.value);
        return value instanceof Attrs && isStringLike(value) ? "stringLike" : typeOf(value);
      }),
    );
    if (kinds.size > 1) {
      throw new NixError(
        "module",
        `The option \`${showOption(loc)}' has conflicting option types in ${showFiles(defs.map(place))}`,
      );
    }
    const [kind] = kinds;
    if (kind === "set") return attrsOf(anything).merge(system, loc, defs);
    if (kind === "stringLike") return mergeOne(system, loc, defs);
    if (kind !== "lambda") return mergeEqual(system, loc, defs);
    return new PrimOp("merged", 1, (arg) =>
      anything.merge(
        system,
        [...loc, "<function body>"],
        defs.map((def) => ({ ...def, value: system.evaluator.call(def.value, arg) })),
      ),
    );
  },
  descend: (system, loc, defs, name) => attrsOf(anything).descend(system, loc, defs, name),
});

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
