/** Values of no particular type. */

import { NixError } from "../../lang/eval/errors.ts";
import { typeOf } from "../../lang/eval/type-name.ts";
import { Attrs, force, PrimOp } from "../../lang/eval/value.ts";
import { isStringLike } from "../check.ts";
import { place, showFiles, showOption } from "../show.ts";
import type { OptionType } from "../type.ts";
import { attrsOf } from "./attrs.ts";
import { makeType } from "./make.ts";
import { mergeEqual, mergeOne } from "./merge.ts";

/** Any value; sets are merged attribute by attribute, functions by their results, all else must be equal. */
export const anything: OptionType<unknown> = makeType<unknown>({
  name: "anything",
  description: "anything",
  descriptionClass: "noun",
  check: () => true,
  merge(system, loc, defs) {
    const kinds = new Set(
      defs.map((def) => {
        const value = force(def.value);
        return value instanceof Attrs && isStringLike(value) ? "stringLike" : typeOf(value);
      }),
    );
    if (kinds.size > 1) {
      throw new NixError(
        "module",
        `The option \`${showOption(loc)}' has conflicting option types in ${showFiles(defs.map(place))}`,
      );
    }
    const [kind] = kinds;
    if (kind === "set") return attrsOf(anything).merge(system, loc, defs);
    if (kind === "stringLike") return mergeOne(system, loc, defs);
    if (kind !== "lambda") return mergeEqual(system, loc, defs);
    return new PrimOp("merged", 1, (arg) =>
      anything.merge(
        system,
        [...loc, "<function body>"],
        defs.map((def) => ({ ...def, value: system.evaluator.call(def.value, arg) })),
      ),
    );
  },
  descend: (system, loc, defs, name) => attrsOf(anything).descend(system, loc, defs, name),
});
