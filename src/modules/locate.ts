/** Finding the option that a path into a configuration belongs to, also in submodules. */
import { Attrs, force, type Slot } from "../lang/eval/value.ts";
import { typeTag } from "./properties.ts";
import type { Location } from "./type.ts";

export interface LocatedOption {
  /** What `options.<name>` is. */
  readonly option: Attrs;
  /** How many names of the path lead to the option; the rest lies in its value. */
  readonly depth: number;
}

/** The innermost option on the path (byte strings); undefined when no option is there. */
export function locateOption(options: Attrs, path: Location): LocatedOption | undefined {
  let found: LocatedOption | undefined;
  let group: Slot | undefined = options;
  let depth = 0;
  while (group !== undefined && depth < path.length) {
    const set: Slot | undefined = attr(group, path[depth]!);
    depth++;
    if (set === undefined) return found;
    const value = force(set);
    if (typeTag(value) !== "option") {
      group = value;
      continue;
    }
    found = { option: value as Attrs, depth };
    const inside = submoduleOptions(attr(value, "valueMeta"), path, depth);
    group = inside?.options;
    depth = inside?.depth ?? depth;
  }
  return found;
}

/** The options of the submodule that is the value of an option, or the part of it on the path. */
function submoduleOptions(
  meta: Slot | undefined,
  path: Location,
  start: number,
): { readonly options: Slot; readonly depth: number } | undefined {
  let at = meta;
  for (let depth = start; at !== undefined && depth <= path.length; depth++) {
    const configuration = attr(at, "configuration");
    if (configuration !== undefined) {
      const options = attr(configuration, "options");
      return options === undefined ? undefined : { options, depth };
    }
    if (depth === path.length) return undefined;
    const attrs = attr(at, "attrs");
    const list = attr(at, "list");
    const elements = list === undefined ? undefined : force(list);
    at = Array.isArray(elements)
      ? (elements as readonly Slot[])[Number(path[depth])]
      : attrs && attr(attrs, path[depth]!);
  }
  return undefined;
}

function attr(slot: Slot, name: string): Slot | undefined {
  const value = force(slot);
  return value instanceof Attrs ? value.getByName(name) : undefined;
}
