/**
 * Types as the language sees them: sets with `_type = "option-type"` and the functions that nixpkgs' types have, so
 * that code written for nixpkgs' lib can use, extend (`//`) and inspect ours, and we can use theirs.
 */
import { NixError } from "../lang/eval/errors.ts";
import { Attrs, emptyAttrs, force, lazy, PrimOp, type Slot, type Value } from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import { intern } from "../lang/syntax/symbols.ts";
import { characters, isString } from "./check.ts";
import type { ModuleSource } from "./module.ts";
import { names, shaped, shapeOf, unknownFile } from "./names.ts";
import { plainOrder, plainPriority } from "./properties.ts";
import { moduleValue, sourcesOf } from "./sources.ts";
import type { ModuleSystem } from "./system.ts";
import type { Definition, DescriptionClass, Location, OptionType, Part } from "./type.ts";

const attributes = [
  "_type",
  "name",
  "description",
  "descriptionClass",
  "check",
  "merge",
  "emptyValue",
  "getSubOptions",
  "getSubModules",
  "substSubModules",
  "typeMerge",
  "nestedTypes",
  "deprecationMessage",
  "functor",
] as const;
const { shape, order } = shapeOf(attributes);

/** A native type as a set. */
export class TypeValue extends Attrs {
  readonly type: OptionType;

  constructor(system: ModuleSystem, type: OptionType) {
    const check = new PrimOp("check", 1, (value) => type.check(system, force(value)));
    const merge = new PrimOp("merge", 2, (loc, defs) =>
      type.merge(system, locationOf(system, loc), definitionsOf(system, defs)),
    );
    if (checkedByMerge.has(type.functorName)) ownChecks.set(merge, check);
    const parts: Record<(typeof attributes)[number], Slot> = {
      _type: "option-type",
      name: type.name,
      description: lazy(() => type.description),
      descriptionClass: lazy(() => type.descriptionClass ?? null),
      check,
      merge,
      emptyValue: lazy(() => {
        const value = type.emptyValue(system);
        return value === undefined ? emptyAttrs : valueSet(value);
      }),
      getSubOptions: new PrimOp("getSubOptions", 1, (prefix) =>
        type.getSubOptions(system, locationOf(system, prefix)),
      ),
      getSubModules: lazy(() => type.subModules?.map(moduleValue) ?? null),
      substSubModules: new PrimOp("substSubModules", 1, (modules) =>
        system.typeValue(
          type.substSubModules(
            sourcesOf(system.evaluator.forceList(modules, noPos, "the modules of a type"), unknownFile),
          ),
        ),
      ),
      typeMerge: new PrimOp("typeMerge", 1, (functor) => {
        const other = typeOfFunctor(system, force(functor));
        const merged = other && type.typeMerge(system, other);
        return merged === undefined ? null : system.typeValue(merged);
      }),
      nestedTypes: lazy(() =>
        Attrs.fromEntries(
          Object.entries(type.nestedTypes).map(([name, nested]) => [name, system.typeValue(nested)] as const),
        ),
      ),
      deprecationMessage: null,
      functor: lazy(() => new FunctorValue(system, type)),
    };
    super(
      shape,
      order.map((index) => parts[attributes[index]!]),
    );
    this.type = type;
  }
}

/**
 * In nixpkgs these types check definitions while they merge them, and one whose `check' was replaced with `//' would
 * forget the new one; it is an error there, and so it is here.
 */
const checkedByMerge: ReadonlySet<string> = new Set([
  "attrsOf",
  "lazyAttrsOf",
  "listOf",
  "submodule",
  "either",
  "coercedTo",
]);
const ownChecks = new WeakMap<PrimOp, PrimOp>();

const functorAttributes = ["name", "type", "payload", "wrapped", "binOp"];
const functorShape = shapeOf(functorAttributes);

/** `functor` of a native type: for inspection, and to find the type again in `typeMerge`. */
class FunctorValue extends Attrs {
  readonly of: OptionType;
  constructor(system: ModuleSystem, type: OptionType) {
    const slots: Slot[] = [
      type.functorName,
      lazy(() => system.typeValue(type)),
      lazy(() => type.payload(system) ?? null),
      lazy(() => {
        const elemType = type.nestedTypes["elemType"];
        return elemType === undefined ? null : system.typeValue(elemType);
      }),
      new PrimOp("binOp", 2, () => null),
    ];
    super(
      functorShape.shape,
      functorShape.order.map((index) => slots[index]!),
    );
    this.of = type;
  }
}

/** The type that a functor stands for; undefined when that cannot be told. */
function typeOfFunctor(system: ModuleSystem, functor: Value): OptionType | undefined {
  if (functor instanceof FunctorValue) return functor.of;
  if (!(functor instanceof Attrs)) return undefined;
  const type = functor.get(names.optionType);
  if (type === undefined) return undefined;
  const payload = functor.get(intern("payload"));
  const made = force(type);
  if (payload === undefined || force(payload) === null) return system.asType(made);
  return system.asType(system.evaluator.call(made, payload));
}

const valueSet = shaped("value");
const definitionShape = shapeOf(["file", "value"]);

/** A definition as the language sees it; keeps what else is known of it. */
export class DefinitionValue extends Attrs {
  readonly definition: Definition;
  constructor(definition: Definition) {
    const slots = [definition.file, definition.value];
    super(
      definitionShape.shape,
      definitionShape.order.map((index) => slots[index]!),
    );
    this.definition = definition;
  }
}

export function locationOf(system: ModuleSystem, slot: Slot): string[] {
  return system.evaluator
    .forceList(slot, noPos, "the path of an option")
    .map((part) => system.evaluator.forceString(part, noPos, "the path of an option", undefined));
}

