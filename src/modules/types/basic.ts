/** Types without parts: numbers, strings, paths, packages. */

import { NixError } from "../../lang/eval/errors.ts";
import { typeOf } from "../../lang/eval/type-name.ts";
import { Attrs, force, NixPath, NixString, type Slot, type Value } from "../../lang/eval/value.ts";
import { intern } from "../../lang/syntax/symbols.ts";
import { fromText } from "../../store/bytes.ts";
import { characters, isDerivation, isString, isStringLike } from "../check.ts";
import type { Definable } from "../definable.ts";
import { unknownFile } from "../names.ts";
import { typeTag } from "../properties.ts";
import { showString } from "../show.ts";
import type { SourcePath, StoreString } from "../store-string.ts";
import type { ModuleSystem } from "../system.ts";
import type { Location, OptionType } from "../type.ts";
import { isNativeType, makeType, phrase, withParts } from "./make.ts";
import { concatStrings, mergeDefault, mergeOne, updateAll } from "./merge.ts";
import { posixPattern } from "./pattern.ts";

/** What TypeScript reads from a string option: text, or a string with references to the store. */
export type Text = string;
/** What it may be defined with. */
export type TextDefinition = Definable<string | StoreString>;
export type TextType = OptionType<Text, TextDefinition>;

type NumberDefinition = Definable<number | bigint>;
export type NumberType = OptionType<number, NumberDefinition>;
type PathDefinition = Definable<string | StoreString | SourcePath | Readonly<Record<string, unknown>>>;
/** What reads as a path value is a {@link SourcePath}. */
export type PathType = OptionType<string | StoreString, PathDefinition>;

export const raw = makeType<unknown>({
  name: "raw",
  description: "raw value",
  descriptionClass: "noun",
  check: () => true,
  merge: mergeOne,
});

export const unspecified = makeType<unknown>({
  name: "unspecified",
  description: "unspecified value",
  descriptionClass: "noun",
  check: () => true,
  merge: mergeDefault,
});

const isBool = (_: ModuleSystem, value: Value) => typeof value === "boolean";
const isInt = (_: ModuleSystem, value: Value): value is bigint => typeof value === "bigint";
const isText = (_: ModuleSystem, value: Value) => isString(value);

export const bool = makeType<boolean>({
  name: "bool",
  description: "boolean",
  descriptionClass: "noun",
  check: isBool,
});

export const boolByOr = makeType<boolean>({
  name: "boolByOr",
  description: "boolean (merged using or)",
  descriptionClass: "noun",
  check: isBool,
  merge: (_, __, defs) => defs.some((def) => force(def.value) === true),
});

export const int = makeType<number, NumberDefinition>({
  name: "int",
  description: "signed integer",
  descriptionClass: "noun",
  check: isInt,
});

export const float = makeType<number>({
  name: "float",
  description: "floating point number",
  descriptionClass: "noun",
  check: (_, value) => typeof value === "number",
});

const isNumber = (value: Value): value is bigint | number =>
  typeof value === "bigint" || typeof value === "number";

export const number = makeType<number, NumberDefinition>({
  name: "either",
  description: "signed integer or floating point number",
  descriptionClass: "conjunction",
  check: (_, value) => isNumber(value),
  nestedTypes: { left: int, right: float },
});

function restricted(
  of: NumberType,
  name: string,
  description: string,
  descriptionClass: OptionType["descriptionClass"],
  holds: (value: bigint | number) => boolean,
): NumberType {
  return withParts<number, NumberDefinition>(of, {
    name,
    description,
    descriptionClass,
    check: (system, value) => of.check(system, value) && isNumber(value) && holds(value),
  });
}

type Bound = bigint | number;

function between(
  of: NumberType,
  name: string,
  lowest: Bound,
  highest: Bound,
  describe: (range: string) => string,
) {
  if (lowest > highest) {
    throw new NixError("module", `${name}: lowest (${lowest}) must be smaller than highest (${highest})`);
  }
  return restricted(
    of,
    name,
    describe(`${lowest} and ${highest} (both inclusive)`),
    of.descriptionClass,
    (value) => value >= lowest && value <= highest,
  );
}

