/**
 * Between JavaScript values and values of the Nix language.
 *
 * | JavaScript                                | Nix                                            |
 * |-------------------------------------------|------------------------------------------------|
 * | `null`, `boolean`                         | the same                                       |
 * | `number` (whole and safe), `bigint`       | int                                            |
 * | `number` (other)                          | float                                          |
 * | `string` (text)                           | string without references                      |
 * | `StoreString`, `SourcePath`               | string with references, path                   |
 * | array                                     | list                                           |
 * | object, view of a set                     | set (`undefined` properties are left out)      |
 * | `() => value`                             | a value that is computed when it is needed     |
 * | function with parameters                  | function                                       |
 * | `Property`, `Option`, type, module        | its set in the language                        |
 * | value of the language (a class of it)     | itself                                         |
 *
 * Reading goes the other way: an int is a `number` when it is safe and a `bigint` otherwise, a list an array, a
 * set a view (view.ts), a function a function.
 */
import { NixError } from "../lang/eval/errors.ts";
import {
  Attrs,
  AttrsBuilder,
  force,
  Lambda,
  lazy,
  NixPath,
  NixString,
  PrimOp,
  PrimOpApp,
  type Slot,
  Thunk,
  type Value,
} from "../lang/eval/value.ts";
import { noPos, type Pos } from "../lang/syntax/positions.ts";
import { intern } from "../lang/syntax/symbols.ts";
import { fromText, toText } from "../store/bytes.ts";
import { isFunction, isList, typeName } from "./check.ts";
import { NativeModule, Option, Property } from "./define.ts";
import { moduleArgumentsOf } from "./module-arguments.ts";
import { nativeModuleValue } from "./module-value.ts";
import { type JsFunction, NativeFunction } from "./native-function.ts";
import { makeIf, makeMerge, makeOrder, makeOverride } from "./properties.ts";
import { callScript } from "./script-errors.ts";
import { ScriptModule } from "./script-module.ts";
import { memberPosition } from "./script-position.ts";
import { SourcePath, StoreString } from "./store-string.ts";
import type { ModuleSystem } from "./system.ts";
import { isNativeType } from "./types/make.ts";
import { standFor, viewedValue, viewOf } from "./view.ts";

const maxInt = 2n ** 63n - 1n;
const minInt = -(2n ** 63n);

/** Integral floats need to be marked: JavaScript has no other difference between `2` and `2.0`. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * The value in the language; for messages: `where` says what is converted, e.g. `ssh.access` (a byte string), and
 * `pos` where it was written.
 */
export function fromJs(system: ModuleSystem, value: unknown, where: string, pos: Pos = noPos): Slot {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return fromNumber(value, where, pos);
    case "bigint":
      if (value > maxInt || value < minInt) {
        throw unfit(where, `the integer ${value} does not fit into 64 bits`, pos);
      }
      return value;
    case "string":
      return fromText(value);
    case "function":
      return fromFunction(system, value as JsFunction, where, pos);
    case "object":
      return value === null ? null : fromObject(system, value, where, pos);
    default:
      throw unfit(where, `a value of type ${typeof value} cannot be a definition`, pos);
  }
}

function unfit(where: string, message: string, pos: Pos): NixError {
  return new NixError("module", where === "" ? message : `${where}: ${message}`, { pos: pos || undefined });
}

function fromNumber(value: number, where: string, pos: Pos): Value {
  if (Number.isSafeInteger(value)) return BigInt(value);
  if (Number.isFinite(value)) return value;
  throw unfit(where, `${value} is not a number of the Nix language`, pos);
}

function fromFunction(system: ModuleSystem, fn: JsFunction, where: string, pos: Pos): Slot {
  const known = viewedValue(fn);
  if (known !== undefined) return known;
  if (fn.length === 0) return lazy(() => force(fromJs(system, callScript(fn), where, pos)));
  return new NativeFunction(fromText(fn.name || "lambda"), fn, (...args) => {
    const converted = args.map((arg) => moduleArgumentsOf(system, arg) ?? toJs(system, arg));
    return force(
      fromJs(
        system,
        callScript(() => fn(...converted)),
        where,
        pos,
      ),
    );
  });
}

