/** Values of data formats: JSON, TOML. */
import type { OptionType } from "../type.ts";
import { attrsOf } from "./attrs.ts";
import { bool, float, int, path, str } from "./basic.ts";
import { listOf, nullOr, oneOf, recursive } from "./composite.ts";
import { withParts } from "./make.ts";

/** Values that a format can hold: scalars, lists and sets of such values, and null unless the format has none. */
export function serializable(format: string, nullable = true): OptionType<unknown> {
  const description = `${format} value`;
  const value: OptionType<unknown> = recursive("serializable", description, () => type);
  const scalars = oneOf([bool, int, float, str, path, attrsOf(value), listOf(value)]);
  const type = withParts<unknown>(nullable ? nullOr(scalars) : scalars, { description });
  return type;
}

export const json = serializable("JSON");
export const toml = serializable("TOML", false);