const sized = (bits: number, signed: boolean) => {
  const range = 2n ** BigInt(bits);
  const [lowest, highest] = signed ? [-(range / 2n), range / 2n - 1n] : [0n, range - 1n];
  const kind = signed ? "signed" : "unsigned";
  return between(
    int,
    `${kind}Int${bits}`,
    lowest,
    highest,
    (bounds) => `${bits} bit ${kind} integer; between ${bounds}`,
  );
};

export const ints = {
  between: (lowest: Bound, highest: Bound) =>
    between(int, "intBetween", lowest, highest, (range) => `integer between ${range}`),
  unsigned: restricted(
    int,
    "unsignedInt",
    "unsigned integer, meaning >=0",
    "nonRestrictiveClause",
    (n) => n >= 0,
  ),
  positive: restricted(
    int,
    "positiveInt",
    "positive integer, meaning >0",
    "nonRestrictiveClause",
    (n) => n > 0,
  ),
  u8: sized(8, false),
  u16: sized(16, false),
  u32: sized(32, false),
  s8: sized(8, true),
  s16: sized(16, true),
  s32: sized(32, true),
} as const;

export const port = ints.u16;

const orFloat = "integer or floating point number";

export const numbers = {
  between: (lowest: Bound, highest: Bound) =>
    between(number, "numberBetween", lowest, highest, (range) => `${orFloat} between ${range}`),
  nonnegative: restricted(
    number,
    "numberNonnegative",
    `nonnegative ${orFloat}, meaning >=0`,
    "nonRestrictiveClause",
    (n) => n >= 0,
  ),
  positive: restricted(
    number,
    "numberPositive",
    `positive ${orFloat}, meaning >0`,
    "nonRestrictiveClause",
    (n) => n > 0,
  ),
} as const;

export const str = makeType<Text, TextDefinition>({
  name: "str",
  description: "string",
  descriptionClass: "noun",
  check: isText,
});

export const nonEmptyStr = makeType<Text, TextDefinition>({
  name: "nonEmptyStr",
  description: "non-empty string",
  descriptionClass: "noun",
  check: (_, value) => isString(value) && !/^[ \t\n]*$/.test(characters(value)),
});

export const singleLineStr = makeType<Text, TextDefinition>({
  name: "singleLineStr",
  description: "(optionally newline-terminated) single-line string",
  descriptionClass: "noun",
  check: (_, value) => isString(value) && /^[^\n\r]*\n?$/.test(characters(value)),
  merge: (system, loc, defs) => {
    const value = str.merge(system, loc, defs);
    if (!isString(value) || !characters(value).endsWith("\n")) return value;
    return typeof value === "string"
      ? value.slice(0, -1)
      : new NixString(value.text.slice(0, -1), value.context);
  },
});

/** Strings that match the extended POSIX regular expression as a whole. */
export const strMatching = (pattern: string): TextType => strMatchingBytes(fromText(pattern));

/** The same; the pattern is a byte string. */
export function strMatchingBytes(source: string): TextType {
  const matcher = posixPattern(source);
  const type: TextType = makeType<Text, TextDefinition>({
    name: `strMatching ${showString(source)}`,
    functorName: "strMatching",
    description: `string matching the pattern ${source}`,
    descriptionClass: "noun",
    check: (system, value) => isString(value) && matcher(system, value),
    typeMerge: (_, other) => (other.name === type.name ? type : undefined),
    payload: () => Attrs.fromEntries([["pattern", source]]),
  });
  return type;
}

/** Strings that are concatenated with the separator between them. */
export const separatedString = (separator: string): TextType => separatedBytes(fromText(separator));

