/**
 * Option declarations: the tree of names, and what all the declarations of one option amount to. Trees do not depend
 * on definitions, so all instances of a submodule whose modules are fixed share one.
 */

import { NixError } from "../lang/eval/errors.ts";
import { Shape } from "../lang/eval/shape.ts";
import { typeOf } from "../lang/eval/type-name.ts";
import { Attrs, force, type Slot } from "../lang/eval/value.ts";
import { noPos, type Pos } from "../lang/syntax/positions.ts";
import { intern, type Sym } from "../lang/syntax/symbols.ts";
import { declaredTwice } from "./errors.ts";
import type { ModuleSource } from "./module.ts";
import { names, shaped, unknownFile } from "./names.ts";
import { typeTag } from "./properties.ts";
import { place, showAttributeName, showOption } from "./show.ts";

import type { ModuleSystem } from "./system.ts";
import type { Location, OptionType } from "./type.ts";
import { unspecified } from "./types/basic.ts";
import { updateAll } from "./types/merge.ts";
import { submoduleWith } from "./types/submodule.ts";

/** What one module has in `options` at one place: an option or a set of them. */
export interface DeclarationSource {
  readonly file: string;
  readonly pos: Pos;
  readonly slot: Slot;
}

export interface DeclaredOption {
  readonly type: OptionType;
  readonly default: Slot | undefined;
  readonly apply: Slot | undefined;
  readonly readOnly: boolean;
  /** Files of the modules that declare it, and where in them. */
  readonly declarations: readonly string[];
  readonly sources: readonly DeclarationSource[];
  /** The attributes that the declarations give, of all. */
  readonly attrs: Attrs;
}

export type Declared =
  | { readonly kind: "option"; readonly option: DeclaredOption }
  | { readonly kind: "group"; readonly group: DeclarationGroup };

/** A set of options and groups. */
export class DeclarationGroup {
  readonly shape: Shape;
  /** Parallel to the shape's symbols. */
  readonly nodes: readonly DeclarationNode[];
  /** For its instances: places and shape without `_module`. */
  readonly visible: { readonly shape: Shape; readonly indices: readonly number[] };

  constructor(sets: readonly { readonly file: string; readonly attrs: Attrs }[]) {
    const found = new Map<Sym, DeclarationSource[]>();
    for (const { file, attrs } of sets) {
      attrs.shape.symbols.forEach((sym, index) => {
        const source = { file, pos: attrs.positions?.[index] ?? noPos, slot: attrs.values[index]! };
        const known = found.get(sym);
        if (known === undefined) found.set(sym, [source]);
        else known.push(source);
      });
    }
    const symbols = [...found.keys()].sort((a, b) => a - b);
    this.shape = Shape.of(symbols);
    this.nodes = symbols.map((sym) => new DeclarationNode(found.get(sym)!));
    const indices = symbols.map((_, index) => index).filter((index) => symbols[index] !== names.module);
    this.visible =
      indices.length === symbols.length
        ? { shape: this.shape, indices }
        : { shape: Shape.of(indices.map((index) => symbols[index]!)), indices };
  }
}

/** One name of a group; looks at its declarations when they are needed. */
export class DeclarationNode {
  private readonly sources: readonly DeclarationSource[];
  private resolved: Declared | undefined;

  constructor(sources: readonly DeclarationSource[]) {
    this.sources = sources;
  }

  /** `loc` is for messages. */
  resolve(system: ModuleSystem, loc: Location): Declared {
    this.resolved ??= resolve(system, loc, this.sources);
    return this.resolved;
  }
}

function resolve(system: ModuleSystem, loc: Location, sources: readonly DeclarationSource[]): Declared {
  const options: DeclarationSource[] = [];
  const groups: { file: string; attrs: Attrs }[] = [];
  for (const source of sources) {
    const value = force(source.slot);
    if (!(value instanceof Attrs)) {
      throw new NixError(
        "module",
        `An option declaration for \`${showOption(loc)}' has type \`${typeOf(value)}' rather than an attribute set, in ${place(source)}.\n` +
          "Did you mean to define this outside of `options'?",
        { pos: source.pos },
      );
    }
    const tag = typeTag(value);
    if (tag === "option") options.push(source);
    else if (tag === undefined) groups.push({ file: source.file, attrs: value });
    else throw notAnOption(loc, source, tag);
  }
  if (groups.length === 0) return { kind: "option", option: mergeDeclarations(system, loc, options) };
  if (options.length === 0) return { kind: "group", group: new DeclarationGroup(groups) };
  if (options.every((source) => declaredType(system, source)?.functorName === "submodule")) {
    return {
      kind: "option",
      option: mergeDeclarations(
        system,
        loc,
        sources.map((source) => asSubmodule(system, source)),
      ),
    };
  }
  const first = options[0]!;
  const type = declaredType(system, first)?.description ?? "<no description>";
  const inside = groups.flatMap(({ file, attrs }) =>
    attrs
      .names()
      .map((name) => ` - option(s) with prefix \`${showOption([...loc, name])}' in module \`${file}'`),
  );
  throw new NixError(
    "module",
    `The option \`${showOption(loc)}' in module \`${first.file}' would be a parent of the following options, but its type \`${type}' does not support nested options.\n${inside.sort().join("\n")}`,
    { pos: first.pos },
  );
}

