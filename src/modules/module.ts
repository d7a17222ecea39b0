/** What a module is: a value of the Nix language, or one written in TypeScript. */
import type { Slot } from "../lang/eval/value.ts";
import type { ModuleArgs, NativeModule } from "./define.ts";
import type { ScriptModule } from "./script-module.ts";
import type { SourcePath } from "./store-string.ts";

/** A module of the Nix language: path, function, set, or list element of `imports`. */
interface NixModule {
  readonly kind: "nix";
  readonly value: Slot;
  /** The file it was found in, for messages and as its key when it has none (a byte string). */
  readonly file: string;
}

/** `native`: declared with `defineModule`; `script`: what a TypeScript file has where a Nix file has a module. */
export type ModuleSource = NixModule | NativeModule | ScriptModule;

/** A function that gives a module, as `{ config, lib, ... }: { ... }` of the Nix language. */
export type ModuleFunction = (args: ModuleArgs) => object;

/**
 * What may stand in `imports` of a module in TypeScript. A string is a path: absolute, or relative to the file that
 * says it when it starts with `./` or `../`; any other is a module of an npm package (`package/module`). Nix and
 * TypeScript files can both be named.
 */
export type ModuleImport =
  | ModuleSource
  | SourcePath
  | ModuleFunction
  | Readonly<Record<string, unknown>>
  | string;
