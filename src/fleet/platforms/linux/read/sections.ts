/** The text of systemd's configuration files: sections of `Key=value` lines (systemd.syntax(7)). */
import { NixError } from "../../../../lang/eval/errors.ts";
import { force, type Slot } from "../../../../lang/eval/value.ts";
import { joinTexts, type Reader } from "../../../reader.ts";
import type { StoreText } from "../system.ts";

/** One line: `[key, value]`. */
export type SectionLine = readonly [key: string, value: StoreText];

/** `[Name]` and its lines; nothing when there are none. */
export function renderSection(name: string, lines: readonly SectionLine[]): StoreText {
  if (lines.length === 0) return { text: "", references: [] };
  return joinTexts([`[${name}]\n`, ...lines.flatMap(([key, value]) => [`${key}=`, value, "\n"])]);
}

/** The sections, with an empty line between them. */
export function renderSections(sections: readonly StoreText[]): StoreText {
  const filled = sections.filter((section) => section.text !== "");
  return joinTexts(filled.flatMap((section, index) => (index === 0 ? [section] : ["\n", section])));
}

export function line(key: string, value: string): SectionLine {
  return [key, { text: value, references: [] }];
}

/** The lines of an option like `serviceConfig`: a list gives several, null none. */
export function sectionLines(reader: Reader, slot: Slot, option: string): SectionLine[] {
  return reader.entries(slot, (key, value) => valueLines(reader, key, value, `${option}.${key}`)).flat();
}

function valueLines(reader: Reader, key: string, slot: Slot, option: string): SectionLine[] {
  const value = force(slot);
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((element: Slot) => valueLines(reader, key, element, option));
  return [[key, scalarText(reader, slot, option)]];
}

function scalarText(reader: Reader, slot: Slot, option: string): StoreText {
  const value = force(slot);
  if (typeof value === "boolean") return { text: value ? "true" : "false", references: [] };
  if (typeof value === "bigint" || typeof value === "number") return { text: String(value), references: [] };
  const text = reader.text(slot);
  if (text.text.includes("\n")) {
    throw new NixError(
      "module",
      `option '${option}' has a line break in its value, which would start another line of the file; use a list for several lines`,
    );
  }
  return text;
}
