/**
 * Modules in TypeScript: what `{ options, config, ... }: { ... }` is in the Nix language.
 *
 * ```ts
 * export const dns = defineModule({
 *   file: import.meta.url,
 *   options: { dns: { ttl: option({ type: t.ints.positive, default: 300, description: "Seconds." }) } },
 *   config: ({ config }) => ({
 *     nodes: mkIf(() => config.dns.ttl < 60, { ns1: { tags: ["busy"] } }),
 *   }),
 * });
 * ```
 *
 * Definitions are plain JavaScript values (see convert.ts). They are eager, so a definition that reads `config` is
 * wrapped: `() => value` anywhere is computed when it is needed, and so are both arguments of {@link mkIf}.
 */
import { fileURLToPath } from "node:url";
import { fromText } from "../store/bytes.ts";
import type { ModuleSource } from "./module.ts";
import type { OptionType } from "./type.ts";

/** Options by name, nested as in the configuration. */
export interface OptionTree {
  readonly [name: string]: Option | OptionTree;
}

/** What `config` gives for these options. */
export type ConfigOf<Tree> = {
  readonly [Name in keyof Tree]: Tree[Name] extends Option<infer T> ? T : ConfigOf<Tree[Name]>;
};

/**
 * What a module's `config` function gets. Everything is lazy: nothing is computed before it is read. `config`,
 * `options`, `lib`, `name` and special arguments may be taken apart in the parameter list; what comes from
 * `_module.args` is read where it is needed: `(args) => ({ option: () => args.thing })`.
 */
export interface ModuleArgs<Config = Readonly<Record<string, unknown>>> {
  /** The final value of every option, as a view (view.ts). */
  readonly config: Config;
  /** The declarations, as a view: `options.a.b.isDefined`, `.files`, `.definitions`... */
  readonly options: Readonly<Record<string, unknown>>;
  /** The `lib` of modules in the Nix language, as a view. */
  readonly lib: Readonly<Record<string, unknown>>;
  /** In a submodule: the attribute name it is bound to. */
  readonly name: string;
  /** Special arguments and `_module.args`. */
  readonly [argument: string]: unknown;
}

export interface ModuleDefinition<Tree extends OptionTree, Config> {
  /** Where the module is written, for messages: `import.meta.url`, or a name such as `nixus/ssh`. */
  readonly file: string;
  /** Modules with the same key are used once, and `disabledModules` may name it. Left out: a key of its own. */
  readonly key?: string;
  readonly imports?: readonly ModuleSource[];
  readonly options?: Tree;
  /** The definitions, or a function of the arguments that gives them. */
  readonly config?: object | ((args: ModuleArgs<Config>) => object);
  /** Type of definitions that no option matches. */
  readonly freeformType?: OptionType;
}

let made = 0;

/** A module written in TypeScript; made by {@link defineModule}. */
export class NativeModule<out Tree = unknown> {
  /** Never there; carries the types of the options that it declares itself. */
  declare readonly declares?: Tree;
  readonly kind = "native";
  /** A byte string. */
  readonly file: string;
  /** A byte string. */
  readonly key: string;
  readonly imports: readonly ModuleSource[];
  readonly options: OptionTree;
  readonly config: object | ((args: ModuleArgs) => object);
  readonly freeformType: OptionType | undefined;

  constructor(definition: ModuleDefinition<OptionTree, Readonly<Record<string, unknown>>>) {
    this.file = fromText(
      definition.file.startsWith("file:") ? fileURLToPath(definition.file) : definition.file,
    );
    this.key = definition.key === undefined ? `${this.file}#${++made}` : fromText(definition.key);
    this.imports = definition.imports ?? [];
    this.options = definition.options ?? {};
    this.config = definition.config ?? {};
    this.freeformType = definition.freeformType;
  }
}

/**
 * Makes a module. `config` is typed by the module's own options; to read those of others, annotate the
 * parameter: `config: ({ config }: ModuleArgs<NetworkConfig>) => ...`.
 */
export function defineModule<const Tree extends OptionTree, Config = ConfigOf<Tree>>(
  definition: ModuleDefinition<Tree, Config>,
): NativeModule<Tree> {
  return new NativeModule<Tree>(
    definition as ModuleDefinition<OptionTree, unknown> as ModuleDefinition<
      OptionTree,
      Readonly<Record<string, unknown>>
    >,
  );
}

export interface OptionDefinition<T> {
  /** Left out: anything, merged as suits the values. */
  readonly type?: OptionType<T>;
  /** A definition, or `() => definition`. Left out: reading the option when no one defines it is an error. */
  readonly default?: unknown;
  /** What the documentation shows instead of the default. */
  readonly defaultText?: string;
  readonly example?: unknown;
  /** Markdown. */
  readonly description?: string;
  /** Turns the merged value into the one that is read. */
  readonly apply?: (value: T) => unknown;
  /** May be defined once only. */
  readonly readOnly?: boolean;
  /** Not for users: left out of the documentation. */
  readonly internal?: boolean;
  /** Left out of the documentation. */
  readonly visible?: boolean;
}

/** An option's declaration; made by {@link option}. */
export class Option<out T = unknown> {
  /** Never there; carries `T`. */
  declare readonly reads?: T;
  readonly type: OptionType<T> | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;

  constructor(type: OptionType<T> | undefined, attributes: Readonly<Record<string, unknown>>) {
    this.type = type;
    this.attributes = attributes;
  }
}

export function option<T = unknown>(definition: OptionDefinition<T>): Option<T> {
  const { type, ...attributes } = definition;
  return new Option(type, attributes);
}

/** A definition with a condition, priority or place; see NixOS manual, "Option Definitions". */
export class Property {
  readonly property:
    | { readonly kind: "if"; readonly condition: boolean | (() => boolean); readonly content: unknown }
    | { readonly kind: "merge"; readonly contents: readonly unknown[] }
    | { readonly kind: "override"; readonly priority: number; readonly content: unknown }
    | { readonly kind: "order"; readonly order: number; readonly content: unknown };
  constructor(property: Property["property"]) {
    this.property = property;
  }
}

/** The definition counts only if the condition holds. `() => condition` may read `config`. */
export function mkIf(condition: boolean | (() => boolean), content: unknown): Property {
  return new Property({ kind: "if", condition, content });
}

/** Several definitions in the place of one. */
export function mkMerge(contents: readonly unknown[]): Property {
  return new Property({ kind: "merge", contents });
}

/** A definition with a priority: of all definitions of an option those with the smallest number win. */
export function mkOverride(priority: number, content: unknown): Property {
  return new Property({ kind: "override", priority, content });
}

/** Priority 1000: gives way to every plain definition (100). */
export function mkDefault(content: unknown): Property {
  return mkOverride(1000, content);
}

/** Priority 50: wins over plain definitions (100). */
export function mkForce(content: unknown): Property {
  return mkOverride(50, content);
}

/** Where the definition stands among those that are merged; plain ones are at 1000. */
export function mkOrder(order: number, content: unknown): Property {
  return new Property({ kind: "order", order, content });
}

export function mkBefore(content: unknown): Property {
  return mkOrder(500, content);
}

export function mkAfter(content: unknown): Property {
  return mkOrder(1500, content);
}
