/** `lib.types`. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, force, PrimOp, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { toText } from "../../store/bytes.ts";
import { characters, isString } from "../check.ts";
import { unknownFile } from "../names.ts";
import { showValue } from "../show.ts";
import { sourcesOf } from "../sources.ts";
import type { ModuleSystem } from "../system.ts";
import type { OptionType } from "../type.ts";
import { anything } from "../types/anything.ts";
import { attrListWith } from "../types/attr-list.ts";
import * as attrs from "../types/attrs.ts";
import * as basic from "../types/basic.ts";
import * as composite from "../types/composite.ts";
import { dagOf } from "../types/dag.ts";
import { functionTo } from "../types/functions.ts";
import { json, serializable, toml } from "../types/serializable.ts";
import {
  deferredModule,
  deferredModuleWith,
  freeformTypeOf,
  submoduleOf,
  submoduleWith,
} from "../types/submodule.ts";
import { attrTag } from "../types/tagged.ts";

/** Reads arguments of the functions that make types. */
class Arguments {
  readonly system: ModuleSystem;
  constructor(system: ModuleSystem) {
    this.system = system;
  }

  type(slot: Slot, where: string): OptionType {
    const type = this.system.asType(force(slot));
    if (type !== undefined) return type;
    throw new NixError("module", `\`${where}' takes a type (of \`lib.types'), but it got ${showValue(slot)}`);
  }

  text(slot: Slot): string {
    return this.system.evaluator.forceString(slot, noPos, "an argument of a type", undefined);
  }

  number(slot: Slot): bigint | number {
    const value = force(slot);
    if (typeof value === "bigint" || typeof value === "number") return value;
    throw new NixError("module", `the bound of a type must be a number, but it is ${showValue(value)}`);
  }

  attrs(slot: Slot): Attrs {
    return this.system.evaluator.forceAttrs(slot, noPos, "the argument of a type");
  }

  /** An attribute of the set; undefined when it is not there or null. */
  optional(attrs: Attrs, name: string): Slot | undefined {
    const slot = attrs.getByName(name);
    return slot === undefined || force(slot) === null ? undefined : slot;
  }

  modules(slot: Slot) {
    const value = force(slot);
    return sourcesOf(Array.isArray(value) ? (value as readonly Slot[]) : [slot], unknownFile);
  }
}

export function typesOfLib(system: ModuleSystem): Attrs {
  const get = new Arguments(system);
  const value = (type: OptionType): Attrs => system.typeValue(type);
  const set = (types: Readonly<Record<string, Slot>>) => Attrs.fromEntries(Object.entries(types));
  const values = (types: Readonly<Record<string, OptionType>>) =>
    Object.entries(types).map(([name, type]) => [name, value(type)] as const);
  const fn = (name: string, arity: number, make: (...args: Slot[]) => OptionType) =>
    [name, new PrimOp(name, arity, (...args) => value(make(...args)))] as const;
  const ofType = (name: string, make: (type: OptionType) => OptionType) =>
    fn(name, 1, (type) => make(get.type(type!, name)));

  const simple = values({
    raw: basic.raw,
    unspecified: basic.unspecified,
    anything,
    bool: basic.bool,
    boolByOr: basic.boolByOr,
    int: basic.int,
    float: basic.float,
    number: composite.either(basic.int, basic.float),
    port: basic.port,
    str: basic.str,
    nonEmptyStr: basic.nonEmptyStr,
    singleLineStr: basic.singleLineStr,
    lines: basic.lines,
    commas: basic.commas,
    envVar: basic.envVar,
    attrs: basic.attrs,
    package: basic.package_,
    shellPackage: basic.shellPackage,
    path: basic.path,
    pathInStore: basic.pathInStore,
    externalPath: basic.externalPath,
    optionType: basic.optionType,
    optionDeclaration: basic.optionDeclaration,
    deferredModule,
    json,
    toml,
  });
  const { between: intBetween, ...ints } = basic.ints;
  const { between: numberBetween, ...numbers } = basic.numbers;
  const bounded = (name: string, make: typeof intBetween) =>
    fn(name, 2, (lowest, highest) => make(get.number(lowest!), get.number(highest!)));
  return Attrs.fromEntries([
    ...simple,
    ["ints", set({ ...Object.fromEntries(values(ints)), between: bounded("between", intBetween)[1] })],
    [
      "numbers",
      set({ ...Object.fromEntries(values(numbers)), between: bounded("between", numberBetween)[1] }),
    ],
    ofType("listOf", composite.listOf),
    ofType("nonEmptyListOf", composite.nonEmptyListOf),
    ofType("attrsOf", attrs.attrsOf),
    ofType("lazyAttrsOf", attrs.lazyAttrsOf),
    ofType("nullOr", composite.nullOr),
    ofType("uniq", composite.uniq),
    ofType("functionTo", functionTo),
    ofType("passwdEntry", basic.passwdEntry),
    ofType("dagOf", dagOf),
    fn("attrsWith", 1, (settings) => attrsWith(get, settings!)),
    fn("unique", 2, (settings, type) =>
      composite.unique(get.text(get.attrs(settings!).getByName("message") ?? ""), get.type(type!, "unique")),
    ),
    fn("either", 2, (left, right) => composite.either(get.type(left!, "either"), get.type(right!, "either"))),
    fn("oneOf", 1, (types) => oneOf(get, types!)),
    fn("enum", 1, (all) => basic.enumOf(system.evaluator.forceList(all!, noPos, "the values of an enum"))),
    fn("strMatching", 1, (pattern) => basic.strMatchingBytes(get.text(pattern!))),
    fn("separatedString", 1, (separator) => basic.separatedBytes(get.text(separator!))),
    fn("pathWith", 1, (settings) => pathWith(get, settings!)),
    ofType("attrListOf", (elemType) => attrListWith({ elemType })),
    fn("attrListWith", 1, (settings) => attrListOfSettings(get, settings!)),
    // An old name.
    ofType("loaOf", attrs.attrsOf),
    fn("coercedTo", 3, (from, coerce, to) =>
      composite.coercedTo(
        get.type(from!, "coercedTo"),
        (_, one) => system.evaluator.call(coerce!, one),
        get.type(to!, "coercedTo"),
      ),
    ),
    fn("serializableValueWith", 1, (settings) => {
      const attrs = get.attrs(settings!);
      const nullable = get.optional(attrs, "nullable");
      return serializable(
        toText(get.text(attrs.getByName("typeName") ?? "")),
        nullable === undefined || force(nullable) === true,
      );
    }),
    fn("addCheck", 2, (type, holds) =>
      composite.addCheck(get.type(type!, "addCheck"), (_, one) => truth(system, holds!, one)),
    ),
    fn("submodule", 1, (modules) => submoduleOf(system, get.modules(modules!))),
    fn("submoduleWith", 1, (settings) => submoduleWithOf(get, settings!)),
    fn("deferredModuleWith", 1, (settings) =>
      deferredModuleWith(get.modules(get.attrs(settings!).getByName("staticModules") ?? [])),
    ),
    fn("attrTag", 1, (tags) => attrTag(get.attrs(tags!))),
  ]);
}