/** From the list of `{ file, value }` that `merge` of a type gets. */
export function definitionsOf(system: ModuleSystem, slot: Slot): Definition[] {
  return system.evaluator.forceList(slot, noPos, "the definitions of an option").map((element) => {
    const def = system.evaluator.forceAttrs(element, noPos, "a definition of an option");
    if (def instanceof DefinitionValue) return def.definition;
    const file = def.get(names.defFile);
    const value = def.get(names.value);
    if (value === undefined) {
      throw new NixError("module", "a definition passed to `merge' needs the attributes `file' and `value'");
    }
    return {
      file: file === undefined ? unknownFile : system.toStringValue(file).text,
      pos: noPos,
      priority: plainPriority,
      order: plainOrder,
      value,
    };
  });
}

/** A type that is a set made elsewhere: by nixpkgs' lib, or of one of ours with `//`. */
export class ForeignType implements OptionType {
  readonly attrs: Attrs;
  private readonly system: ModuleSystem;

  constructor(system: ModuleSystem, attrs: Attrs) {
    this.system = system;
    this.attrs = attrs;
  }

  private part(name: string): Slot {
    const slot = this.attrs.getByName(name);
    if (slot !== undefined) return slot;
    throw new NixError(
      "module",
      `a set with \`_type = "option-type"' is used as a type but has no \`${name}'`,
    );
  }

  private textPart(name: string): string | undefined {
    const slot = this.attrs.getByName(name);
    const value = slot === undefined ? null : force(slot);
    return isString(value) ? characters(value) : undefined;
  }

  get name(): string {
    return this.textPart("name") ?? "unnamed";
  }

  get functorName(): string {
    const functor = force(this.part("functor"));
    const name = functor instanceof Attrs ? functor.get(names.name) : undefined;
    const text = name === undefined ? null : force(name);
    return isString(text) ? characters(text) : this.name;
  }

  get description(): string {
    return this.textPart("description") ?? this.name;
  }

  get descriptionClass(): DescriptionClass | undefined {
    return this.textPart("descriptionClass") as DescriptionClass | undefined;
  }

  check(system: ModuleSystem, value: Value): boolean {
    const merge = force(this.part("merge"));
    const own = merge instanceof PrimOp ? ownChecks.get(merge) : undefined;
    if (own !== undefined && force(this.part("check")) !== own) {
      throw new NixError(
        "module",
        `An option has the type \`${this.description}' with an ad-hoc \`type // { check = ...; }' override, which is incompatible with how the type is merged.\n` +
          "Please use `lib.types.addCheck type (value: ...)' instead.",
      );
    }
    const answer = system.evaluator.call(this.part("check"), value);
    if (typeof answer === "boolean") return answer;
    throw new NixError("module", `the check of the type \`${this.description}' gave neither true nor false`);
  }

  merge(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Value {
    return system.evaluator.call(
      this.part("merge"),
      loc,
      defs.map((def) => new DefinitionValue(def)),
    );
  }

  emptyValue(): Slot | undefined {
    const empty = force(this.part("emptyValue"));
    return empty instanceof Attrs ? empty.get(names.value) : undefined;
  }

  getSubOptions(system: ModuleSystem, prefix: Location): Attrs {
    return system.evaluator.forceAttrs(
      system.evaluator.call(this.part("getSubOptions"), prefix),
      noPos,
      "the options of a type",
    );
  }

  get subModules(): readonly ModuleSource[] | undefined {
    const slot = this.attrs.getByName("getSubModules");
    const modules = slot === undefined ? null : force(slot);
    return Array.isArray(modules) ? sourcesOf(modules as readonly Slot[], unknownFile) : undefined;
  }

  substSubModules(modules: readonly ModuleSource[]): OptionType {
    const type = this.system.asType(
      this.system.evaluator.call(this.part("substSubModules"), modules.map(moduleValue)),
    );
    return type ?? this;
  }

  typeMerge(system: ModuleSystem, other: OptionType): OptionType | undefined {
    const functor = system.typeValue(other).get(names.typeFunctor);
    if (functor === undefined) return undefined;
    const merged = system.evaluator.call(this.part("typeMerge"), functor);
    return merged === null ? undefined : system.asType(merged);
  }

  get nestedTypes(): Readonly<Record<string, OptionType>> {
    const slot = this.attrs.getByName("nestedTypes");
    const nested = slot === undefined ? null : force(slot);
    const found: Record<string, OptionType> = {};
    if (nested instanceof Attrs) {
      for (const [name, value] of nested.entries()) {
        const type = this.system.asType(force(value));
        if (type !== undefined) found[name] = type;
      }
    }
    return found;
  }

  payload(): Attrs | undefined {
    const functor = force(this.part("functor"));
    const payload = functor instanceof Attrs ? functor.getByName("payload") : undefined;
    const value = payload === undefined ? null : force(payload);
    return value instanceof Attrs ? value : undefined;
  }

  /** What nixpkgs' types give beside the value when they are merged in their newer way. */
  valueMeta(system: ModuleSystem, loc: Location, defs: readonly Definition[]): Attrs {
    const merge = force(this.part("merge"));
    const v2 = merge instanceof Attrs ? merge.getByName("v2") : undefined;
    if (v2 === undefined) return emptyAttrs;
    const { evaluator } = system;
    const request = Attrs.fromEntries([
      ["loc", loc],
      ["defs", defs.map((def) => new DefinitionValue(def))],
    ]);
    const merged = evaluator.forceAttrs(evaluator.call(v2, request), noPos, "a merged value");
    const meta = merged.getByName("valueMeta");
    return meta === undefined ? emptyAttrs : evaluator.forceAttrs(meta, noPos, "`valueMeta'");
  }

  descend(): Part | undefined {
    return undefined;
  }
}
