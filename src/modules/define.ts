/**
 * Modules in TypeScript: what `{ options, config, ... }: { ... }` is in the Nix language.
 *
 * ```ts
 * export const dns = defineModule({
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
import type { Definable, OpenDefinitionsOf } from "./definable.ts";
import type { ModuleImport } from "./module.ts";
import { ownFiles } from "./own-files.ts";
import { callerFile } from "./script-position.ts";
import type { OptionType } from "./type.ts";

/** Options by name, nested as in the configuration. */
export interface OptionTree {
  readonly [name: string]: Option | OptionTree;
}

/** What `config` gives for these options. */
export type ConfigOf<Tree> = {
  readonly [Name in keyof Tree]: Tree[Name] extends Option<infer T, unknown> ? T : ConfigOf<Tree[Name]>;
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

export interface ModuleDefinition<Tree extends OptionTree, Config, Definitions = OpenDefinitionsOf<Tree>> {
  /**
   * Where the module is written, for messages and relative paths: `import.meta.url`, or a name such as `nixus/ssh`.
   * Left out: the file that calls.
   */
  readonly file?: string;
  /** Modules with the same key are used once, and `disabledModules` may name it. Left out: a key of its own. */
  readonly key?: string;
  readonly imports?: readonly ModuleImport[];
  readonly options?: Tree;
  /** The definitions, or a function of the arguments that gives them. */
  readonly config?: Definable<Definitions> | ((args: ModuleArgs<Config>) => Definable<Definitions>);
  /** Type of definitions that no option matches. */
  readonly freeformType?: OptionType;
}

let made = 0;

/** A module's definition when the types that follow from its declarations have been checked. */
export interface UntypedDefinition extends Omit<ModuleDefinition<OptionTree, unknown>, "config"> {
  readonly config?: object | ((args: ModuleArgs) => object);
}

/** A module written in TypeScript; made by {@link defineModule}. */
export class NativeModule<out Tree = unknown> {
  /** Never there; carries the types of the options that it declares itself. */
  declare readonly declares?: Tree;
  readonly kind = "native";
  /** A byte string. */
  readonly file: string;
  /** A byte string. */
  readonly key: string;
  readonly imports: readonly ModuleImport[];
  readonly options: OptionTree;
  readonly config: object | ((args: ModuleArgs) => object);
  readonly freeformType: OptionType | undefined;

  /** `file`: where it is written, as in the definition; that one's own is not looked at. */
  constructor(definition: UntypedDefinition, file: string) {
    this.file = fromText(nameOfFile(file));
    this.key = definition.key === undefined ? `${this.file}#${++made}` : fromText(definition.key);
    this.imports = definition.imports ?? [];
    this.options = definition.options ?? {};
    this.config = definition.config ?? {};
    this.freeformType = definition.freeformType;
  }
}

/** Our own modules, e.g. `<nixus/fleet/modules/ssh/module>`: where they are installed says nothing to anyone. */
function nameOfFile(written: string): string {
  if (written.startsWith(ownFiles.href))
    return `<nixus/${written.slice(ownFiles.href.length).replace(/\.[jt]s$/, "")}>`;
  return written.startsWith("file:") ? fileURLToPath(written) : written;
}

/**
 * Makes a module. `config` is typed by the module's own options; to read those of others, annotate the
 * parameter: `config: ({ config }: ModuleArgs<NetworkConfig>) => ...`.
 */
export function defineModule<const Tree extends OptionTree = Record<never, never>, Config = ConfigOf<Tree>>(
  definition: ModuleDefinition<Tree, Config, OpenDefinitionsOf<NoInfer<Tree>>>,
): NativeModule<Tree> {
  return new NativeModule<Tree>(definition as UntypedDefinition, definition.file ?? callerFile(defineModule));
}

export interface OptionDefinition<T, D> {
  /** Left out: anything, merged as suits the values. */
  readonly type?: OptionType<T, D>;
  /** A definition, or `() => definition`. Left out: reading the option when no one defines it is an error. */
  readonly default?: NoInfer<D>;
  /** What the documentation shows instead of the default. */
  readonly defaultText?: string;
  readonly example?: unknown;
  /** Markdown. */
  readonly description?: string;
  /** May be defined once only. */
  readonly readOnly?: boolean;
  /** Not for users: left out of the documentation. */
  readonly internal?: boolean;
  /** Left out of the documentation. */
  readonly visible?: boolean;
}

/** An option's declaration; made by {@link option}. `T` is what is read from it, `D` what may define it. */
export class Option<out T = unknown, out D = unknown> {
  /** Never there; carries `T`. */
  declare readonly reads?: T;
  /** Never there; carries `D`. */
  declare readonly defines?: D;
  readonly type: OptionType | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;

  constructor(type: OptionType | undefined, attributes: Readonly<Record<string, unknown>>) {
    this.type = type;
    this.attributes = attributes;
  }
}

/** Declares an option. `apply` turns the merged value into the one that is read. */
export function option<T = unknown, D = unknown>(
  definition: OptionDefinition<T, D> & { readonly apply?: never },
): Option<T, D>;
export function option<T, D, R>(
  definition: OptionDefinition<T, D> & { readonly apply: (value: T) => R },
): Option<R, D>;
export function option(
  definition: OptionDefinition<unknown, unknown> & { readonly apply?: (value: never) => unknown },
): Option {
  const { type, ...attributes } = definition;
  return new Option(type, attributes);
}

/** A definition with a condition, priority or place; see NixOS manual, "Option Definitions". */
export class Property<out D = unknown> {
  /** Never there; carries the type of the definition. */
  declare readonly content?: D;

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
export function mkIf<D>(condition: boolean | (() => boolean), content: D | (() => D)): Property<D> {
  return new Property({ kind: "if", condition, content });
}

/** Several definitions in the place of one. */
export function mkMerge<D>(contents: readonly D[]): Property<D> {
  return new Property({ kind: "merge", contents });
}

/** A definition with a priority: of all definitions of an option those with the smallest number win. */
export function mkOverride<D>(priority: number, content: D): Property<D> {
  return new Property({ kind: "override", priority, content });
}

/** Priority 1000: gives way to every plain definition (100). */
export function mkDefault<D>(content: D): Property<D> {
  return mkOverride(1000, content);
}

/** Priority 50: wins over plain definitions (100). */
export function mkForce<D>(content: D): Property<D> {
  return mkOverride(50, content);
}

/** Where the definition stands among those that are merged; plain ones are at 1000. */
export function mkOrder<D>(order: number, content: D): Property<D> {
  return new Property({ kind: "order", order, content });
}

/** In front of plain definitions: place 500. */
export function mkBefore<D>(content: D): Property<D> {
  return mkOrder(500, content);
}

/** Behind plain definitions: place 1500. */
export function mkAfter<D>(content: D): Property<D> {
  return mkOrder(1500, content);
}
