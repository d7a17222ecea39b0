/** What modules and network files in TypeScript import from `nixus`. */
export { Float } from "../modules/convert.ts";
export type {
  Definable,
  DefinitionsOf,
  OpenConfigOf,
  OpenDefinitionsOf,
  OptionsOf,
  SubmoduleDefinition,
} from "../modules/definable.ts";
export {
  type ConfigOf,
  defineModule,
  type ModuleArgs,
  type ModuleDefinition,
  mkAfter,
  mkBefore,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOrder,
  mkOverride,
  type NativeModule,
  type Option,
  type OptionDefinition,
  type OptionTree,
  option,
  type Property,
} from "../modules/define.ts";
export * as ip from "../modules/ip.ts";
export type { ModuleImport } from "../modules/module.ts";
export { path } from "../modules/path.ts";
export type { ScriptModule } from "../modules/script-module.ts";
export { concatText, SourcePath, StoreString, text } from "../modules/store-string.ts";
export type { Infer, InferDefinition, OptionType } from "../modules/type.ts";
export type { DagEntry } from "../modules/types/dag.ts";
export { t as types } from "../modules/types/index.ts";
export * from "./network/define.ts";
