/**
 * Properties: definitions with a condition, priority or place (`mkIf`, `mkMerge`, `mkOverride`, `mkOrder`), which
 * are sets with a `_type`; and how they are worked off.
 *
 * A property around a set applies to each attribute of the set ("pushing down"); that it does, without computing the
 * condition, is what lets a condition depend on options that the same module defines. Properties may be nested in
 * any order; of several priorities (or places) around one value the outermost counts.
 */
import { NixError } from "../lang/eval/errors.ts";
import { Attrs, force, type Slot, type Value } from "../lang/eval/value.ts";
import { noPos, type Pos } from "../lang/syntax/positions.ts";
import { typeName } from "./check.ts";
import { names, shaped } from "./names.ts";
import { place } from "./show.ts";
import type { Definition, Guard, RawDefinition } from "./type.ts";

export const plainPriority = 100;
export const optionDefaultPriority = 1500;
export const plainOrder = 1000;

const ifShape = shaped("_type", "condition", "content");
const mergeShape = shaped("_type", "contents");
const prioritised = shaped("_type", "priority", "content");

export const makeIf = (condition: Slot, content: Slot): Attrs => ifShape("if", condition, content);
export const makeMerge = (contents: Slot): Attrs => mergeShape("merge", contents);
export const makeOverride = (priority: Slot, content: Slot): Attrs =>
  prioritised("override", priority, content);
export const makeOrder = (priority: Slot, content: Slot): Attrs => prioritised("order", priority, content);

/** The `_type` of a set, when it is a string. */
export function typeTag(value: Value): string | undefined {
  if (!(value instanceof Attrs)) return undefined;
  const slot = value.get(names.type);
  if (slot === undefined) return undefined;
  const tag = force(slot);
  return typeof tag === "string" ? tag : undefined;
}

/** The definitions of a set with the properties around it taken off; they wait in the guards of each. */
export function pushDown(def: RawDefinition, found: (value: Value, def: RawDefinition) => void): void {
  const value = force(def.slot);
  const tag = typeTag(value);
  const attrs = value as Attrs;
  const outer = def.guards;
  switch (tag) {
    case "merge":
      for (const content of contentsOf(attrs, def)) pushDown({ ...def, slot: content }, found);
      break;
    case "if": {
      const condition = part(attrs, names.condition, def);
      pushDown(inside(attrs, def, { kind: "if", outer, condition }), found);
      break;
    }
    case "override":
      pushDown(inside(attrs, def, { kind: "override", outer, priority: numberOf(attrs, def) }), found);
      break;
    case "order":
      pushDown(inside(attrs, def, { kind: "order", outer, order: numberOf(attrs, def) }), found);
      break;
    case "definition":
      pushDown(relocated(attrs, def), found);
      break;
    default:
      found(value, def);
  }
}

export interface Discharged {
  /** Those that win, in order. */
  readonly defs: readonly Definition[];
  /** Those that a smaller priority beat. */
  readonly discarded: readonly Definition[];
  /** The smallest priority of all; that of plain definitions when there is none. */
  readonly highestPriority: number;
}

/** Works off the properties of the definitions of one option: conditions, then priorities, then places. */
export function discharge(raw: readonly RawDefinition[]): Discharged {
  const all: Definition[] = [];
  for (const def of raw) dischargeOne(def, all);
  if (all.length <= 1) {
    return { defs: all, discarded: [], highestPriority: all[0]?.priority ?? 9999 };
  }
  let highest = Number.POSITIVE_INFINITY;
  for (const def of all) if (def.priority < highest) highest = def.priority;
  const defs: Definition[] = [];
  const discarded: Definition[] = [];
  let ordered = false;
  for (const def of all) {
    if (def.priority !== highest) discarded.push(def);
    else {
      defs.push(def);
      if (def.order !== plainOrder) ordered = true;
    }
  }
  if (ordered) defs.sort((a, b) => a.order - b.order);
  return { defs, discarded, highestPriority: highest };
}

