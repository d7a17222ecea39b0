/** `attrTag`: a set with one attribute out of several alternatives, each of which is an option. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, AttrsBuilder, force } from "../../lang/eval/value.ts";
import { symbolName } from "../../lang/syntax/symbols.ts";
import { DeclarationGroup } from "../declaration.ts";
import { evaluateOption } from "../option.ts";
import { place, showAttributeName, showFiles, showOption } from "../show.ts";
import type { OptionType } from "../type.ts";
import { makeType } from "./make.ts";
import { updateAll } from "./merge.ts";

export function attrTag(tags: Attrs): OptionType<Readonly<Record<string, unknown>>> {
  const group = new DeclarationGroup([{ file: "<attrTag>", attrs: tags }]);
  const choices = tags.names().map(showAttributeName).join(", ");
  return makeType<Readonly<Record<string, unknown>>>({
    name: "attrTag",
    description: `attribute-tagged union with choices: ${choices}`,
    descriptionClass: "noun",
    check: (_, value) => value instanceof Attrs && value.size === 1 && tags.has(value.shape.symbols[0]!),
    merge(system, loc, defs) {
      const chosen = defs.map((def) => (force(def.value) as Attrs).shape.symbols[0]!);
      const tag = chosen[0]!;
      const other = chosen.find((one) => one !== tag);
      if (other !== undefined) {
        throw new NixError(
          "module",
          `The option \`${showOption(loc)}\` is defined both as \`${symbolName(tag)}\` and \`${symbolName(other)}\`, in ${showFiles(defs.map(place))}.`,
        );
      }
      const at = [...loc, symbolName(tag)];
      const declared = group.nodes[group.shape.indexOf(tag)]!.resolve(system, at);
      if (declared.kind === "group") {
        throw new NixError(
          "module",
          `In attrTag, each tag value must be an option, but tag ${symbolName(tag)} was not.`,
        );
      }
      const raw = defs.map((def) => {
        const value = force(def.value) as Attrs;
        return {
          file: def.file,
          pos: value.positionOf(tag) || def.pos,
          slot: value.values[0]!,
          guards: null,
        };
      });
      const value = system.tracked(
        () => at,
        () => evaluateOption(system, at, declared.option, raw),
      );
      return new AttrsBuilder().set(tag, value, raw[0]!.pos).build();
    },
    getSubOptions: (_, prefix) =>
      Attrs.fromEntries(
        [...tags.entries()].map(([name, slot]) => {
          const withPlace = updateAll([
            force(slot) as Attrs,
            Attrs.fromEntries([["loc", [...prefix, name]]]),
          ]);
          return [name, withPlace] as const;
        }),
      ),
    typeMerge: () => undefined,
  });
}
