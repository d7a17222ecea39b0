/**
 * Option types: what values an option takes and how several definitions of it become one.
 *
 * A type here is plain data and functions that know no evaluation; the {@link ModuleSystem} of the evaluation is
 * passed in. For the Nix language a type is a set (`_type = "option-type"`), see type-value.ts. Semantics:
 * NixOS manual, "Option Types".
 */
import type { Attrs, Slot, Value } from "../lang/eval/value.ts";
import type { Pos } from "../lang/syntax/positions.ts";
import type { Definable } from "./definable.ts";
import type { ModuleSource } from "./module.ts";
import type { ModuleSystem } from "./system.ts";

/** Path of an option, byte strings, e.g. `["nodes", "foo", "host"]`. */
export type Location = readonly string[];

/** One definition of an option after its properties (`mkIf`, `mkForce`...) have been worked off. */
export interface Definition {
  /** The file of the module that defines it (a byte string). */
  readonly file: string;
  /** Where in that file; `noPos` when the definition comes from a module of ours. */
  readonly pos: Pos;
  /** The smaller wins: `mkForce` 50, plain 100, `mkDefault` 1000, the option's default 1500. */
  readonly priority: number;
  /** Among those that win, the smaller comes first: `mkBefore` 500, plain 1000, `mkAfter` 1500. */
  readonly order: number;
  readonly value: Slot;
}

/** How a description reads inside another one's; decides on parentheses. */
export type DescriptionClass = "noun" | "conjunction" | "composite" | "nonRestrictiveClause";

/**
 * `T` is what TypeScript code reads from an option of this type, `D` what it may write as a definition. All text is
 * byte strings.
 */
export interface OptionType<out T = unknown, out D = Definable<T>> {
  /** Never there; carries `T`. */
  readonly reads?: T;
  /** Never there; carries `D`. */
  readonly defines?: D;
  readonly name: string;
  /** What decides whether two types can be merged: a type with an additional check keeps that of the type it checks. */
  readonly functorName: string;
  /** A phrase, e.g. `list of string`. */
  readonly description: string;
  readonly descriptionClass: DescriptionClass | undefined;
  /** Whether a definition's value (forced) may be given to `merge`. Looks at the outermost layer only. */
  check(system: ModuleSystem, value: Value): boolean;
  /** The value of at least one definition, all checked. */
  merge(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Value;
  /** The value of an option that no one defines; undefined: there is none. */
  emptyValue(system: ModuleSystem): Slot | undefined;
  /** The options inside, for documentation. */
  getSubOptions(system: ModuleSystem, prefix: Location): Attrs;
  /** The modules of the submodule in it; undefined: has none. */
  readonly subModules: readonly ModuleSource[] | undefined;
  /** The same type with other modules in its submodule. */
  substSubModules(modules: readonly ModuleSource[]): OptionType;
  /** The type of an option that is declared with this type and with `other`; undefined: they do not go together. */
  typeMerge(system: ModuleSystem, other: OptionType): OptionType | undefined;
  readonly nestedTypes: Readonly<Record<string, OptionType>>;
  /** What `functor.payload` shows; undefined: nothing. */
  payload(system: ModuleSystem): Attrs | undefined;
  /** What is known of a value beyond the value itself: of its parts, of submodules their evaluations. */
  valueMeta(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Attrs;
  /** For provenance: the part `name` of a value with these definitions. */
  descend(system: ModuleSystem, loc: Location, defs: readonly Definition[], name: string): Part | undefined;
}

/** A part of an option's value: its own definitions (properties not yet worked off) and type. */
export type Part =
  | { readonly kind: "element"; readonly type: OptionType; readonly defs: readonly RawDefinition[] }
  /** An option of the submodule; asked further for `name`. */
  | { readonly kind: "submodule"; definitionsOf(path: Location): readonly ExplainedDefinition[] };

/** A definition as a module wrote it: its value may be a property, and properties around it wait in `guards`. */
export interface RawDefinition {
  readonly file: string;
  readonly pos: Pos;
  readonly slot: Slot;
  /** Innermost first; null: none. */
  readonly guards: Guard | null;
}

/** A property that stood around a set and now applies to each attribute of it. */
export type Guard =
  | { readonly kind: "if"; readonly outer: Guard | null; readonly condition: Slot }
  | { readonly kind: "override"; readonly outer: Guard | null; readonly priority: number }
  | { readonly kind: "order"; readonly outer: Guard | null; readonly order: number };

/** A definition with what became of it. */
export interface ExplainedDefinition extends Definition {
  /** Its file with line and column when they are known, `file:line:column`. */
  readonly place: string;
  /** Another definition with a smaller priority won over it. */
  readonly discarded: boolean;
}

/** What TypeScript code reads from an option of the type. */
export type Infer<Type> = Type extends OptionType<infer T, unknown> ? T : never;

/** What TypeScript code may write as a definition of it. */
export type InferDefinition<Type> = Type extends OptionType<unknown, infer D> ? D : never;
