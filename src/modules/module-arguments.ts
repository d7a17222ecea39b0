/**
 * The arguments of a module that NixOS's module system calls, as a TypeScript function takes them apart: what is named
 * in the parameter list is read at once, and reading `config` at that moment must not compute it.
 */
import { Attrs, force, type Slot } from "../lang/eval/value.ts";
import { lookupSymbol } from "../lang/syntax/symbols.ts";
import { fromText } from "../store/bytes.ts";
import { toJs } from "./convert.ts";
import { names } from "./names.ts";
import type { ModuleSystem } from "./system.ts";
import { lazyView, type View } from "./view.ts";

/** Arguments that are sets wherever they are given. `pkgs` comes from `_module.args`. */
const sets = new Set(["config", "options", "lib", "pkgs", "nodes"]);

/** undefined: not the arguments of a module. */
export function moduleArgumentsOf(system: ModuleSystem, slot: Slot): View | undefined {
  const args = force(slot);
  if (!(args instanceof Attrs)) return undefined;
  if (!args.has(names.config) || !args.has(names.options) || !args.has(names.lib)) return undefined;
  const given = (name: string): Slot | undefined => {
    const sym = lookupSymbol(fromText(name));
    return sym === undefined ? undefined : args.get(sym);
  };
  const ofModuleArgs = (name: string): Slot => {
    const config = force(args.get(names.config)!) as Attrs;
    const own = force((force(config.get(names.module)!) as Attrs).get(names.args)!) as Attrs;
    return own.getByName(fromText(name)) ?? null;
  };
  return new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_, name) => {
      if (typeof name !== "string") return undefined;
      if (sets.has(name)) {
        return lazyView(system, () => force(given(name) ?? ofModuleArgs(name)) as Attrs);
      }
      return toJs(system, given(name) ?? ofModuleArgs(name));
    },
  });
}
