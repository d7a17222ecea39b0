/** Builtins on attribute sets. */
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { positionsOfPart } from "../eval/set-positions.ts";
import { Shape } from "../eval/shape.ts";
import { sortNumbers } from "../eval/sort-symbols.ts";
import { nearMisses } from "../eval/suggestions.ts";
import { Attrs, emptyAttrs, force, type Slot, type Value } from "../eval/value.ts";
import { withoutSpareRoom } from "../spare-room.ts";
import { noPos } from "../syntax/positions.ts";
import { showName } from "../syntax/printer.ts";
import { intern, lookupSymbol, type Sym, symbolName } from "../syntax/symbols.ts";
import { suspending } from "./apply.ts";
import type { Builtin } from "./builtin.ts";

const nameSym = intern("name");
const valueSym = intern("value");

export function attrsFamily(evaluator: Evaluator): readonly Builtin[] {
  const suspend = suspending(evaluator);
  const attrsArgument = (slot: Slot, what: string): Attrs => evaluator.forceAttrs(slot, noPos, what);
  const nameArgument = (slot: Slot, what: string): string =>
    evaluator.forceString(slot, noPos, what, undefined);
  return [
    {
      name: "attrNames",
      arity: 1,
      doc: "The names of the attributes of a set, in the order of their bytes.",
      fn: (set) => attrsArgument(set, "the argument passed to builtins.attrNames").shape.names,
    },
    {
      name: "attrValues",
      arity: 1,
      doc: "The values of the attributes of a set, in the order of `attrNames`.",
      fn: (set) => {
        const { shape, values } = attrsArgument(set, "the argument passed to builtins.attrValues");
        return shape.byName.map((index) => values[index]!);
      },
    },
    {
      name: "getAttr",
      arity: 2,
      doc: "`getAttr name set` is the attribute of that name: `.` with a computed name. Fails when there is none.",
      fn: (name, set) => {
        const text = nameArgument(name, "the first argument passed to builtins.getAttr");
        const attrs = attrsArgument(set, "the second argument passed to builtins.getAttr");
        return force(required(attrs, intern(text), "in the attribute set under consideration"));
      },
    },
    {
      name: "hasAttr",
      arity: 2,
      doc: "`hasAttr name set`: whether the set has an attribute of that name: `?` with a computed name.",
      fn: (name, set) => {
        const text = nameArgument(name, "the first argument passed to builtins.hasAttr");
        const attrs = attrsArgument(set, "the second argument passed to builtins.hasAttr");
        const sym = lookupSymbol(text);
        return sym !== undefined && attrs.has(sym);
      },
    },
    {
      name: "removeAttrs",
      arity: 2,
      global: true,
      doc: "`removeAttrs set names`: the set without the attributes of these names, which need not exist.",
      fn: (set, names) => {
        const attrs = attrsArgument(set, "the first argument passed to builtins.removeAttrs");
        const list = evaluator.forceList(names, noPos, "the second argument passed to builtins.removeAttrs");
        const removed: number[] = [];
        for (const name of list) {
          const what = "the values of the second argument passed to builtins.removeAttrs";
          const sym = lookupSymbol(nameArgument(name, what));
          const index = sym === undefined ? -1 : attrs.shape.indexOf(sym);
          if (index >= 0) removed.push(index);
        }
        return removed.length === 0 ? attrs : withoutAttrs(attrs, removed);
      },
    },
    {
      name: "listToAttrs",
      arity: 1,
      doc: "The set that a list of `{ name = ...; value = ...; }` describes. The first of several equal names counts.",
      fn: (slot) => listToAttrs(evaluator, slot),
    },
    {
      name: "intersectAttrs",
      arity: 2,
      doc: "`intersectAttrs a b`: the attributes of `b` whose names are in `a` too.",
      fn: (left, right) => {
        const a = attrsArgument(left, "the first argument passed to builtins.intersectAttrs");
        const b = attrsArgument(right, "the second argument passed to builtins.intersectAttrs");
        return intersectAttrs(a, b);
      },
    },
    {
      name: "catAttrs",
      arity: 2,
      doc: "`catAttrs name sets`: the attributes of that name of all sets in the list that have one.",
      fn: (name, sets) => {
        const text = nameArgument(name, "the first argument passed to builtins.catAttrs");
        const list = evaluator.forceList(sets, noPos, "the second argument passed to builtins.catAttrs");
        const sym = intern(text);
        const found: Slot[] = [];
        for (const set of list) {
          const what = "an element in the list passed as second argument to builtins.catAttrs";
          const slot = attrsArgument(set, what).get(sym);
          if (slot !== undefined) found.push(slot);
        }
        return withoutSpareRoom(found);
      },
    },
    {
      name: "mapAttrs",
      arity: 2,
      doc: "`mapAttrs f set`: the set with every value replaced by `f name value`, computed when needed.",
      fn: (fn, set) => {
        const { shape, values } = attrsArgument(set, "the second argument passed to builtins.mapAttrs");
        const { symbols } = shape;
        return new Attrs(
          shape,
          values.map((value, index) => suspend(fn, symbolName(symbols[index]!), value)),
        );
      },
    },
    {
      name: "zipAttrsWith",
      arity: 2,
      doc: "`zipAttrsWith f sets`: for every name in any of the sets, `f name values` with the list of its values, computed when needed.",
      fn: (fn, sets) => {
        evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.zipAttrsWith");
        const list = evaluator.forceList(sets, noPos, "the second argument passed to builtins.zipAttrsWith");
        const collected = new Map<Sym, Slot[]>();
        for (const set of list) {
          const what = "a value of the list passed as second argument to builtins.zipAttrsWith";
          const { shape, values } = attrsArgument(set, what);
          shape.symbols.forEach((sym, index) => {
            appendTo(collected, sym, values[index]!);
          });
        }
        return attrsOfMap(collected, (values, sym) => suspend(fn, symbolName(sym), withoutSpareRoom(values)));
      },
    },
  ];
}

