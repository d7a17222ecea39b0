/** Types whose values are configurations of their own: submodules, and modules that are evaluated elsewhere. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, AttrsBuilder, force, lazy, NixPath, type Slot, type Value } from "../../lang/eval/value.ts";
import { intern } from "../../lang/syntax/symbols.ts";
import { characters, isFunction, isString } from "../check.ts";
import { collect, loadAll } from "../collect.ts";
import { declarationsOf } from "../declarations.ts";
import type { Definable, DefinitionsOf, SubmoduleDefinition } from "../definable.ts";
import {
  type ConfigOf,
  defineModule,
  type ModuleArgs,
  type ModuleDefinition,
  mkForce,
  NativeModule,
  type OptionTree,
} from "../define.ts";
import { Instance, type Prepared } from "../evaluate.ts";
import { internalFile, internalOptions } from "../internal.ts";
import { isPlainDefinitions, NeedsArguments, simple } from "../load.ts";
import type { ModuleSource } from "../module.ts";
import { NativeModuleValue } from "../module-value.ts";
import { shaped } from "../names.ts";
import { callingScript } from "../script-position.ts";
import { showOption } from "../show.ts";
import { moduleValue } from "../sources.ts";
import type { ModuleSystem } from "../system.ts";
import type { Definition, Location, OptionType } from "../type.ts";
import { makeType, phrase } from "./make.ts";

export interface SubmoduleRequest {
  readonly modules: readonly ModuleSource[];
  readonly specialArgs?: Readonly<Record<string, Slot>>;
  /** A set that defines it is definitions only, even if it has attributes such as `config` or `options`. */
  readonly shorthandOnlyDefinesConfig?: boolean | undefined;
  readonly description?: string | undefined;
  /** The freeform type of the modules, for the description, where finding it out takes an evaluation. */
  readonly findFreeformType?: () => OptionType | undefined;
  readonly class?: string | undefined;
}

function isModule(value: Value): boolean {
  if (value instanceof Attrs || isFunction(value)) return true;
  const path = value instanceof NixPath ? value.path : isString(value) ? characters(value) : "";
  return path.startsWith("/");
}

export function submoduleWith<T = Readonly<Record<string, unknown>>, D = Definable<T>>(
  request: SubmoduleRequest,
): OptionType<T, D> {
  const preparations = new WeakMap<ModuleSystem, { readonly prepared: Prepared | undefined }>();
  const prepare = (system: ModuleSystem): Prepared | undefined => {
    let known = preparations.get(system);
    if (known === undefined) {
      known = { prepared: prepareModules(system, request) };
      preparations.set(system, known);
    }
    return known.prepared;
  };
  const isPlain = (def: Definition): boolean => {
    const value = force(def.value);
    return request.shorthandOnlyDefinesConfig === true
      ? value instanceof Attrs && !(value instanceof NativeModuleValue)
      : isPlainDefinitions(value);
  };
  const instance = (system: ModuleSystem, loc: Location, defs: readonly Definition[]): Instance =>
    new Instance(
      system,
      {
        modules: request.modules,
        prefix: loc,
        class: request.class,
        ...(request.specialArgs && { specialArgs: request.specialArgs }),
      },
      { name: loc.at(-1) ?? placeholderName, defs, isPlain, prepared: prepare(system) },
    );
  const documented = (system: ModuleSystem, prefix: Location) =>
    instance(system, prefix, []).extendModules({ modules: [uncheckedModule] }) as Instance;

  const type: OptionType<T, D> = makeType<T, D>({
    name: "submodule",
    get description() {
      if (request.description !== undefined) return request.description;
      const freeformType = request.findFreeformType?.() ?? nativeFreeformType(request.modules);
      return freeformType === undefined
        ? "submodule"
        : `open submodule of ${phrase(freeformType, "noun", "composite")}`;
    },
    check: (_, value) => isModule(value),
    merge: (system, loc, defs) => instance(system, loc, defs).config,
    emptyValue: (system) => lazy(() => instance(system, [placeholderName], []).config),
    getSubOptions: (system, prefix) => {
      const evaluation = documented(system, prefix);
      const { options } = evaluation;
      const freeformType = evaluation.freeformType;
      if (freeformType === undefined) return options;
      const builder = new AttrsBuilder();
      options.shape.symbols.forEach((sym, index) => {
        builder.set(sym, options.values[index]!);
      });
      return builder.set(intern("_freeformOptions"), freeformType.getSubOptions(system, prefix)).build();
    },
    subModules: request.modules,
    substSubModules: (modules) => submoduleWith({ ...request, modules }),
    typeMerge(_, other) {
      if (other.functorName !== "submodule") return undefined;
      const theirs = requests.get(other);
      return submoduleWith(
        theirs === undefined
          ? { ...request, modules: [...request.modules, ...(other.subModules ?? [])] }
          : mergeRequests(request, theirs),
      );
    },
    payload: () => payloadOf(request),
    valueMeta: (system, loc, defs) => submoduleMeta(instance(system, loc, defs).value),
    descend: (system, loc, defs) => ({
      kind: "submodule",
      definitionsOf: (path) => instance(system, loc, defs).definitionsOf(path),
    }),
  });
  requests.set(type, request);
  return type;
}