function notAnOption(loc: Location, source: DeclarationSource, tag: string): NixError {
  const wrap =
    tag === "option-type"
      ? `\n\nWhen declaring an option, you must wrap the type in a \`mkOption\` call: ${showAttributeName(loc.at(-1)!)} = lib.mkOption { type = ...; };`
      : "";
  return new NixError(
    "module",
    `In module ${source.file}: expected an option declaration at option path \`${showOption(loc)}\` but got an attribute set with type ${tag}${wrap}`,
    { pos: source.pos },
  );
}

const optionSet = shaped("_type", "type");

/** Options that are declared below a submodule's name become one of its modules. */
function asSubmodule(system: ModuleSystem, source: DeclarationSource): DeclarationSource {
  if (typeTag(force(source.slot)) === "option") return source;
  const type = submoduleWith({
    modules: [{ kind: "nix", value: Attrs.fromEntries([["options", source.slot]]), file: source.file }],
    shorthandOnlyDefinesConfig: undefined,
  });
  return { ...source, slot: optionSet("option", system.typeValue(type)) };
}

function declaredType(system: ModuleSystem, source: DeclarationSource): OptionType | undefined {
  const slot = (force(source.slot) as Attrs).get(names.optionType);
  return slot === undefined ? undefined : system.asType(force(slot));
}

const exclusive = ["default", "example", "description", "apply"].map(intern);

/** Types are merged when the type is asked for: which options there are does not depend on it. */
function mergeDeclarations(
  system: ModuleSystem,
  loc: Location,
  sources: readonly DeclarationSource[],
): DeclaredOption {
  sources.forEach((source, index) => {
    const attrs = force(source.slot) as Attrs;
    const earlier = sources.slice(0, index);
    if (
      exclusive.some(
        (sym) => attrs.has(sym) && earlier.some((other) => (force(other.slot) as Attrs).has(sym)),
      )
    ) {
      throw declaredTwice(loc, source, earlier);
    }
  });
  const attrs = updateAll(sources.map((source) => force(source.slot) as Attrs).reverse());
  const readOnly = attrs.get(names.readOnly);
  let type: OptionType | undefined;
  return {
    get type() {
      type ??= mergeTypes(system, loc, sources);
      return type;
    },
    default: attrs.get(names.default),
    apply: attrs.get(names.apply),
    readOnly: readOnly !== undefined && force(readOnly) === true,
    declarations: sources.map((source) => source.file),
    sources,
    attrs,
  };
}

function mergeTypes(system: ModuleSystem, loc: Location, sources: readonly DeclarationSource[]): OptionType {
  let type: OptionType | undefined;
  const subModules: ModuleSource[] = [];
  sources.forEach((source, index) => {
    const declared = typeSlot(system, loc, source, force(source.slot) as Attrs);
    if (declared === undefined) return;
    const merged = type === undefined ? declared : type.typeMerge(system, declared);
    if (merged === undefined) throw declaredTwice(loc, source, sources.slice(0, index));
    type = merged;
    subModules.unshift(...(declared.subModules ?? []).map((module) => locate(module, source.file)));
  });
  const known = type ?? unspecified;
  return known.subModules === undefined || sameModules(known, subModules)
    ? known
    : known.substSubModules(subModules);
}

function typeSlot(
  system: ModuleSystem,
  loc: Location,
  source: DeclarationSource,
  attrs: Attrs,
): OptionType | undefined {
  const slot = attrs.get(names.optionType);
  if (slot === undefined) return undefined;
  const value = force(slot);
  const type = system.asType(value);
  if (type !== undefined || value === null) return type;
  throw new NixError(
    "module",
    `The type of the option \`${showOption(loc)}' is not a type (of \`lib.types') but a ${typeOf(value)}, in ${place(source)}.`,
    { pos: source.pos },
  );
}

/** A module of a type that says no file belongs to the file that declares the option. */
function locate(module: ModuleSource, file: string): ModuleSource {
  return module.kind === "nix" && module.file === unknownFile ? { ...module, file } : module;
}

function sameModules(type: OptionType, modules: readonly ModuleSource[]): boolean {
  const own = type.subModules ?? [];
  return own.length === modules.length && own.every((module, index) => module === modules[index]);
}
