/** What may be written as a definition in TypeScript: types that follow from the option declarations. */
import type { ConfigOf, ModuleArgs, NativeModule, Option, Property } from "./define.ts";
import type { ModuleImport } from "./module.ts";
import type { ScriptModule } from "./script-module.ts";
import type { SourcePath } from "./store-string.ts";

/**
 * A definition of this type; computed when it is needed (`() => definition`); or with a condition, priority or place
 * (`mkIf`, `mkForce`...).
 */
export type Definable<D> = D | (() => Definable<D>) | Property<Definable<D>>;

/** Definitions of the options of a tree, all of them optional. */
export type DefinitionsOf<Tree> = {
  readonly [Name in keyof Tree]?:
    | (Tree[Name] extends Option<unknown, infer D> ? D : Definable<DefinitionsOf<Tree[Name]>>)
    | undefined;
};

/** What a module may say beside its definitions, as in the Nix language. */
interface ModuleAttributes {
  readonly imports?: readonly ModuleImport[];
  readonly disabledModules?: readonly ModuleImport[];
  readonly _module?: unknown;
}

/**
 * A module that consists of definitions: a set of them, a function of the module's arguments that gives them, a path,
 * or a module made elsewhere. (`() => definitions` is such a function.)
 */
export type SubmoduleDefinition<Definitions, Args = ModuleArgs> =
  | (Definitions & ModuleAttributes)
  | ((args: Args) => SubmoduleDefinition<Definitions, Args>)
  | Property<SubmoduleDefinition<Definitions, Args>>
  | NativeModule
  | ScriptModule
  | SourcePath;

/** Definitions of the tree's options beside those of any other option. */
export type OpenDefinitionsOf<Tree> = string extends keyof Tree
  ? Readonly<Record<string, unknown>>
  : DefinitionsOf<Tree> & Readonly<Record<string, unknown>>;

/** What reads as the configuration of a tree of which only a part is known here. */
export type OpenConfigOf<Tree> = ConfigOf<Tree> & Readonly<Record<string, unknown>>;

/** The options that a module declares itself. */
export type OptionsOf<Module> = Module extends NativeModule<infer Tree> ? Tree : never;