function nativeFreeformType(modules: readonly ModuleSource[]): OptionType | undefined {
  for (const module of modules) {
    if (module.kind === "native" && module.freeformType !== undefined) return module.freeformType;
  }
  return undefined;
}

/** The freeform type that the modules define. */
export function freeformTypeOf(
  system: ModuleSystem,
  modules: readonly ModuleSource[],
): OptionType | undefined {
  return new Instance(system, { modules: [...modules, uncheckedModule] }).freeformType;
}

const submoduleMeta = shaped("configuration");
const requests = new WeakMap<OptionType, SubmoduleRequest>();
/** What `name` is where a submodule has none. */
const placeholderName = "\xe2\x80\xb9name\xe2\x80\xba";

const uncheckedModule = new NativeModule({ config: { _module: { check: mkForce(false) } } }, "documentation");

const payloadSet = shaped("modules", "class", "specialArgs", "shorthandOnlyDefinesConfig", "description");

function payloadOf(request: SubmoduleRequest): Attrs {
  return payloadSet(
    request.modules.map(moduleValue),
    request.class ?? null,
    Attrs.fromEntries(Object.entries(request.specialArgs ?? {})),
    request.shorthandOnlyDefinesConfig ?? null,
    request.description ?? null,
  );
}

/** Loads the fixed modules when they depend on no arguments; undefined when they do. */
function prepareModules(system: ModuleSystem, request: SubmoduleRequest): Prepared | undefined {
  const settings = { class: request.class, modulesPath: "" };
  try {
    const nodes = loadAll(system, request.modules, settings, undefined);
    const all = collect(system, nodes, settings);
    if (all.some((module) => module.disabled.length > 0)) return undefined;
    const roots = new Set(nodes.map((node) => node.module.key));
    const top = all.filter((module) => roots.has(module.key));
    const imported = all.filter((module) => !roots.has(module.key));
    const internal = {
      ...simple(internalFile, internalFile, Attrs.fromEntries([])),
      options: internalOptions(system),
    };
    return {
      nodes,
      top,
      imported,
      declarations: declarationsOf(system, [...top, internal, ...imported].reverse()),
    };
  } catch (error) {
    if (error instanceof NeedsArguments) return undefined;
    throw error;
  }
}

