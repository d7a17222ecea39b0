/**
 * Modules in TypeScript as nixpkgs' own module system takes them: it knows neither paths that start where they are
 * written nor TypeScript files.
 */
import { NixError } from "../../../lang/eval/errors.ts";
import { Attrs, AttrsBuilder, force, lazy, NixPath, PrimOp, type Slot } from "../../../lang/eval/value.ts";
import { fromJs } from "../../../modules/convert.ts";
import { isScript, pathOf } from "../../../modules/load.ts";
import type { ModuleSource } from "../../../modules/module.ts";
import { NativeModuleValue } from "../../../modules/module-value.ts";
import { names } from "../../../modules/names.ts";
import { NativeFunction } from "../../../modules/native-function.ts";
import { fileOf } from "../../../modules/show.ts";
import type { ModuleSystem } from "../../../modules/system.ts";

/** The same module; what comes from the Nix language stays as it is. */
export function moduleForNixpkgs(system: ModuleSystem, source: ModuleSource): ModuleSource {
  if (source.kind !== "nix" || !isScript(source.file)) return source;
  return { ...source, value: lazy(() => force(converted(system, source.value, source.file))) };
}

/** `file`: where the value is written. */
function converted(system: ModuleSystem, slot: Slot, file: string): Slot {
  const value = force(slot);
  if (typeof value === "string") return ofFile(system, pathOf(system, value, file));
  if (value instanceof NixPath) return ofFile(system, value.path);
  if (value instanceof NativeFunction) {
    return new PrimOp(value.name, 1, (args) => force(converted(system, value.fn(args), file)));
  }
  if (!(value instanceof Attrs) || value instanceof NativeModuleValue) return value;
  const imports = value.get(names.imports);
  if (imports === undefined) return value;
  const from = fileOf({ file, pos: value.positionOf(names.imports) });
  const builder = new AttrsBuilder();
  value.shape.symbols.forEach((sym, index) => {
    builder.set(sym, value.values[index]!, value.positions?.[index]);
  });
  builder.set(
    names.imports,
    lazy(() => {
      const list = force(imports);
      return Array.isArray(list)
        ? list.map((one: Slot) => lazy(() => force(converted(system, one, from))))
        : list;
    }),
    value.positionOf(names.imports),
  );
  return builder.build();
}

function ofFile(system: ModuleSystem, path: string): Slot {
  if (!isScript(path) || system.scripts === undefined) return new NixPath(path);
  const module = system.scripts.load(path);
  switch (module.kind) {
    case "script":
      return converted(system, fromJs(system, module.definition, ""), module.file);
    case "nix":
      return converted(system, module.value, module.file);
    case "native":
      throw new NixError(
        "module",
        `'${path}' is a module of networks (defineModule), which a NixOS configuration can't import; export its definitions, or a function that gives them`,
      );
  }
}