function truth(system: ModuleSystem, holds: Slot, value: Value): boolean {
  return system.evaluator.forceBool(system.evaluator.call(holds, value), noPos, "the check of a type");
}

function oneOf(get: Arguments, slot: Slot): OptionType {
  const types = get.system.evaluator
    .forceList(slot, noPos, "the argument of types.oneOf")
    .map((type) => get.type(type, "oneOf"));
  const [first, ...others] = types;
  if (first === undefined) {
    throw new NixError("throw", "types.oneOf needs to get at least one type in its argument");
  }
  return composite.oneOf([first, ...others]);
}

function attrsWith(get: Arguments, slot: Slot): OptionType {
  const settings = get.attrs(slot);
  const lazy = get.optional(settings, "lazy");
  const placeholder = get.optional(settings, "placeholder");
  return attrs.attrsWith({
    elemType: get.type(settings.getByName("elemType") ?? null, "attrsWith"),
    lazy: lazy !== undefined && force(lazy) === true,
    ...(placeholder && { placeholder: get.text(placeholder) }),
  });
}

function attrListOfSettings(get: Arguments, slot: Slot): OptionType {
  const settings = get.attrs(slot);
  const asAttrs = get.optional(settings, "asAttrs");
  const merge = get.optional(settings, "mergeAttrValues");
  return attrListWith({
    elemType: get.type(settings.getByName("elemType") ?? null, "attrListWith"),
    asAttrs: asAttrs !== undefined && force(asAttrs) === true,
    ...(merge && {
      mergeValues: (system, name, values) => system.evaluator.call(merge, name, values as Slot[]),
    }),
  });
}

function pathWith(get: Arguments, slot: Slot): OptionType {
  const settings = get.attrs(slot);
  const flag = (name: string) => {
    const value = get.optional(settings, name);
    return value === undefined ? undefined : force(value) === true;
  };
  return basic.pathWith({ inStore: flag("inStore"), absolute: flag("absolute") });
}

function submoduleWithOf(get: Arguments, slot: Slot): OptionType {
  const settings = get.attrs(slot);
  const optional = (name: string) => get.optional(settings, name);
  const [specialArgs, shorthand, description, className] = [
    optional("specialArgs"),
    optional("shorthandOnlyDefinesConfig"),
    optional("description"),
    optional("class"),
  ];
  const textOf = (one: Slot | undefined) => {
    const value = one === undefined ? null : force(one);
    return isString(value) ? characters(value) : undefined;
  };
  const modules = get.modules(settings.getByName("modules") ?? []);
  return submoduleWith({
    modules,
    findFreeformType: () => freeformTypeOf(get.system, modules),
    ...(specialArgs && { specialArgs: Object.fromEntries(get.attrs(specialArgs).entries()) }),
    // Set to null it is neither said nor left out: that is how nested option declarations join in.
    shorthandOnlyDefinesConfig: settings.getByName("shorthandOnlyDefinesConfig")
      ? shorthand === undefined
        ? undefined
        : force(shorthand) === true
      : false,
    description: textOf(description),
    class: textOf(className),
  });
}
