/** Loading modules: from a path, function, set, or TypeScript module to what the module system works with. */

import { dirname, resolve } from "node:path/posix";
import { NixError } from "../lang/eval/errors.ts";
import { typeOf } from "../lang/eval/type-name.ts";
import {
  Attrs,
  AttrsBuilder,
  emptyAttrs,
  force,
  Lambda,
  lazy,
  NixPath,
  type Slot,
  type Value,
} from "../lang/eval/value.ts";
import { noPos, type Pos } from "../lang/syntax/positions.ts";
import { intern, type Sym } from "../lang/syntax/symbols.ts";
import { characters, isFunction, isString, typeName } from "./check.ts";
import { fromJs } from "./convert.ts";
import type { ModuleArgs, NativeModule } from "./define.ts";
import { unexpectedArgument } from "./errors.ts";
import type { ModuleSource } from "./module.ts";
import { NativeModuleValue } from "./module-value.ts";
import { names, shaped } from "./names.ts";
import { type JsFunction, NativeFunction } from "./native-function.ts";
import { makeMerge, typeTag } from "./properties.ts";
import { callScript } from "./script-errors.ts";
import type { ScriptModule } from "./script-module.ts";
import { fileOf, showString } from "./show.ts";
import { importedSource, sourcesOf } from "./sources.ts";
import type { ModuleSystem } from "./system.ts";

/** A module that has been looked at, apart from its definitions. */
export interface LoadedModule {
  readonly key: string;
  /** A byte string. */
  readonly file: string;
  readonly class: string | undefined;
  readonly imports: readonly ModuleSource[];
  /** Where they stand, as far as it is known. */
  readonly importsAt?: Pos;
  readonly disabled: readonly Slot[];
  /** Declarations; undefined: none. */
  readonly options: Slot | undefined;
  /** Definitions, which may depend on the arguments. */
  config(scope: ModuleScope): Slot;
}

/** What modules get from the evaluation that they are part of. */
export interface ModuleScope {
  readonly system: ModuleSystem;
  /** `config`, `options`, `lib`, special arguments; for functions of the language. */
  readonly baseArgs: Attrs;
  /** The same, lazily converted, for TypeScript modules. */
  readonly nativeArgs: ModuleArgs;
  /** The value of an argument that is not among `baseArgs`: one of `_module.args`. */
  argument(name: string, key: string): Value;
}

/** Thrown where a module needs its arguments and there is no evaluation yet (see {@link load}). */
export class NeedsArguments extends Error {}

/**
 * Looks at a module. Without a scope only modules that are no functions can be loaded; for others NeedsArguments
 * is thrown.
 */
export function load(
  system: ModuleSystem,
  source: ModuleSource,
  key: string,
  scope: ModuleScope | undefined,
): LoadedModule {
  if (source.kind !== "nix") return loadScripted(system, source, scope);
  const value = force(source.value);
  if (value instanceof NativeModuleValue) return loadScripted(system, value.module, scope);
  if (value instanceof NixPath) return loadFile(system, value.path, scope);
  if (isString(value)) return loadFile(system, pathOf(system, characters(value), source.file), scope);
  if (isFunction(value)) return loadValue(apply(value, source.file, key, scope), source.file, key);
  return loadValue(value, source.file, key, source.value);
}

const script = /\.[cm]?[jt]s$/;

export function isScript(file: string): boolean {
  return script.test(file);
}

/** The path that a string in `imports` of the file names. Only TypeScript has no paths of its own. */
export function pathOf(system: ModuleSystem, written: string, file: string): string {
  if (written.startsWith("/")) return written;
  if (isScript(file) && system.scripts !== undefined) {
    return /^\.\.?(\/|$)/.test(written)
      ? resolve(dirname(file), written)
      : system.scripts.resolve(written, file);
  }
  throw new NixError(
    "module",
    `a module must be a path, a function or a set, but there is the string ${showString(written)} in \`imports'; paths are written without quotes`,
  );
}

function loadFile(system: ModuleSystem, path: string, scope: ModuleScope | undefined): LoadedModule {
  if (isScript(path)) {
    if (system.scripts === undefined) {
      throw new NixError(
        "module",
        `the module '${path}' is not written in Nix, and such modules cannot be loaded here`,
      );
    }
    return load(system, system.scripts.load(path), path, scope);
  }
  const imported = system.evaluator.importFile(path);
  const module = isFunction(imported) ? apply(imported, path, path, scope) : imported;
  return loadValue(module, path, path);
}

