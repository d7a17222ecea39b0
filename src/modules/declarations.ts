/**
 * The declarations of a list of modules, made once for each list: all nodes of a platform, and all submodules of a
 * type, have the same ones unless one of their modules is a function that declares options.
 */
import type { Attrs } from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import { DeclarationGroup } from "./declaration.ts";
import type { LoadedModule } from "./load.ts";
import type { ModuleSystem } from "./system.ts";

/** What is known of the lists that begin with the sets on the way here. */
interface Known {
  group: DeclarationGroup | undefined;
  readonly longer: WeakMap<Attrs, Known>;
}

const known = new WeakMap<ModuleSystem, Known>();

function entry<Key extends object>(map: WeakMap<Key, Known>, key: Key): Known {
  let found = map.get(key);
  if (found === undefined) {
    found = { group: undefined, longer: new WeakMap() };
    map.set(key, found);
  }
  return found;
}

export function declarationsOf(system: ModuleSystem, modules: readonly LoadedModule[]): DeclarationGroup {
  let node = entry(known, system);
  const sets: { file: string; attrs: Attrs }[] = [];
  for (const { file, options } of modules) {
    if (options === undefined) continue;
    const attrs = system.evaluator.forceAttrs(options, noPos, `the options of the module ${file}`);
    sets.push({ file, attrs });
    node = entry(node.longer, attrs);
  }
  node.group ??= new DeclarationGroup(sets);
  return node.group;
}