function fromObject(system: ModuleSystem, value: object, where: string, pos: Pos): Slot {
  const viewed = viewedValue(value);
  if (viewed !== undefined) return viewed;
  if (Array.isArray(value)) {
    return value.map((element: unknown, index) => fromJs(system, element, `${where}[${index}]`, pos));
  }
  if (isLanguageValue(value)) return value;
  if (value instanceof StoreString) return value.value;
  if (value instanceof SourcePath) return value.toNix();
  if (value instanceof Float) return value.value;
  if (value instanceof Property) return fromProperty(system, value, where, pos);
  if (value instanceof Option) return fromOption(system, value, where);
  if (value instanceof NativeModule || value instanceof ScriptModule) return nativeModuleValue(value);
  if (isNativeType(value)) return system.typeValue(value);
  if (!isPlainObject(value)) {
    throw unfit(
      where,
      value instanceof Promise
        ? "a promise cannot be a definition: modules are synchronous"
        : "an object of a class cannot be a definition; give a plain one",
      pos,
    );
  }
  const builder = new AttrsBuilder();
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const attribute = fromText(name);
    const written = memberPosition(value, name);
    builder.set(
      intern(attribute),
      fromJs(system, member, where === "" ? attribute : `${where}.${attribute}`, written || pos),
      written,
    );
  }
  return builder.build();
}

/** Whether an object has no class, wherever it was made. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isLanguageValue(
  value: object,
): value is Thunk | Attrs | NixString | NixPath | Lambda | PrimOp | PrimOpApp {
  return (
    value instanceof Attrs ||
    value instanceof Thunk ||
    value instanceof NixString ||
    value instanceof NixPath ||
    value instanceof Lambda ||
    value instanceof PrimOp ||
    value instanceof PrimOpApp
  );
}

function fromProperty(system: ModuleSystem, { property }: Property, where: string, pos: Pos): Slot {
  switch (property.kind) {
    case "if":
      return makeIf(
        fromJs(system, property.condition, `the condition of mkIf in ${where}`, pos),
        fromJs(system, property.content, where, pos),
      );
    case "merge":
      return makeMerge(property.contents.map((content) => fromJs(system, content, where, pos)));
    case "override":
      return makeOverride(BigInt(property.priority), fromJs(system, property.content, where, pos));
    case "order":
      return makeOrder(BigInt(property.order), fromJs(system, property.content, where, pos));
  }
}

function fromOption(system: ModuleSystem, { type, attributes }: Option, where: string): Attrs {
  const builder = new AttrsBuilder().set(intern("_type"), "option");
  if (type !== undefined) builder.set(intern("type"), system.typeValue(type));
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) builder.set(intern(name), fromJs(system, value, `${where}.${name}`));
  }
  return builder.build();
}

/** The JavaScript value; forces the outermost layer (of a list: of each element too). */
export function toJs(system: ModuleSystem, slot: Slot): unknown {
  const value = force(slot);
  switch (typeof value) {
    case "boolean":
    case "number":
      return value;
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    case "string":
      return toText(value);
    default:
      if (value === null) return null;
      if (value instanceof NixString) return new StoreString(value);
      if (value instanceof NixPath) return new SourcePath(toText(value.path));
      if (isFunction(value)) return functionToJs(system, value);
      if (value instanceof Attrs) return viewOf(system, value);
      if (!isList(value)) throw new NixError("module", `${typeName(value)} cannot be read by TypeScript`);
      return value.map((element) => toJs(system, element));
  }
}

function functionToJs(system: ModuleSystem, fn: Value): JsFunction {
  const call = (...args: unknown[]) =>
    toJs(
      system,
      system.evaluator.call(fn, ...args.map((arg, index) => fromJs(system, arg, `argument ${index + 1}`))),
    );
  return standFor(call, fn);
}