function dischargeOne(def: RawDefinition, all: Definition[]): void {
  let priority: number | undefined;
  let order: number | undefined;
  for (const guard of outermostFirst(def.guards)) {
    switch (guard.kind) {
      case "if":
        if (!conditionHolds(guard.condition, def)) return;
        break;
      case "override":
        priority ??= guard.priority;
        break;
      case "order":
        order ??= guard.order;
        break;
    }
  }
  peel(def.file, def.pos, def.slot, priority, order);

  function peel(
    file: string,
    pos: Pos,
    slot: Slot,
    outerPriority: number | undefined,
    outerOrder: number | undefined,
  ): void {
    const value = force(slot);
    const tag = typeTag(value);
    const attrs = value as Attrs;
    switch (tag) {
      case "merge":
        for (const content of contentsOf(attrs, def)) peel(file, pos, content, outerPriority, outerOrder);
        return;
      case "if":
        if (conditionHolds(part(attrs, names.condition, def), def)) {
          peel(file, pos, part(attrs, names.content, def), outerPriority, outerOrder);
        }
        return;
      case "override":
        peel(file, pos, part(attrs, names.content, def), outerPriority ?? numberOf(attrs, def), outerOrder);
        return;
      case "order":
        peel(file, pos, part(attrs, names.content, def), outerPriority, outerOrder ?? numberOf(attrs, def));
        return;
      case "definition": {
        const inner = relocated(attrs, def);
        peel(inner.file, inner.pos, inner.slot, outerPriority, outerOrder);
        return;
      }
      default:
        all.push({
          file,
          pos,
          priority: outerPriority ?? plainPriority,
          order: outerOrder ?? plainOrder,
          value: slot,
        });
    }
  }
}

/** The smallest priority of the definitions that count, found without computing what the priorities are around. */
export function highestPriority(raw: readonly RawDefinition[]): number {
  let highest = Number.POSITIVE_INFINITY;
  const found = (priority: number) => {
    highest = Math.min(highest, priority);
  };
  for (const def of raw) {
    const guards = outermostFirst(def.guards);
    if (!guards.every((guard) => guard.kind !== "if" || conditionHolds(guard.condition, def))) continue;
    const around = guards.find((guard) => guard.kind === "override");
    if (around !== undefined) found(around.priority);
    else look(def, def.slot);
  }
  return highest === Number.POSITIVE_INFINITY ? 9999 : highest;

  function look(def: RawDefinition, slot: Slot): void {
    const value = force(slot);
    const attrs = value as Attrs;
    switch (typeTag(value)) {
      case "merge":
        for (const content of contentsOf(attrs, def)) look(def, content);
        return;
      case "if":
        if (conditionHolds(part(attrs, names.condition, def), def))
          look(def, part(attrs, names.content, def));
        return;
      case "override":
        found(numberOf(attrs, def));
        return;
      case "order":
        look(def, part(attrs, names.content, def));
        return;
      case "definition":
        look(def, relocated(attrs, def).slot);
        return;
      default:
        found(plainPriority);
    }
  }
}

const noGuards: readonly Guard[] = [];

function outermostFirst(innermost: Guard | null): readonly Guard[] {
  if (innermost === null) return noGuards;
  const guards: Guard[] = [];
  for (let guard: Guard | null = innermost; guard !== null; guard = guard.outer) guards.push(guard);
  return guards.reverse();
}

/** The definition's value with its guards put around it again, as a value of the language. */
export function withGuards(def: RawDefinition): Slot {
  let slot = def.slot;
  for (let guard = def.guards; guard !== null; guard = guard.outer) {
    switch (guard.kind) {
      case "if":
        slot = makeIf(guard.condition, slot);
        break;
      case "override":
        slot = makeOverride(BigInt(guard.priority), slot);
        break;
      case "order":
        slot = makeOrder(BigInt(guard.order), slot);
        break;
    }
  }
  return slot;
}

function conditionHolds(condition: Slot, def: RawDefinition): boolean {
  const value = force(condition);
  if (typeof value === "boolean") return value;
  throw new NixError(
    "module",
    `the condition of a 'mkIf' must be true or false, but it is ${typeName(value)}, in ${place(def)}`,
  );
}

function inside(attrs: Attrs, def: RawDefinition, guards: Guard): RawDefinition {
  return { file: def.file, pos: def.pos, slot: part(attrs, names.content, def), guards };
}

function part(attrs: Attrs, sym: typeof names.content, def: RawDefinition): Slot {
  const slot = attrs.get(sym);
  if (slot !== undefined) return slot;
  throw new NixError("module", `a property without '_type' arguments, in ${place(def)}`);
}

function numberOf(attrs: Attrs, def: RawDefinition): number {
  const priority = force(part(attrs, names.priority, def));
  if (typeof priority === "bigint") return Number(priority);
  throw new NixError(
    "module",
    `a priority or order must be an integer, but it is ${typeName(priority)}, in ${place(def)}`,
  );
}

function contentsOf(attrs: Attrs, def: RawDefinition): readonly Slot[] {
  const contents = force(part(attrs, names.contents, def));
  if (Array.isArray(contents)) return contents as readonly Slot[];
  throw new NixError(
    "module",
    `'mkMerge' takes a list of definitions, but it got ${typeName(contents)}, in ${place(def)}`,
  );
}

function relocated(attrs: Attrs, def: RawDefinition): RawDefinition {
  const file = attrs.get(names.defFile);
  const named = file === undefined ? undefined : force(file);
  return {
    file: typeof named === "string" ? named : def.file,
    pos: noPos,
    slot: part(attrs, names.value, def),
    guards: def.guards,
  };
}
