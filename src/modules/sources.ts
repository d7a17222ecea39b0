/** Module sources of values and back. */
import type { Slot } from "../lang/eval/value.ts";
import { fromText } from "../store/bytes.ts";
import { fromJs } from "./convert.ts";
import { NativeModule } from "./define.ts";
import type { ModuleImport, ModuleSource } from "./module.ts";
import { nativeModuleValue } from "./module-value.ts";
import { shaped } from "./names.ts";
import { ScriptModule } from "./script-module.ts";
import { SourcePath } from "./store-string.ts";
import type { ModuleSystem } from "./system.ts";

const located = shaped("_file", "imports");

/** A list of modules of the language, found in the file. */
export function sourcesOf(modules: readonly Slot[], file: string): ModuleSource[] {
  return modules.map((value) => ({ kind: "nix", value, file }));
}

/** The module as a value of the language; it keeps the file it was found in. */
export function moduleValue(source: ModuleSource): Slot {
  return source.kind !== "nix" ? nativeModuleValue(source) : located(source.file, [source.value]);
}

/** What stands in `imports` of a TypeScript module in the file. */
export function importedSource(system: ModuleSystem, one: ModuleImport, file: string): ModuleSource {
  if (one instanceof NativeModule || one instanceof ScriptModule) return one;
  if (typeof one === "string") return { kind: "nix", value: fromText(one), file };
  if (one instanceof SourcePath) return { kind: "nix", value: one.toNix(), file };
  if (typeof one === "object" && isNixModule(one)) return one;
  return { kind: "nix", value: fromJs(system, one, "imports"), file };
}

function isNixModule(one: object): one is Extract<ModuleSource, { kind: "nix" }> {
  return "kind" in one && one.kind === "nix" && "value" in one && "file" in one;
}
