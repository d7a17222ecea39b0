/**
 * `dagOf`: entries by name, each of which may stand before or after others. An entry is what `lib.dag.entryBefore`,
 * `entryAfter`, `entryBetween` or `entryAnywhere` give, or plain data, which may stand anywhere.
 */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, force, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { intern } from "../../lang/syntax/symbols.ts";
import { characters, isString } from "../check.ts";
import type { Definable } from "../definable.ts";
import { option } from "../define.ts";
import { shaped } from "../names.ts";
import { typeTag } from "../properties.ts";
import type { ModuleSystem } from "../system.ts";
import type { OptionType } from "../type.ts";
import { attrsOf } from "./attrs.ts";
import { str } from "./basic.ts";
import { coercedTo, listOf } from "./composite.ts";
import { makeType, phrase, withParts } from "./make.ts";
import { submodule } from "./submodule.ts";

export interface DagEntry<T> {
  readonly data: T;
  /** Names of entries that must come later. */
  readonly before: readonly string[];
  /** Names of entries that must come earlier. */
  readonly after: readonly string[];
}

/** Entries as `lib.dag` makes them are sets of the language. */
type DagDefinition<D> = Definable<Readonly<Record<string, D | Readonly<Record<string, unknown>>>>>;
export type DagType<T, D> = OptionType<Readonly<Record<string, DagEntry<T>>>, DagDefinition<D>>;

const entrySet = shaped("_type", "data", "before", "after");
const entryTag = "dagEntry";

/** An entry of a DAG as a value of the language. */
export function dagEntry(data: Slot, before: Slot, after: Slot): Attrs {
  return entrySet(entryTag, data, before, after);
}

export function isDagEntry(value: Value): boolean {
  return typeTag(value) === entryTag;
}

export function dagOf<T, D>(elemType: OptionType<T, D>): DagType<T, D> {
  const entry = submodule({
    file: "lib/dag",
    options: {
      _type: option({ type: str, default: entryTag, internal: true }),
      data: option({ type: elemType, description: "What stands at the entry." }),
      before: option({ type: listOf(str), default: [], description: "Entries that come later." }),
      after: option({ type: listOf(str), default: [], description: "Entries that come earlier." }),
    },
  });
  // A set without the mark is data, even if the data is a set.
  const plain = makeType<unknown>({
    name: "dagData",
    description: elemType.description,
    descriptionClass: elemType.descriptionClass,
    check: (_, value) => !isDagEntry(value),
  });
  const elements = coercedTo(plain, (_, value) => dagEntry(value, [], []), entry);
  return withParts<Readonly<Record<string, DagEntry<T>>>, DagDefinition<D>>(attrsOf(elements), {
    name: "dagOf",
    functorName: "dagOf",
    get description() {
      return `DAG of ${phrase(elemType, "noun", "composite")}`;
    },
    typeMerge(system, other) {
      const theirs = other.nestedTypes["elemType"];
      const merged = other.functorName === "dagOf" && theirs ? elemType.typeMerge(system, theirs) : undefined;
      return merged && dagOf(merged);
    },
    nestedTypes: { elemType },
    substSubModules: (modules) => dagOf(elemType.substSubModules(modules)),
    subModules: elemType.subModules,
  });
}

export interface SortedEntry {
  readonly name: string;
  readonly data: Slot;
}

const symData = intern("data");
const symBefore = intern("before");
const symAfter = intern("after");

/**
 * The entries of a DAG (a set of entries) in an order that obeys all constraints; of those that are free the
 * alphabetically first comes first. Names in constraints that no entry has are ignored. A cycle is an error that
 * names the entries on it.
 */
export function sortDag(system: ModuleSystem, dag: Slot): SortedEntry[] {
  const data = new Map<string, Slot>();
  const earlier = new Map<string, Set<string>>();
  const constraints: [first: string, then: string][] = [];
  for (const [name, slot] of system.evaluator.forceAttrs(dag, noPos, "a DAG").entries()) {
    const value = force(slot);
    earlier.set(name, new Set());
    if (!(value instanceof Attrs) || !isDagEntry(value)) {
      data.set(name, slot);
      continue;
    }
    data.set(name, value.get(symData)!);
    for (const later of nameList(system, value.get(symBefore))) constraints.push([name, later]);
    for (const first of nameList(system, value.get(symAfter))) constraints.push([first, name]);
  }
  for (const [first, then] of constraints) {
    if (earlier.has(first)) earlier.get(then)?.add(first);
  }
  return sortNames(earlier).map((name) => ({ name, data: data.get(name)! }));
}

function nameList(system: ModuleSystem, slot: Slot | undefined): string[] {
  if (slot === undefined) return [];
  return system.evaluator.forceList(slot, noPos, "the neighbours of a DAG entry").map((name) => {
    const value = force(name);
    if (isString(value)) return characters(value);
    throw new NixError("module", "the neighbours of a DAG entry must be names of entries");
  });
}

/** Names in an order in which each comes after its predecessors; they are given in the order of preference. */
function sortNames(earlier: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const sorted: string[] = [];
  const state = new Map<string, "visiting" | "done">();
  const path: string[] = [];
  const visit = (name: string): void => {
    const known = state.get(name);
    if (known === "done") return;
    path.push(name);
    if (known === "visiting") {
      const cycle = path.slice(path.indexOf(name)).reverse();
      throw new NixError(
        "module",
        `the order of these entries is a cycle, each has to come before the next: ${cycle.map((one) => `\`${one}'`).join(" -> ")}`,
      );
    }
    state.set(name, "visiting");
    for (const first of [...earlier.get(name)!].sort()) visit(first);
    path.pop();
    state.set(name, "done");
    sorted.push(name);
  };
  for (const name of earlier.keys()) visit(name);
  return sorted;
}
