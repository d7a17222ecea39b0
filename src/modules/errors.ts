/** The messages of the module system. The first sentence is NixOS's own wording, which people search for. */
import { NixError } from "../lang/eval/errors.ts";
import { Attrs, force, type Slot, type Value } from "../lang/eval/value.ts";
import type { Pos } from "../lang/syntax/positions.ts";
import { nearest } from "./nearest.ts";
import { place, showDefinitions, showFiles, showOption } from "./show.ts";
import type { Definition, Location, OptionType, RawDefinition } from "./type.ts";

const changePriority =
  "\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";

function moduleError(message: string, at?: { readonly pos: Pos } | undefined): NixError {
  return new NixError("module", message, { pos: at?.pos || undefined });
}

/** A module is a function that takes only what it names; `refusal` says of which argument. */
export function unexpectedArgument(refusal: NixError): NixError {
  return new NixError(
    refusal.kind,
    `${refusal.message}\nA module gets more arguments than it names: write \`...' behind them, as in \`{ config, lib, ... }:'.`,
    { pos: refusal.pos, cause: refusal },
  );
}

export function wrongType(loc: Location, type: OptionType, defs: readonly Definition[]): NixError {
  return moduleError(
    `A definition for option \`${showOption(loc)}' is not of type \`${type.description}'. Definition values:${showDefinitions(defs)}`,
    defs[0],
  );
}

export function conflictingValues(loc: Location, defs: readonly Definition[]): NixError {
  return moduleError(
    `The option \`${showOption(loc)}' has conflicting definition values:${showDefinitions(defs)}${changePriority}`,
    defs.at(-1),
  );
}

export function definedSeveralTimes(loc: Location, defs: readonly Definition[], message: string): NixError {
  const hint = message === "" ? "" : `\n${message}`;
  return moduleError(
    `The option \`${showOption(loc)}' is defined multiple times while it's expected to be unique.${hint}\nDefinition values:${showDefinitions(defs)}${changePriority}`,
    defs.at(-1),
  );
}

export function cannotMerge(loc: Location, defs: readonly Definition[]): NixError {
  return moduleError(
    `Cannot merge definitions of \`${showOption(loc)}'. Definition values:${showDefinitions(defs)}`,
    defs.at(-1),
  );
}

export function readOnlySeveralTimes(loc: Location, defs: readonly Definition[]): NixError {
  return moduleError(
    `The option \`${showOption(loc)}' is read-only, but it's set multiple times. Definition values:${showDefinitions(defs)}`,
    defs.at(-1),
  );
}

/** `neededBy`: the option whose value reads this one, when that is known. */
export function notDefined(
  loc: Location,
  type: OptionType,
  declarations: readonly string[],
  neededBy?: Location,
): NixError {
  const needed = neededBy === undefined ? "" : `\nThe option \`${showOption(neededBy)}' needs it.`;
  return moduleError(
    `The option \`${showOption(loc)}' was accessed but has no value defined. Try setting the option.\n` +
      `It takes ${article(type.description)} and is declared in ${showFiles(declarations)}.${needed}`,
  );
}

export function nullAndNot(loc: Location, defs: readonly Definition[]): NixError {
  return moduleError(
    `The option \`${showOption(loc)}' is defined both null and not null, in ${showFiles(defs.map(place))}.`,
    defs.at(-1),
  );
}

interface At {
  readonly file: string;
  readonly pos: Pos;
}

export function declaredTwice(loc: Location, here: At, others: readonly At[]): NixError {
  const places = [...others, here].map((at) => `\n- ${place(at)}`).join("");
  return moduleError(
    `The option \`${showOption(loc)}' in \`${here.file}' is already declared in ${showFiles(others.map(({ file }) => file))}. Declarations:${places}`,
    here,
  );
}

export interface UnknownOption {
  readonly path: Location;
  readonly def: RawDefinition;
}

export interface KnownOptions {
  /** The names that would have been right in the place of the last one of a path. */
  readonly candidates: (path: Location) => readonly string[];
  readonly hasOptions: boolean;
  readonly isSubmodule: boolean;
  readonly elsewhere: ((loc: Location) => Location | undefined) | undefined;
}

export function unknownOptions(
  prefix: Location,
  unknown: readonly UnknownOption[],
  { candidates, hasOptions, isSubmodule, elsewhere }: KnownOptions,
): NixError {
  const shown = unknown.slice(0, 5).map(({ path, def }) => {
    const parent = path.slice(0, -1);
    const similar = nearest(path.at(-1)!, candidates(path)).map(
      (name) => `\`${showOption([...prefix, ...parent, name])}'`,
    );
    const values = showDefinitions([{ file: def.file, pos: def.pos, value: def.slot }]);
    const meant = similar.length === 0 ? "" : `\n\nDid you mean ${alternatives(similar)}?`;
    const place = elsewhere?.([...prefix, ...path]);
    const exists = place === undefined ? "" : `\n\nThis option exists on \`${showOption(place)}'.`;
    const dotted = isSubmodule ? withDots(prefix, path, def.slot, candidates(path)) : undefined;
    const quotes =
      dotted === undefined
        ? ""
        : `\n\nDid you mean \`${showOption(dotted)}'? A name that has dots in it is written in quotes.`;
    return `The option \`${showOption([...prefix, ...path])}' does not exist. Definition values:${values}${quotes || meant}${exists}`;
  });
  if (unknown.length > shown.length) {
    shown.push(`... and ${unknown.length - shown.length} more options that do not exist.`);
  }
  if (!hasOptions) {
    shown.push(
      prefix.length === 0
        ? "It seems as if you're trying to declare an option by placing it into `config' rather than `options'!\nNo module declares any option."
        : `However there are no options defined in \`${showOption(prefix)}'. Are you sure you've declared your options properly? This can happen if you e.g. declared your options in \`types.submodule'\nunder \`config' rather than \`options'.`,
    );
  }
  return moduleError(shown.join("\n\n"), unknown[0]!.def);
}

/**
 * What `zones.example.com.ttl = 60` is meant to be: in a submodule that has got the first part of a name alone, an option
 * stands some sets further in.
 */
function withDots(
  prefix: Location,
  path: Location,
  slot: Slot,
  options: readonly string[],
): Location | undefined {
  const [first] = path;
  const element = prefix.at(-1);
  if (element === undefined || first === undefined || path.length > 1) return undefined;
  const parts = [element, first];
  let value = computed(slot);
  while (value instanceof Attrs && parts.length < 10) {
    const names = value.names();
    const option = names.find((name) => options.includes(name));
    if (option !== undefined) return [...prefix.slice(0, -1), parts.join("."), option];
    if (names.length !== 1) return undefined;
    parts.push(names[0]!);
    value = computed(value.getByName(names[0]!)!);
  }
  return undefined;
}

/** A value that can't be computed gives no hint. */
function computed(slot: Slot): Value | undefined {
  try {
    return force(slot);
  } catch (error) {
    if (error instanceof NixError) return undefined;
    throw error;
  }
}

export function notASet(loc: Location, def: { file: string; pos: Pos }, type: string): NixError {
  return moduleError(
    `In module \`${place(def)}', you're trying to define a value of type \`${type}'\nrather than an attribute set for the option \`${showOption(loc)}'!\n` +
      `There are options inside \`${showOption(loc)}'; define those: \`${showOption(loc)}.<name> = ...;'`,
    def,
  );
}

/** "`a', `b' or `c'" */
function alternatives(shown: readonly string[]): string {
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}

function article(description: string): string {
  return `a value of type \`${description}'`;
}
