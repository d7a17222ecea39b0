/** What a module is: a value of the Nix language, or one written in TypeScript. */
import type { Slot } from "../lang/eval/value.ts";
import type { NativeModule } from "./define.ts";

/** A module of the Nix language: path, function, set, or list element of `imports`. */
export interface NixModule {
  readonly kind: "nix";
  readonly value: Slot;
  /** The file it was found in, for messages and as its key when it has none (a byte string). */
  readonly file: string;
}

export type ModuleSource = NixModule | NativeModule;