/** Calls a module with the arguments that it names. */
function apply(fn: Value, file: string, key: string, scope: ModuleScope | undefined): Value {
  if (scope === undefined) throw new NeedsArguments();
  if (fn instanceof NativeFunction) return applyScript(fn.js, file, scope);
  const { baseArgs, system } = scope;
  const missing = (system.formals(fn) ?? []).filter(({ name }) => !baseArgs.has(intern(name)));
  if (missing.length === 0) return call(system, fn, baseArgs);
  const builder = new AttrsBuilder();
  baseArgs.shape.symbols.forEach((sym, index) => {
    builder.set(sym, baseArgs.values[index]!);
  });
  for (const { name } of missing)
    builder.set(
      intern(name),
      lazy(() => scope.argument(name, key)),
    );
  return call(system, fn, builder.build());
}

function call(system: ModuleSystem, fn: Value, args: Attrs): Value {
  try {
    return system.evaluator.call(fn, args);
  } catch (error) {
    throw error instanceof NixError && isRefusal(error, fn) ? unexpectedArgument(error) : error;
  }
}

/** Whether the function itself does not take what it is given: what fails in its body has passed its call. */
function isRefusal({ kind, pos, trace }: NixError, fn: Value): boolean {
  return kind === "type" && trace.length === 0 && fn instanceof Lambda && pos === fn.code.pos;
}

/** Calls a module that is a function of TypeScript. */
function applyScript(fn: JsFunction, file: string, { system, nativeArgs }: ModuleScope): Value {
  system.running.push(file);
  try {
    const result = callScript(() => synchronous(file, fn(nativeArgs)));
    return force(fromJs(system, result, ""));
  } finally {
    system.running.pop();
  }
}

function synchronous(file: string, result: unknown): unknown {
  if (!(result instanceof Promise)) return result;
  // Whatever it comes to: the error below is what is wrong.
  result.catch(() => undefined);
  throw new NixError(
    "module",
    `the function of the module ${file} gives a promise, but modules are synchronous; leave out its \`async'`,
  );
}

const explicitAttributes = new Set<Sym>(
  ["_class", "_file", "key", "disabledModules", "imports", "options", "config", "meta", "freeformType"].map(
    intern,
  ),
);
const structuralAttributes = new Set<Sym>(
  ["_class", "_file", "key", "disabledModules", "require", "imports", "freeformType"].map(intern),
);

function loadValue(value: Value, file: string, key: string, slot: Slot = value): LoadedModule {
  if (Array.isArray(value)) {
    throw new NixError(
      "module",
      `Module imports can't be nested lists. Perhaps you meant to remove one level of lists? It is in ${file}`,
    );
  }
  if (!(value instanceof Attrs)) {
    throw new NixError(
      "module",
      `module ${file} (${key}) does not look like a module: it is ${typeName(value)}.`,
    );
  }
  const tag = typeTag(value);
  if (tag !== undefined && tag !== "module") {
    if (tag === "if" || tag === "override" || tag === "merge" || tag === "order") {
      return simple(key, file, slot);
    }
    throw new NixError(
      "module",
      `Expected a module, but found a value of type ${showString(tag)}, while trying to load a module into ${file}.\n${insteadOf(tag)}`,
    );
  }
  const at = text(value, names.file, file);
  const common = {
    key: text(value, names.key, key),
    file: at,
    class: optionalText(value, names.class),
    disabled: list(value, names.disabledModules, at),
  };
  if (value.has(names.config) || value.has(names.options)) {
    const unknown = value.shape.symbols.findIndex(
      (sym) => !explicitAttributes.has(sym) && sym !== names.type,
    );
    if (unknown >= 0) throw mixedForms(value, key);
    return {
      ...common,
      imports: importsOf(value, at),
      importsAt: value.positionOf(names.imports),
      options: value.get(names.options),
      config: () => withExtras(value, value.get(names.config) ?? emptyAttrs, true),
    };
  }
  const definitions = without(value, structuralAttributes);
  return {
    ...common,
    imports: [...sourcesOf(list(value, names.require, at), at), ...importsOf(value, at)],
    importsAt: value.positionOf(names.imports),
    options: undefined,
    config: () => withExtras(value, definitions, false),
  };
}

/** What to import in the place of something that is no module. */
function insteadOf(tag: string): string {
  switch (tag) {
    case "configuration":
      return "If you really mean to import this configuration, instead please only import the modules that make up the configuration.";
    case "option":
      return "Options are declared in the `options' of a module.";
    default:
      return "Each element of `imports' must be a module: a path, a function, or a set of definitions.";
  }
}

/** The file in which `imports` was written is where paths in it start. */
function importsOf(module: Attrs, file: string): ModuleSource[] {
  return sourcesOf(
    list(module, names.imports, file),
    isScript(file) ? fileOf({ file, pos: module.positionOf(names.imports) }) : file,
  );
}

/** A module that has definitions and nothing else. */
export function simple(key: string, file: string, slot: Slot): LoadedModule {
  return { key, file, class: undefined, imports: [], disabled: [], options: undefined, config: () => slot };
}

