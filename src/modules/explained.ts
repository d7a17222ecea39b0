/** Definitions and options as plain data, for people: texts are JavaScript strings. */
import { Attrs, force, type Slot } from "../lang/eval/value.ts";
import { toText } from "../store/bytes.ts";
import { characters, isString } from "./check.ts";
import { plainOrder } from "./properties.ts";
import { showValue } from "./show.ts";
import type { ExplainedDefinition } from "./type.ts";

export interface DefinitionReport {
  /** `file:line:column`, as much as is known. */
  readonly place: string;
  /** The file of the module that defines it. */
  readonly module: string;
  readonly priority: number;
  /** The priority in words: `mkForce`, `mkDefault`, `option default`, `mkOverride 90`; null: a plain definition. */
  readonly property: string | null;
  /** `mkBefore`, `mkAfter`, `mkOrder 700`; null: the plain place. */
  readonly order: string | null;
  /** Another definition with a smaller priority won over it. */
  readonly discarded: boolean;
  /** As Nix code, shortened. */
  readonly value: string;
}

export function reportDefinition(def: ExplainedDefinition): DefinitionReport {
  return {
    place: toText(def.place),
    module: toText(def.file),
    priority: def.priority,
    property: priorityWords(def.priority),
    order: orderWords(def.order),
    discarded: def.discarded,
    value: toText(showValue(def.value)),
  };
}

/** The functions of `lib` that give these priorities. */
function priorityWords(priority: number): string | null {
  switch (priority) {
    case 100:
      return null;
    case 10:
      return "mkVMOverride";
    case 50:
      return "mkForce";
    case 60:
      return "mkImageMediaOverride";
    case 1000:
      return "mkDefault";
    case 1500:
      return "option default";
    default:
      return `mkOverride ${priority}`;
  }
}

function orderWords(order: number): string | null {
  switch (order) {
    case plainOrder:
      return null;
    case 500:
      return "mkBefore";
    case 1500:
      return "mkAfter";
    default:
      return `mkOrder ${order}`;
  }
}

export interface OptionReport {
  /** `nodes.<name>.host` */
  readonly name: string;
  /** What its type is called; undefined when its declarations cannot be merged. */
  readonly type: string;
  /** As Nix code, or what `defaultText` says; null: there is none. */
  readonly default: string | null;
  readonly example: string | null;
  readonly description: string | null;
  readonly readOnly: boolean;
  /** Where it is declared: `file:line:column`, as much as is known. */
  readonly declarations: readonly string[];
}

/** What an option (a value of `options.<name>`) says about itself. */
export function reportOption(name: string, option: Attrs): OptionReport {
  const type = attrs(option.getByName("type"));
  return {
    name,
    type: text(type?.getByName("description")) ?? "unspecified",
    default: literal(option.getByName("defaultText") ?? option.getByName("default")),
    example: literal(option.getByName("example")),
    description: text(option.getByName("description"))?.trim() ?? null,
    readOnly: flag(option, "readOnly"),
    declarations: declarationsOf(option),
  };
}

/** Whether documentation leaves the option out. */
export function isHidden(option: Attrs): boolean {
  const visible = option.getByName("visible");
  return flag(option, "internal") || (visible !== undefined && force(visible) === false);
}

function declarationsOf(option: Attrs): string[] {
  const positions = list(option.getByName("declarationPositions"));
  return positions.map((slot) => {
    const position = attrs(slot);
    const file = text(position?.getByName("file")) ?? "<unknown-file>";
    const line = position && force(position.getByName("line") ?? null);
    const column = position && force(position.getByName("column") ?? null);
    return typeof line === "bigint" ? `${file}:${line}:${column}` : file;
  });
}

/** A value as Nix code; a text that says itself that it is code (`literalExpression`) or prose is taken as it is. */
function literal(slot: Slot | undefined): string | null {
  if (slot === undefined) return null;
  const said = attrs(slot)?.getByName("text");
  const kind = attrs(slot)?.getByName("_type");
  if (said !== undefined && kind !== undefined) return text(said) ?? null;
  return toText(showValue(slot, 4));
}

function attrs(slot: Slot | undefined): Attrs | undefined {
  const value = slot === undefined ? null : force(slot);
  return value instanceof Attrs ? value : undefined;
}

function list(slot: Slot | undefined): readonly Slot[] {
  const value = slot === undefined ? null : force(slot);
  return Array.isArray(value) ? (value as readonly Slot[]) : [];
}

function text(slot: Slot | undefined): string | undefined {
  const value = slot === undefined ? null : force(slot);
  if (isString(value)) return toText(characters(value));
  // `literalMD` and its like.
  return value instanceof Attrs ? text(value.getByName("text")) : undefined;
}

function flag(option: Attrs, name: string): boolean {
  const slot = option.getByName(name);
  return slot !== undefined && force(slot) === true;
}
