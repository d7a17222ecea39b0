/** `attrTag`: a set with one attribute out of several alternatives, each of which is an option. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, AttrsBuilder, force, lazy } from "../../lang/eval/value.ts";
import { formatOrigin, noPos, resolvePos } from "../../lang/syntax/positions.ts";
import { intern, type Sym, symbolName } from "../../lang/syntax/symbols.ts";
import { DeclarationGroup, type DeclaredOption } from "../declaration.ts";
import { shaped, unknownFile } from "../names.ts";
import { dischargeOption, evaluateOption, optionSet } from "../option.ts";
import { typeTag } from "../properties.ts";
import { place, showAttributeName, showFiles, showOption } from "../show.ts";
import type { ModuleSystem } from "../system.ts";
import type { Location, OptionType } from "../type.ts";
import { makeType } from "./make.ts";
import { updateAll } from "./merge.ts";

export function attrTag(tags: Attrs): OptionType<Readonly<Record<string, unknown>>> {
  return attrTagOf([tags]);
}

/** Several declarations of an `attrTag' are one with the tags of all; a tag that several have is one option. */
function attrTagOf(declared: readonly Attrs[]): OptionType<Readonly<Record<string, unknown>>> {
  for (const tags of declared) checkTags(tags);
  const tags = updateAll(declared);
  const group = new DeclarationGroup(declared.map((attrs) => ({ file: fileOf(attrs), attrs })));
  const choices = tags.names().map(showAttributeName).join(", ");
  const type = makeType<Readonly<Record<string, unknown>>>({
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
      const option = optionAt(system, tag, at);
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
        () => evaluateOption(system, at, option, raw),
      );
      return new AttrsBuilder().set(tag, value, raw[0]!.pos).build();
    },
    getSubOptions: (system, prefix) =>
      Attrs.fromEntries(
        group.shape.symbols.map((tag) => {
          const name = symbolName(tag);
          const at = [...prefix, name];
          return [
            name,
            lazy(() => {
              const option = optionAt(system, tag, at);
              return optionSet(system, at, option, () => dischargeOption(option, []), null);
            }),
          ] as const;
        }),
      ),
    typeMerge(_, other) {
      const theirs = declarations.get(other);
      return theirs === undefined ? undefined : attrTagOf([...declared, ...theirs]);
    },
    payload: () => payloadSet(tags),
  });
  declarations.set(type, declared);
  return type;

  function optionAt(system: ModuleSystem, tag: Sym, at: Location): DeclaredOption {
    const resolved = group.nodes[group.shape.indexOf(tag)]!.resolve(system, at);
    if (resolved.kind === "option") return resolved.option;
    throw new NixError("module", `In attrTag, the tag ${symbolName(tag)} is no option.`);
  }
}

const payloadSet = shaped("tags");
const declarations = new WeakMap<OptionType, readonly Attrs[]>();

function checkTags(tags: Attrs): void {
  for (const [name, slot] of tags.entries()) {
    const tag = typeTag(force(slot));
    if (tag === "option") continue;
    const what =
      tag === "option-type"
        ? "a bare type, not wrapped in mkOption"
        : tag === undefined
          ? "not"
          : `of type ${tag}`;
    throw new NixError(
      "module",
      `In attrTag, each tag value must be an option, but tag ${showAttributeName(name)} was ${what}.`,
      { pos: tags.positionOf(intern(name)) },
    );
  }
}

/** The file that the tags are written in. */
function fileOf(tags: Attrs): string {
  for (const pos of tags.positions ?? []) {
    const resolved = pos === noPos ? undefined : resolvePos(pos);
    if (resolved !== undefined) return formatOrigin(resolved.source.origin);
  }
  return unknownFile;
}
