/** `t`: the option types for modules in TypeScript, under the names that they have in `lib.types`. */
import { force, type Slot } from "../../lang/eval/value.ts";
import { fromJs, toJs } from "../convert.ts";
import type { ModuleSystem } from "../system.ts";
import type { OptionType } from "../type.ts";
import { anything } from "./anything.ts";
import * as attrs from "./attrs.ts";
import * as basic from "./basic.ts";
import * as composite from "./composite.ts";
import { dagOf } from "./dag.ts";
import { functionTo } from "./functions.ts";
import { json, serializable, toml } from "./serializable.ts";
import { deferredModule, deferredModuleWith, submodule, submoduleWith } from "./submodule.ts";

/** Definitions of `from` are turned into ones of `to`. */
function coercedTo<From, FromDefinition, To, ToDefinition>(
  from: OptionType<From, FromDefinition>,
  coerce: (value: From) => unknown,
  to: OptionType<To, ToDefinition>,
): OptionType<To, FromDefinition | ToDefinition> {
  return composite.coercedTo<FromDefinition, To, ToDefinition>(
    from,
    (system: ModuleSystem, value: Slot) =>
      force(fromJs(system, coerce(toJs(system, value) as From), "coercedTo")),
    to,
  );
}

/** The type with one more condition on each definition. */
function addCheck<T, D>(type: OptionType<T, D>, holds: (value: T) => boolean): OptionType<T, D> {
  return composite.addCheck(type, (system, value) => holds(toJs(system, value) as T));
}

export const t = {
  raw: basic.raw,
  unspecified: basic.unspecified,
  anything,
  bool: basic.bool,
  boolByOr: basic.boolByOr,
  int: basic.int,
  ints: basic.ints,
  float: basic.float,
  number: basic.number,
  numbers: basic.numbers,
  port: basic.port,
  str: basic.str,
  nonEmptyStr: basic.nonEmptyStr,
  singleLineStr: basic.singleLineStr,
  strMatching: basic.strMatching,
  separatedString: basic.separatedString,
  lines: basic.lines,
  commas: basic.commas,
  envVar: basic.envVar,
  passwdEntry: basic.passwdEntry,
  path: basic.path,
  pathInStore: basic.pathInStore,
  externalPath: basic.externalPath,
  pathWith: basic.pathWith,
  package: basic.package_,
  shellPackage: basic.shellPackage,
  attrs: basic.attrs,
  enum: basic.enum_,
  optionType: basic.optionType,
  listOf: composite.listOf,
  nonEmptyListOf: composite.nonEmptyListOf,
  attrsOf: attrs.attrsOf,
  lazyAttrsOf: attrs.lazyAttrsOf,
  attrsWith: attrs.attrsWith,
  nullOr: composite.nullOr,
  uniq: composite.uniq,
  unique: composite.unique,
  either: composite.either,
  oneOf: composite.oneOf,
  functionTo,
  coercedTo,
  addCheck,
  submodule,
  submoduleWith,
  deferredModule,
  deferredModuleWith,
  dagOf,
  serializable,
  json,
  toml,
} as const;