/** Whether a set has nothing but definitions in it. */
export function isPlainDefinitions(value: Value): boolean {
  return (
    value instanceof Attrs &&
    !(value instanceof NativeModuleValue) &&
    !value.has(names.config) &&
    !value.has(names.options) &&
    !value.shape.symbols.some((sym) => structuralAttributes.has(sym)) &&
    !value.has(names.type) &&
    !value.has(names.functor)
  );
}

function mixedForms(module: Attrs, key: string): NixError {
  const extra = module.names().filter((name) => !explicitAttributes.has(intern(name)));
  return new NixError(
    "module",
    `Module \`${key}' has an unsupported attribute \`${extra[0]}'. This is caused by introducing a top-level \`config' or \`options' attribute. ` +
      `Add configuration attributes immediately on the top level instead, or move all of them (namely: ${extra.join(" ")}) into the explicit \`config' attribute.`,
    { pos: module.positionOf(intern(extra[0]!)) },
  );
}

const metaSet = shaped("meta");
const freeformSet = shaped("_module");
const freeformTypeSet = shaped("freeformType");

function withExtras(module: Attrs, config: Slot, withMeta: boolean): Slot {
  const freeformType = module.get(names.freeformType);
  const meta = withMeta ? module.get(names.meta) : undefined;
  if (freeformType === undefined && meta === undefined) return config;
  const parts: Slot[] = [config];
  if (meta !== undefined) parts.push(metaSet(meta));
  if (freeformType !== undefined) parts.push(freeformSet(freeformTypeSet(freeformType)));
  return makeMerge(parts);
}

function without(attrs: Attrs, removed: ReadonlySet<Sym>): Attrs {
  if (!attrs.shape.symbols.some((sym) => removed.has(sym))) return attrs;
  const builder = new AttrsBuilder();
  attrs.shape.symbols.forEach((sym, index) => {
    if (!removed.has(sym)) builder.set(sym, attrs.values[index]!, attrs.positions?.[index] ?? noPos);
  });
  return builder.build();
}

function optionalText(module: Attrs, sym: Sym): string | undefined {
  const slot = module.get(sym);
  if (slot === undefined) return undefined;
  const value = force(slot);
  if (isString(value)) return characters(value);
  if (typeof value === "bigint") return String(value);
  return value instanceof NixPath ? value.path : undefined;
}

function text(module: Attrs, sym: Sym, otherwise: string): string {
  return optionalText(module, sym) ?? otherwise;
}

function list(module: Attrs, sym: Sym, file: string): readonly Slot[] {
  const slot = module.get(sym);
  if (slot === undefined) return [];
  const value = force(slot);
  if (Array.isArray(value)) return value as readonly Slot[];
  throw new NixError(
    "module",
    `\`${sym === names.disabledModules ? "disabledModules" : "imports"}' of the module ${file} must be a list, but it is a ${typeOf(value)}`,
    { pos: module.positionOf(sym) },
  );
}

function loadScripted(
  system: ModuleSystem,
  module: NativeModule | ScriptModule,
  scope: ModuleScope | undefined,
): LoadedModule {
  if (module.kind === "native") return loadNative(system, module);
  const { definition, file, key } = module;
  if (typeof definition === "function" && definition.length > 0) {
    if (scope === undefined) throw new NeedsArguments();
    return loadValue(applyScript(definition as JsFunction, file, scope), file, key);
  }
  const written =
    typeof definition === "function" ? () => synchronous(file, (definition as JsFunction)()) : definition;
  const slot = fromJs(system, written, "");
  return loadValue(force(slot), file, key, slot);
}

const nativeOptions = new WeakMap<ModuleSystem, WeakMap<NativeModule, LoadedModule>>();

function loadNative(system: ModuleSystem, module: NativeModule): LoadedModule {
  let known = nativeOptions.get(system);
  if (known === undefined) {
    known = new WeakMap();
    nativeOptions.set(system, known);
  }
  let loaded = known.get(module);
  if (loaded === undefined) {
    loaded = {
      key: module.key,
      file: module.file,
      class: undefined,
      imports: module.imports.map((one) => importedSource(system, one, module.file)),
      disabled: [],
      options:
        Object.keys(module.options).length === 0 ? undefined : fromJs(system, module.options, module.file),
      config: (scope) => nativeConfig(scope, module),
    };
    known.set(module, loaded);
  }
  return loaded;
}

function nativeConfig(scope: ModuleScope, module: NativeModule): Slot {
  const { system } = scope;
  const config: Slot =
    typeof module.config === "function"
      ? applyScript(module.config as JsFunction, module.file, scope)
      : fromJs(system, module.config, "");
  if (module.freeformType === undefined) return config;
  return makeMerge([config, freeformSet(freeformTypeSet(system.typeValue(module.freeformType)))]);
}