/** The same; the separator is a byte string. */
export function separatedBytes(between: string): TextType {
  const type: TextType = makeType<Text, TextDefinition>({
    name: "separatedString",
    description: `strings concatenated with ${showString(between)}`,
    descriptionClass: "noun",
    check: isText,
    merge: (_, __, defs) =>
      concatStrings(
        between,
        defs.map((def) => force(def.value) as string | NixString),
      ),
    typeMerge: (_, other) => (other.description === type.description ? type : undefined),
    payload: () => Attrs.fromEntries([["sep", between]]),
  });
  return type;
}

export const lines = separatedString("\n");
export const commas = separatedString(",");
export const envVar = separatedString(":");

/** A string that can be a field of /etc/passwd. */
export function passwdEntry<T, D>(type: OptionType<T, D>): OptionType<T, D> {
  return withParts<T, D>(type, {
    name: `passwdEntry ${type.name}`,
    get description() {
      return `${phrase(type, "noun")}, not containing newlines or colons`;
    },
    descriptionClass: "nonRestrictiveClause",
    check: (system, value) =>
      type.check(system, value) && !(isString(value) && /[:\n]/.test(characters(value))),
  });
}

export const attrs = makeType<Readonly<Record<string, unknown>>>({
  name: "attrs",
  description: "attribute set",
  check: (_, value) => value instanceof Attrs,
  merge: (_, __, defs) => updateAll(defs.map((def) => force(def.value) as Attrs)),
  emptyValue: () => new Attrs(emptyShape.shape, []),
});
const emptyShape = Attrs.fromEntries([]);

export interface PathRules {
  /** Whether it must be in the store; undefined: may be. */
  readonly inStore?: boolean | undefined;
  /** Whether it must be absolute; undefined: may be. */
  readonly absolute?: boolean | undefined;
}

export function pathWith({ inStore, absolute }: PathRules): PathType {
  if (inStore === true && absolute === false) {
    throw new NixError("module", "In pathWith, inStore means the path must be absolute");
  }
  const shape = absolute === undefined ? "" : absolute ? "absolute " : "relative ";
  const where = inStore === undefined ? "" : inStore ? " in the Nix store" : " not in the Nix store";
  const type: PathType = makeType<string | StoreString, PathDefinition>({
    name: "path",
    description: `${shape}path${where}`,
    descriptionClass: "noun",
    check: (system, value) => {
      // A path value would be copied to the store later on, so it can be none that must stay outside.
      if (inStore === false ? !isString(value) : !isStringLike(value)) return false;
      const path = pathText(system, value);
      return (
        (absolute === undefined || absolute === path.startsWith("/")) &&
        (inStore === undefined || inStore === isInStore(system, path))
      );
    },
    typeMerge: (_, other) =>
      other.functorName === "path" && other.description === type.description ? type : undefined,
    payload: () =>
      Attrs.fromEntries([
        ["inStore", inStore ?? null],
        ["absolute", absolute ?? null],
      ]),
  });
  return type;
}

function pathText(system: ModuleSystem, value: Value): string {
  if (isString(value)) return characters(value);
  if (value instanceof NixPath) return value.path;
  return system.toStringValue(value).text;
}

/** Whether it is, or is inside, a store object with a hash. */
function isInStore(system: ModuleSystem, path: string): boolean {
  const { storeDir } = system.evaluator.host.store;
  if (!path.startsWith(`${storeDir}/`)) return false;
  return /^(?:[0-9a-df-np-sv-z]{32}-[^/]|[0-9a-df-np-sv-z]{52}(?:\/|$))/.test(
    path.slice(storeDir.length + 1),
  );
}

export const path = pathWith({ absolute: true });
export const pathInStore = pathWith({ inStore: true });
export const externalPath = pathWith({ absolute: true, inStore: false });

function isStorePath(system: ModuleSystem, value: Value): boolean {
  if (!isStringLike(value)) return false;
  const { storeDir } = system.evaluator.host.store;
  const text = pathText(system, value);
  return (
    text.startsWith(`${storeDir}/`) && /^[0-9a-df-np-sv-z]{32}-[^/]+$/.test(text.slice(storeDir.length + 1))
  );
}

