/** All options of a network: its own, and those that a machine's configuration has on the `linux` platform. */
import { Attrs, force, type Slot } from "../../lang/eval/value.ts";
import { isHidden, type OptionReport, reportOption } from "../../modules/explained.ts";
import { optionDefaultPriority, typeTag } from "../../modules/properties.ts";
import { place, showOption } from "../../modules/show.ts";
import { ModuleSystem } from "../../modules/system.ts";
import type { Location } from "../../modules/type.ts";
import { DefinitionValue } from "../../modules/type-value.ts";
import { toText } from "../../store/bytes.ts";
import { ifPossible } from "./attempt.ts";
import type { Network } from "./network.ts";

/** Texts are JavaScript strings. */
export interface DocumentedOption extends OptionReport {
  /** Where the network defines it, `file:line:column`, each place once. */
  readonly definitions: readonly string[];
}

/** In the order of their names. Those of NixOS are documented by NixOS. */
export function documentOptions(network: Network): DocumentedOption[] {
  const defined = definitionPlaces(network);
  const found = new Map<string, DocumentedOption>();
  const add = (loc: Location, option: Attrs) => {
    const name = toText(showOption(loc));
    if (found.has(name)) return;
    found.set(name, { ...reportOption(name, option), definitions: [...(defined.get(name) ?? [])] });
  };
  walk(ModuleSystem.of(network.evaluator), network.evaluation.options, [], add);
  // Options that only some machines have: their own modules declare them.
  for (const options of linuxConfigurations(network)) {
    walk(ModuleSystem.of(network.evaluator), options, configurationOf("<name>"), add);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The options of each machine's configuration, as far as they can be told. Those of NixOS machines are not even evaluated. */
function linuxConfigurations(network: Network): Attrs[] {
  const names = ifPossible(() => network.nodes.names()) ?? [];
  return names.flatMap((name) => {
    const options = ifPossible(() =>
      force(network.node(name).getByName("platform")!) === "linux"
        ? network.configurationOf(name).evaluation.options
        : undefined,
    );
    return options === undefined ? [] : [options];
  });
}

const configurationOf = (name: string): Location => ["nodes", name, "configuration"];

function walk(
  system: ModuleSystem,
  options: Attrs,
  prefix: Location,
  add: (loc: Location, option: Attrs) => void,
): void {
  for (const [name, slot] of options.entries()) {
    if (name === "_module") continue;
    const loc = name === "_freeformOptions" ? prefix : [...prefix, name];
    const value = force(slot);
    if (!(value instanceof Attrs)) continue;
    if (typeTag(value) !== "option") {
      walk(system, value, loc, add);
      continue;
    }
    if (isHidden(value)) continue;
    add(loc, value);
    const type = value.getByName("type");
    const inside = type === undefined ? undefined : system.asType(force(type))?.getSubOptions(system, loc);
    if (inside !== undefined) walk(system, inside, locOf(inside, loc), add);
  }
}

/** The options inside a value say their places themselves: `<name>` or `*` may stand between. */
function locOf(inside: Attrs, otherwise: Location): Location {
  for (const [name, slot] of inside.entries()) {
    if (name === "_module") continue;
    const value = force(slot);
    if (!(value instanceof Attrs)) continue;
    if (typeTag(value) !== "option") {
      const deeper = locOf(value, [...otherwise, name]);
      return deeper.slice(0, -1);
    }
    const loc = value.getByName("loc");
    const names = loc === undefined ? [] : (force(loc) as readonly Slot[]);
    if (names.length > 0) return names.slice(0, -1).map((part) => String(force(part)));
  }
  return otherwise;
}

/**
 * By option: the places where this network defines it, in whichever attribute or machine. Definitions that can't be
 * evaluated are left out: whoever is told of an option that is to be set looks for it here.
 */
function definitionPlaces(network: Network): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, Set<string>>();
  visit(network.evaluation.options, []);
  for (const options of linuxConfigurations(network)) visit(options, configurationOf("<name>"));
  return places;

  function visit(options: Attrs, prefix: Location): void {
    for (const [name, slot] of options.entries()) {
      if (name === "_module") continue;
      const value = force(slot);
      if (!(value instanceof Attrs)) continue;
      const loc = [...prefix, name];
      if (typeTag(value) !== "option") visit(value, loc);
      else if (!isHidden(value)) ifPossible(() => visitOption(value, loc));
    }
  }

  function visitOption(option: Attrs, loc: Location): void {
    for (const def of elements(option.getByName("definitionsWithLocations"))) {
      const value = force(def);
      if (!(value instanceof DefinitionValue)) continue;
      if (value.definition.priority >= optionDefaultPriority) continue;
      const name = toText(showOption(loc));
      const known = places.get(name) ?? new Set();
      places.set(name, known.add(toText(place(value.definition))));
    }
    visitMeta(option.getByName("valueMeta"), loc);
  }

  function visitMeta(slot: Slot | undefined, loc: Location): void {
    const meta = slot === undefined ? null : force(slot);
    if (!(meta instanceof Attrs)) return;
    const configuration = meta.getByName("configuration");
    const options = configuration && (force(configuration) as Attrs).getByName("options");
    if (options !== undefined) visit(force(options) as Attrs, loc);
    const attrs = meta.getByName("attrs");
    if (attrs !== undefined) {
      for (const [, element] of (force(attrs) as Attrs).entries()) visitMeta(element, [...loc, "<name>"]);
    }
    for (const element of elements(meta.getByName("list"))) visitMeta(element, [...loc, "*"]);
  }
}

function elements(slot: Slot | undefined): readonly Slot[] {
  const value = slot === undefined ? null : force(slot);
  return Array.isArray(value) ? (value as readonly Slot[]) : [];
}
