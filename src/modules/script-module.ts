/** A module in TypeScript that is written as one of the Nix language is: its definitions, or a function that gives them. */
import type { ModuleFunction } from "./module.ts";

let made = 0;

export class ScriptModule {
  readonly kind = "script";
  /** Where it is written (a byte string). */
  readonly file: string;
  /** A byte string. */
  readonly key: string;
  /** With the attributes that modules have: definitions, `imports`, or `options` and `config` apart. */
  readonly definition: ModuleFunction | object;

  /** Without a key it gets one of its own. */
  constructor(definition: ModuleFunction | object, file: string, key = `${file}#${++made}`) {
    this.definition = definition;
    this.file = file;
    this.key = key;
  }
}
