/** The options that every evaluation has: `_module.*`. */
import type { Slot } from "../lang/eval/value.ts";
import { fromJs } from "./convert.ts";
import { option } from "./define.ts";
import type { ModuleSystem } from "./system.ts";
import { lazyAttrsOf } from "./types/attrs.ts";
import { bool, optionType, raw } from "./types/basic.ts";
import { nullOr } from "./types/composite.ts";

/** The file that messages name for what the module system itself defines. */
export const internalFile = "lib/modules.nix";

const declared = new WeakMap<ModuleSystem, Slot>();

export function internalOptions(system: ModuleSystem): Slot {
  let options = declared.get(system);
  if (options === undefined) {
    options = fromJs(system, { _module: moduleOptions() }, internalFile);
    declared.set(system, options);
  }
  return options;
}

const moduleOptions = () => ({
  args: option({
    type: lazyAttrsOf(raw),
    internal: true,
    description:
      "Further arguments of every module, next to `lib`, `config`, `options` and the special arguments. " +
      "They may depend on `config`, and therefore cannot decide on `imports`. Submodules do not inherit them.",
  }),
  check: option({
    type: bool,
    internal: true,
    default: true,
    description: "Whether a definition of an option that no module declares is an error.",
  }),
  freeformType: option({
    type: nullOr(optionType),
    internal: true,
    default: null,
    description: "Type of the definitions that belong to no declared option; null: there must be none.",
  }),
  specialArgs: option({
    readOnly: true,
    internal: true,
    description: "The arguments that were given from outside; a configuration cannot change them.",
  }),
});
