/**
 * The type of `nodes.<name>.configuration`: its definitions are modules of the node's platform, its value is the
 * final configuration. So any network module may define a part of a machine and read all of it, lazily.
 */
import { Attrs, force, NixPath, type Value } from "../../lang/eval/value.ts";
import { isFunction, isList, isString } from "../../modules/check.ts";
import type { ModuleSource } from "../../modules/module.ts";
import { fileOf } from "../../modules/show.ts";
import type { Definition, Location, OptionType } from "../../modules/type.ts";
import { makeType } from "../../modules/types/make.ts";

/** Evaluates a node's modules; `loc` is the option's path, e.g. `nodes.foo.configuration`. */
export type EvaluateConfiguration = (loc: Location, modules: readonly ModuleSource[]) => Attrs;

export function configurationType(
  evaluate: EvaluateConfiguration,
  /** The options of a configuration, for documentation. */
  document: (prefix: Location) => Attrs,
): OptionType<Readonly<Record<string, unknown>>> {
  return makeType<Readonly<Record<string, unknown>>>({
    name: "nodeConfiguration",
    description: "configuration of the node's platform (module)",
    descriptionClass: "noun",
    check: (_, value) => isModule(value),
    merge: (_, loc, defs) => evaluate(loc, defs.map(moduleOf)),
    getSubOptions: (_, prefix) => document(prefix),
  });
}

/** What the definitions are to a platform; undefined where one of them is no module. */
export function modulesOf(defs: readonly Definition[]): readonly ModuleSource[] | undefined {
  return defs.every(({ value }) => isModule(force(value))) ? defs.map(moduleOf) : undefined;
}

function isModule(value: Value): boolean {
  return (
    value instanceof Attrs ||
    value instanceof NixPath ||
    isFunction(value) ||
    isString(value) ||
    isList(value)
  );
}

/** NixOS takes a list of modules as well, wherever it takes one. A path in TypeScript starts where it is written. */
function moduleOf(def: Definition): ModuleSource {
  const { value } = def;
  const file = fileOf(def);
  const module = force(value);
  if (!Array.isArray(module)) return { kind: "nix", value, file };
  return { kind: "nix", value: Attrs.fromEntries([["imports", module]]), file };
}
