/** Module sources of values and back. */
import type { Slot } from "../lang/eval/value.ts";
import type { ModuleSource } from "./module.ts";
import { nativeModuleValue } from "./module-value.ts";
import { shaped } from "./names.ts";

const located = shaped("_file", "imports");

/** A list of modules of the language, found in the file. */
export function sourcesOf(modules: readonly Slot[], file: string): ModuleSource[] {
  return modules.map((value) => ({ kind: "nix", value, file }));
}

/** The module as a value of the language; it keeps the file it was found in. */
export function moduleValue(source: ModuleSource): Slot {
  return source.kind === "native" ? nativeModuleValue(source) : located(source.file, [source.value]);
}
