/** TOML to values. */
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { Attrs, type Slot, type Value } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import { intern, type Sym } from "../syntax/symbols.ts";
import { attrsOfMap } from "./attrs.ts";
import type { Builtin } from "./builtin.ts";
import { checkNoNul } from "./nul.ts";
import { parseToml, TomlDate, TomlError, TomlTable, type TomlValue } from "./toml-parse.ts";

export function tomlFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "fromTOML",
      arity: 1,
      global: true,
      doc: "The value that a TOML 1.0.0 text describes. Dates and times fail, unless the experimental feature `parse-toml-timestamps` is on.",
      fn: (slot) => {
        const what = "the argument passed to builtins.fromTOML";
        const text = evaluator.forceString(slot, noPos, what, undefined);
        const timestamps = evaluator.settings.experimentalFeatures?.has("parse-toml-timestamps") === true;
        return valueOfToml(text, timestamps);
      },
    },
  ];
}

/** The value of a TOML text (a byte string). Throws a NixError. */
export function valueOfToml(text: string, timestamps: boolean): Value {
  let document: TomlTable;
  try {
    document = parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new NixError("eval", `while parsing TOML: ${error.message}`, { cause: error });
  }
  return toValue(document, timestamps);
}

function toValue(toml: TomlValue, timestamps: boolean): Value {
  if (toml instanceof TomlTable) {
    const attrs = new Map<Sym, Slot>();
    for (const [name, value] of toml.entries) attrs.set(intern(checked(name)), toValue(value, timestamps));
    return attrsOfMap(attrs, (slot) => slot);
  }
  if (Array.isArray(toml)) return toml.map((element) => toValue(element, timestamps));
  if (toml instanceof TomlDate) {
    if (!timestamps) {
      throw new NixError("eval", "while parsing TOML: Dates and times are not supported");
    }
    return Attrs.fromEntries([
      ["_type", "timestamp"],
      ["value", toml.text],
    ]);
  }
  return typeof toml === "string" ? checked(toml) : toml;
}

function checked(text: string): string {
  try {
    checkNoNul(text);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    throw new NixError("eval", `while parsing TOML: error: ${error.message}`);
  }
  return text;
}