function mergeRequests(a: SubmoduleRequest, b: SubmoduleRequest): SubmoduleRequest {
  const one = <T>(what: string, x: T | undefined, y: T | undefined): T | undefined => {
    if (x !== undefined && y !== undefined && x !== y) {
      throw new NixError(
        "module",
        `A submoduleWith option is declared multiple times with conflicting ${what} values${typeof x === "string" && typeof y === "string" ? ` "${x}" and "${y}"` : ""}.`,
      );
    }
    return x ?? y;
  };
  const shared = Object.keys(a.specialArgs ?? {}).filter((name) => name in (b.specialArgs ?? {}));
  if (shared.length > 0) {
    throw new NixError(
      "module",
      `A submoduleWith option is declared multiple times with the same specialArgs "${shared.join(" ")}"`,
    );
  }
  return {
    modules: [...a.modules, ...b.modules],
    specialArgs: { ...a.specialArgs, ...b.specialArgs },
    class: one("class", a.class, b.class),
    description: one("description", a.description, b.description),
    shorthandOnlyDefinesConfig: one(
      "shorthandOnlyDefinesConfig",
      a.shorthandOnlyDefinesConfig,
      b.shorthandOnlyDefinesConfig,
    ),
  };
}

/** `types.submodule`: a set that defines it is definitions only; functions and paths are modules. */
export function submoduleOf(system: ModuleSystem, modules: readonly ModuleSource[]): OptionType {
  return submoduleWith({
    modules,
    shorthandOnlyDefinesConfig: true,
    findFreeformType: () => freeformTypeOf(system, modules),
  });
}

/** A submodule is defined with a set of definitions, or with a module. */
export type SubmoduleType<Tree> = OptionType<
  ConfigOf<Tree>,
  SubmoduleDefinition<DefinitionsOf<Tree>, ModuleArgs<ConfigOf<Tree>>>
>;

type InPlace<Tree extends OptionTree, Config> = Omit<ModuleDefinition<Tree, Config>, "file"> & {
  readonly file?: string;
};

/**
 * The same for TypeScript: of a module, several, or one written in place
 * (`t.submodule({ options: { ... }, config: ... })`).
 */
export function submodule<const Tree extends OptionTree>(module: NativeModule<Tree>): SubmoduleType<Tree>;
export function submodule(modules: readonly ModuleSource[]): OptionType<Readonly<Record<string, unknown>>>;
export function submodule<const Tree extends OptionTree, Config = ConfigOf<Tree>>(
  definition: InPlace<Tree, Config>,
): SubmoduleType<Tree>;
export function submodule(
  modules: NativeModule | readonly ModuleSource[] | InPlace<OptionTree, Readonly<Record<string, unknown>>>,
): OptionType {
  const sources =
    modules instanceof NativeModule
      ? [modules]
      : isList(modules)
        ? modules
        : [defineModule({ ...modules, file: modules.file ?? callingScript(submodule) ?? "submodule" })];
  return submoduleWith({ modules: sources, shorthandOnlyDefinesConfig: true });
}

const isList = (modules: object): modules is readonly ModuleSource[] => Array.isArray(modules);

/** A module that is not evaluated here; its value is a module that imports all definitions. */
export function deferredModuleWith(staticModules: readonly ModuleSource[]): OptionType<unknown> {
  const asSubmodule = submoduleWith({ modules: staticModules });
  return makeType<unknown>({
    name: "deferredModule",
    functorName: "deferredModuleWith",
    description: "module",
    descriptionClass: "noun",
    check: (_, value) => isModule(value),
    merge: (_, loc, defs) =>
      importsSet([
        ...staticModules.map(moduleValue),
        ...defs.map((def) => located(`${def.file}, via option ${showOption(loc)}`, [def.value])),
      ]),
    getSubOptions: asSubmodule.getSubOptions,
    subModules: staticModules,
    substSubModules: deferredModuleWith,
    typeMerge: (_, other) =>
      other.functorName === "deferredModuleWith"
        ? deferredModuleWith([...staticModules, ...(other.subModules ?? [])])
        : undefined,
    payload: () => staticModulesSet(staticModules.map(moduleValue)),
  });
}

const importsSet = shaped("imports");
const staticModulesSet = shaped("staticModules");
const located = shaped("_file", "imports");

export const deferredModule = deferredModuleWith([]);
