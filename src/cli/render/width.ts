/** Texts that have to fit into columns of a terminal. */
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";

const segmenter = new Intl.Segmenter();

/** One line without anything that a terminal would obey. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The text in at most so many columns, cut with an ellipsis; with spaces behind it where it is shorter and `pad` is true. */
export function shorten(text: string, columns: number, pad = false): string {
  const whole = widthOf(text);
  if (whole <= columns) return pad ? text + " ".repeat(columns - whole) : text;
  if (columns < 1) return "";
  let cut = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const width = widthOf(segment);
    if (used + width > columns - 1) break;
    cut += segment;
    used += width;
  }
  const shortened = `${cut}…`;
  return pad ? shortened + " ".repeat(Math.max(0, columns - widthOf(shortened))) : shortened;
}