/** The attribute, or Nix's error with `context` on its trace. */
export function required(attrs: Attrs, sym: Sym, context: string): Slot {
  const slot = attrs.get(sym);
  if (slot !== undefined) return slot;
  const name = symbolName(sym);
  const suggestions = nearMisses(name, attrs.names());
  throw new NixError("missingAttribute", `attribute '${showName(name)}' missing`, { suggestions }).addTrace(
    noPos,
    context,
  );
}

/** Adds to the list under the key. */
export function appendTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The set with an attribute for each entry. */
export function attrsOfMap<T>(map: ReadonlyMap<Sym, T>, slotOf: (item: T, sym: Sym) => Slot): Attrs {
  if (map.size === 0) return emptyAttrs;
  const symbols = sortNumbers([...map.keys()]);
  return new Attrs(
    Shape.of(symbols),
    symbols.map((sym) => slotOf(map.get(sym)!, sym)),
  );
}

/** The attributes at these ascending indices. */
function picked(attrs: Attrs, indices: readonly number[]): Attrs {
  const { shape: whole, values, where } = attrs;
  if (indices.length === values.length) return attrs;
  if (indices.length === 0) return emptyAttrs;
  const shape = Shape.of(indices.map((index) => whole.symbols[index]!));
  return new Attrs(
    shape,
    indices.map((index) => values[index]!),
    where && positionsOfPart(shape, whole, where),
  );
}

/** The set without the attributes at these indices, which may come in any order and more than once. */
function withoutAttrs(attrs: Attrs, removed: number[]): Attrs {
  sortNumbers(removed);
  const kept: number[] = [];
  let next = 0;
  for (let index = 0; index < attrs.size; index++) {
    if (removed[next] !== index) kept.push(index);
    else while (removed[next] === index) next++;
  }
  return picked(attrs, kept);
}

/** The attributes of `b` that `a` has too, by looking up those of the smaller set in the larger one. */
function intersectAttrs(a: Attrs, b: Attrs): Attrs {
  if (a.shape === b.shape) return b;
  const common: number[] = [];
  if (a.size < b.size) {
    for (const sym of a.shape.symbols) {
      const index = b.shape.indexOf(sym);
      if (index >= 0) common.push(index);
    }
  } else {
    const { symbols } = b.shape;
    for (let index = 0; index < symbols.length; index++) {
      if (a.has(symbols[index]!)) common.push(index);
    }
  }
  return picked(b, common);
}

function listToAttrs(evaluator: Evaluator, slot: Slot): Value {
  const list = evaluator.forceList(slot, noPos, "the argument passed to builtins.listToAttrs");
  const context = "in a {name=...; value=...;} pair";
  const pairs = new Map<Sym, Attrs>();
  for (const element of list) {
    const pair = evaluator.forceAttrs(
      element,
      noPos,
      "an element of the list passed to builtins.listToAttrs",
    );
    const name = required(pair, nameSym, context);
    const what = "the `name` attribute of an element of the list passed to builtins.listToAttrs";
    const sym = intern(evaluator.forceString(name, pair.positionOf(nameSym), what, undefined));
    if (!pairs.has(sym)) pairs.set(sym, pair);
  }
  if (pairs.size === 0) return emptyAttrs;
  const symbols = sortNumbers([...pairs.keys()]);
  const found = symbols.map((sym) => pairs.get(sym)!);
  const values = found.map((pair) => required(pair, valueSym, context));
  const positions = found.map((pair) => pair.positionOf(valueSym));
  return new Attrs(Shape.of(symbols), values, positions);
}
