/**
 * The definitions of the network's options that caused a definition in a machine's configuration. A definition is a
 * cause when the configuration's would be another one without it: the network is evaluated again with some of them
 * left out. So it holds for modules in either language, and whatever they compute.
 */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, force, NixPath, NixString, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { findCauses } from "../../modules/causes.ts";
import { isDerivation, isFunction, isList } from "../../modules/check.ts";
import { optionDefaultPriority } from "../../modules/properties.ts";
import { showOption } from "../../modules/show.ts";
import { ModuleSystem } from "../../modules/system.ts";
import { Trial, type Written } from "../../modules/trial.ts";
import type { ExplainedDefinition, Location } from "../../modules/type.ts";
import { Network } from "./network.ts";

/** A definition of an option of the network. */
export interface Cause {
  readonly loc: Location;
  readonly definition: ExplainedDefinition;
}

/** The definitions that explain a value, in a network. */
type Definitions = (network: Network) => readonly ExplainedDefinition[];

/** For each of the definitions that the function finds, what caused it. */
export function causesOf(network: Network, definitions: Definitions): readonly (readonly Cause[])[] {
  const whole = new Trial();
  const outcome = attempt(network, definitions, whole);
  if (outcome === undefined) return [];
  const candidates = candidatesOf(network, whole);
  const written = new Map(candidates.map((cause) => [cause, writtenOf(cause)]));
  const tried = new Map<string, ReadonlyMap<string, string> | undefined>();
  const without = (causes: readonly Cause[]) => {
    const omitted = causes.map((cause) => written.get(cause)!);
    const key = causes
      .map((cause) => candidates.indexOf(cause))
      .sort((a, b) => a - b)
      .join();
    if (!tried.has(key)) tried.set(key, attempt(network, definitions, new Trial(omitted)));
    return tried.get(key);
  };
  const wholes = new Map<string, ReadonlyMap<string, string> | undefined>();
  const withoutWhole = (loc: Location) => {
    const key = showOption(loc);
    if (!wholes.has(key)) {
      const written = definedByUsers(network, loc).map(writtenOf);
      wholes.set(key, written.length === 0 ? undefined : attempt(network, definitions, new Trial(written)));
    }
    return wholes.get(key);
  };
  // A network that lacks what something in it needs can't be evaluated, which says nothing about the definition. So what
  // is needed is left out with all that it belongs to: a VPN's server, or the whole VPN.
  const matters = (cause: Cause, name: string, value: string): boolean => {
    if (without([cause]) !== undefined) return true;
    for (let length = cause.loc.length - 1; length > 0; length--) {
      const whole = withoutWhole(cause.loc.slice(0, length));
      if (whole !== undefined) return whole.get(name) !== value;
    }
    return true;
  };
  return [...outcome].map(([name, value]) =>
    findCauses(candidates, (causes) => without(causes)?.get(name) !== value).filter((cause) =>
      matters(cause, name, value),
    ),
  );
}

const writtenOf = ({ loc, definition }: Cause): Written => ({ loc, pos: definition.pos });

/** What the definitions are in a new evaluation of the network, by name; undefined: it fails. */
function attempt(
  { evaluator, file }: Network,
  definitions: Definitions,
  trial: Trial,
): ReadonlyMap<string, string> | undefined {
  const system = ModuleSystem.of(evaluator);
  const { elsewhere } = system;
  system.trial = trial;
  try {
    const found = new Map<string, string>();
    for (const definition of definitions(new Network(evaluator, file))) {
      const sames = [...found.keys()].filter((name) => name.startsWith(`${definition.place}#`)).length;
      found.set(`${definition.place}#${sames}`, outline(definition.value));
    }
    return found;
  } catch (error) {
    if (error instanceof NixError) return undefined;
    throw error;
  } finally {
    system.trial = undefined;
    system.elsewhere = elsewhere;
  }
}

/** Options that only say where a machine's configuration comes from, and problems that are not values. */
const structural: ReadonlySet<string> = new Set(["nodes", "defaults", "assertions", "warnings", "_module"]);

/** The definitions by users of all that was computed, of the smallest parts that have definitions of their own. */
function candidatesOf(network: Network, { computed }: Trial): Cause[] {
  const read = [...computed.values()].filter(
    (loc) => !structural.has(loc[0]!) && !loc.some((name) => name.startsWith("[definition ")),
  );
  const inner = new Set(read.map((loc) => showOption(loc.slice(0, -1))));
  const leaves = read.filter((loc) => !inner.has(showOption(loc)));
  const candidates = leaves.flatMap((loc) => definedByUsers(network, loc));
  return [...candidates, ...emptySets(network, leaves, candidates)];
}

/** Definitions of sets in which nothing is said, `clients.bar = { }`: that they are there may be all that is meant. */
function emptySets(network: Network, leaves: readonly Location[], candidates: readonly Cause[]): Cause[] {
  const said = new Set(
    candidates.flatMap(({ loc }) => loc.map((_, index) => showOption(loc.slice(0, index + 1)))),
  );
  const found = new Map<string, Cause[]>();
  for (const leaf of leaves) {
    for (let length = leaf.length - 1; length > 1; length--) {
      const loc = leaf.slice(0, length);
      const key = showOption(loc);
      if (said.has(key)) break;
      if (!found.has(key)) found.set(key, definedByUsers(network, loc));
      if (found.get(key)!.length > 0) break;
    }
  }
  return [...found.values()].flat();
}

function definedByUsers({ evaluation }: Network, loc: Location): Cause[] {
  return evaluation
    .definitionsOf(loc)
    .filter(({ pos, priority }) => pos !== noPos && priority < optionDefaultPriority)
    .map((definition) => ({ loc, definition }));
}

const deepest = 8;

/** A value as text, to see whether two are the same; packages and functions are taken to be. */
function outline(slot: Slot, depth = 0): string {
  let value: Value;
  try {
    value = force(slot);
  } catch (error) {
    if (error instanceof NixError) return "<error>";
    throw error;
  }
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof NixString) return JSON.stringify(value.text);
  if (value instanceof NixPath) return value.path;
  if (value === null || isFunction(value) || isDerivation(value)) return value === null ? "null" : "<opaque>";
  if (depth === deepest) return "...";
  if (value instanceof Attrs) {
    const members = [...value.entries()].map(([name, member]) => `${name}=${outline(member, depth + 1)}`);
    return `{${members.join()}}`;
  }
  if (isList(value)) return `[${(value as readonly Slot[]).map((one) => outline(one, depth + 1)).join()}]`;
  return String(value);
}
