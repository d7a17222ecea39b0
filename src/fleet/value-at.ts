/** The value at a path of names, for those who look at a network from outside. */
import { NixError } from "../lang/eval/errors.ts";
import type { Evaluator } from "../lang/eval/evaluator.ts";
import { type Attrs, force, type Slot } from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import { nearest } from "../modules/nearest.ts";

/** Numbers are elements of lists. A name that is not there is an error that says what may have been meant. */
export function valueAt(evaluator: Evaluator, config: Attrs, path: readonly string[]): Slot {
  let slot: Slot = config;
  const seen: string[] = [];
  for (const name of path) {
    const value = force(slot);
    const where = seen.length === 0 ? "the network" : `'${seen.join(".")}'`;
    if (Array.isArray(value)) {
      const element: Slot | undefined = /^[0-9]+$/.test(name) ? value[Number(name)] : undefined;
      if (element === undefined) {
        throw new NixError(
          "missingAttribute",
          `${where} is a list of ${value.length} elements and has no '${name}'`,
        );
      }
      slot = element;
    } else {
      const attrs: Attrs = evaluator.forceAttrs(value, noPos, where);
      const found = attrs.getByName(name);
      if (found === undefined) {
        const [near] = nearest(name, attrs.names());
        const hint = near === undefined ? "" : `; did you mean '${near}'?`;
        throw new NixError("missingAttribute", `${where} has no attribute '${name}'${hint}`);
      }
      slot = found;
    }
    seen.push(name);
  }
  return slot;
}
