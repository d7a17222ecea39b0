/**
 * From the modules that are given to all that take part: their imports, each key once, without the disabled ones.
 */
import { NixError } from "../lang/eval/errors.ts";
import { Attrs, force, NixPath, type Slot } from "../lang/eval/value.ts";
import { noPos, type Pos } from "../lang/syntax/positions.ts";
import { characters, isString, typeName } from "./check.ts";
import { type LoadedModule, load, type ModuleScope } from "./load.ts";
import type { ModuleSource } from "./module.ts";
import { NativeModuleValue } from "./module-value.ts";
import { names } from "./names.ts";
import type { ModuleSystem } from "./system.ts";

/** A loaded module with the modules that it imports. */
export interface ModuleNode {
  readonly module: LoadedModule;
  readonly imports: readonly ModuleNode[];
}

export interface CollectSettings {
  /** Modules of another class are refused; undefined: any class. */
  readonly class: string | undefined;
  /** What relative names in `disabledModules` start from. */
  readonly modulesPath: string;
}

/** Loads modules and all that they import. Modules that depend on arguments need the scope, see {@link load}. */
export function loadAll(
  system: ModuleSystem,
  sources: readonly ModuleSource[],
  settings: CollectSettings,
  scope: ModuleScope | undefined,
  /** What the keys of modules without one begin with. */
  prefix = "",
): ModuleNode[] {
  const seen = new Map<string, ModuleNode>();
  const loadNode = (source: ModuleSource, fallbackKey: string, at: Pos = noPos): ModuleNode => {
    const module = locating(at, () => load(system, source, fallbackKey, scope));
    const known = seen.get(module.key);
    if (known !== undefined) return known;
    checkClass(module, settings.class);
    const imports: ModuleNode[] = [];
    const node: ModuleNode = { module, imports };
    seen.set(module.key, node);
    module.imports.forEach((one, index) => {
      imports.push(loadNode(one, `${module.key}:anon-${index + 1}`, module.importsAt));
    });
    return node;
  };
  return sources.map((source, index) => loadNode(source, `${prefix}:anon-${index + 1}`));
}

/** A file that is not there says nothing of who wants it. */
function locating<T>(imports: Pos, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof NixError) || error.pos !== undefined || error.trace.length > 0) throw error;
    throw new NixError(error.kind, error.message, { pos: imports || undefined, cause: error });
  }
}

/** All modules in the order in which they were found, level by level. */
export function collect(
  system: ModuleSystem,
  roots: readonly ModuleNode[],
  settings: CollectSettings,
): LoadedModule[] {
  const disabled = disabledKeys(system, roots, settings);
  return levels(roots, (module) => !isDisabled(module, disabled));
}

/** A module in TypeScript that has no key is meant by its file as well. */
function isDisabled({ key, file }: LoadedModule, disabled: ReadonlySet<string>): boolean {
  return disabled.has(key) || (key.startsWith(`${file}#`) && disabled.has(file));
}

/** The modules as they import each other, for those who look at a configuration from outside. */
export interface GraphNode {
  readonly key: string;
  readonly file: string;
  readonly imports: readonly GraphNode[];
  readonly disabled: boolean;
}

export function graphOf(
  system: ModuleSystem,
  roots: readonly ModuleNode[],
  settings: CollectSettings,
): GraphNode[] {
  const disabled = disabledKeys(system, roots, settings);
  const node = ({ module, imports }: ModuleNode): GraphNode => ({
    key: module.key,
    file: module.file,
    imports: imports.map(node),
    disabled: isDisabled(module, disabled),
  });
  return roots.map(node);
}

function disabledKeys(
  system: ModuleSystem,
  roots: readonly ModuleNode[],
  settings: CollectSettings,
): Set<string> {
  const disabled = new Set<string>();
  for (const module of levels(roots, () => true)) {
    for (const item of module.disabled) disabled.add(keyOf(system, item, module.file, settings.modulesPath));
  }
  return disabled;
}

function levels(roots: readonly ModuleNode[], keep: (module: LoadedModule) => boolean): LoadedModule[] {
  const seen = new Set<string>();
  const found: LoadedModule[] = [];
  const queue = [...roots];
  for (let next = 0; next < queue.length; next++) {
    const { module, imports } = queue[next]!;
    if (seen.has(module.key) || !keep(module)) continue;
    seen.add(module.key);
    found.push(module);
    queue.push(...imports);
  }
  return found;
}

/** The key of the module that an element of `disabledModules` names. */
function keyOf(system: ModuleSystem, item: Slot, file: string, modulesPath: string): string {
  const value = force(item);
  if (value instanceof NixPath) return value.path;
  if (isString(value)) {
    const path = characters(value);
    return path.startsWith("/") ? path : `${modulesPath}/${path}`;
  }
  if (typeof value === "bigint") return String(value);
  if (value instanceof NativeModuleValue) return value.module.key;
  if (value instanceof Attrs) {
    const key = value.get(names.key);
    if (key !== undefined) return system.toStringValue(key).text;
    if (value.has(names.outPath) || value.has(names.toString)) return system.toStringValue(value).text;
    throw new NixError(
      "module",
      `Module \`${file}\` contains a disabledModules item that is an attribute set, presumably a module, that does not have a \`key\` attribute. ` +
        "Without one it cannot be told which module is meant: write its path, or give the module a `key`.",
    );
  }
  throw new NixError(
    "module",
    `Each disabledModules item must be a path, string, or a attribute set with a key attribute, but one in \`${file}\` is ${typeName(value)}.`,
  );
}

function checkClass(module: LoadedModule, expected: string | undefined): void {
  if (expected === undefined || module.class === undefined || module.class === expected) return;
  throw new NixError(
    "module",
    `The module \`${module.file}\` (class: "${module.class}") cannot be imported into a module evaluation that expects class "${expected}".\n` +
      "Check that it is the right module, and that its `_class` is.",
  );
}