export const package_ = makeType<unknown>({
  name: "package",
  description: "package",
  descriptionClass: "noun",
  check: (system, value) => isDerivation(value) || isStorePath(system, value),
  merge: (system, loc, defs) => {
    const value = mergeOne(system, loc, defs);
    const bare = value instanceof NixPath || typeof value === "string";
    return bare ? system.libCall("toDerivation", value) : value;
  },
});

const shellPath = intern("shellPath");

export const shellPackage = withParts<unknown>(package_, {
  check: (_, value) => isDerivation(value) && (value as Attrs).has(shellPath),
});

/** One of these values. */
export function enum_<const T extends string | number | boolean | null>(values: readonly T[]): OptionType<T> {
  return enumOf(
    values.map((value) =>
      typeof value === "string" ? fromText(value) : typeof value === "number" ? BigInt(value) : value,
    ),
  ) as OptionType<T>;
}

/** The same with values of the language. */
export function enumOf(values: readonly Slot[]): OptionType {
  const shown = (slot: Slot) => {
    const value = force(slot);
    if (isString(value)) return `"${characters(value)}"`;
    return typeof value === "bigint" || typeof value === "boolean" ? String(value) : `<${typeOf(value)}>`;
  };
  return makeType<unknown>({
    name: "enum",
    get description() {
      if (values.length === 0) return "impossible (empty enum)";
      if (values.length === 1) return `value ${shown(values[0]!)} (singular enum)`;
      return `one of ${values.map(shown).join(", ")}`;
    },
    descriptionClass: values.length < 2 ? "noun" : "conjunction",
    check: (system, value) => values.some((one) => system.evaluator.equal(one, value)),
    typeMerge: (system, other) => {
      const others = other.payload(system)?.get(symValues);
      if (other.functorName !== "enum" || others === undefined) return undefined;
      const all = [...values];
      for (const one of force(others) as readonly Slot[]) {
        if (!all.some((known) => system.evaluator.equal(known, one))) all.push(one);
      }
      return enumOf(all);
    },
    payload: () => Attrs.fromEntries([["values", values]]),
  });
}
const symValues = intern("values");

export const optionType = makeType<unknown>({
  name: "optionType",
  description: "optionType",
  descriptionClass: "noun",
  check: (system, value) => system.asType(value) !== undefined,
  merge: (system, loc, defs) => {
    let merged: OptionType | undefined;
    for (const def of defs) {
      const type = located(system.asType(force(def.value))!, def.file);
      merged = merged === undefined ? type : mergeTypes(system, loc, merged, type);
    }
    return system.typeValue(merged!);
  },
});

/** The modules of a type that say no file belong to the definition. */
function located(type: OptionType, file: string): OptionType {
  const modules = isNativeType(type) ? type.subModules : undefined;
  if (modules?.some((module) => module.kind === "nix" && module.file === unknownFile) !== true) return type;
  return type.substSubModules(
    modules.map((module) =>
      module.kind === "nix" && module.file === unknownFile ? { ...module, file } : module,
    ),
  );
}

/** A declaration, as `mkOption' makes it; not the option of an evaluation. */
export const optionDeclaration = makeType<unknown>({
  name: "optionDeclaration",
  description: "option declaration",
  descriptionClass: "noun",
  check: (_, value) => typeTag(value) === "option" && !(value as Attrs).has(intern("loc")),
  merge: mergeOne,
});

function mergeTypes(system: ModuleSystem, loc: Location, a: OptionType, b: OptionType): OptionType {
  const merged = a.typeMerge(system, b);
  if (merged !== undefined) return merged;
  throw new NixError(
    "module",
    `The types \`${a.description}' and \`${b.description}' that \`${loc.join(".")}' is defined with cannot be merged.`,
  );
}
