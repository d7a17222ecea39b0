/** Character strings of DNS: at most 255 bytes each (RFC 1035, section 3.3). */
import { fromText } from "../../../store/bytes.ts";
import { DnsProblem } from "./problem.ts";

const longest = 255;

/** Bytes of any number as the strings of one TXT record, whose readers put them together again. */
export function splitBytes(bytes: string): string[] {
  if (bytes.length > 65_000)
    throw new DnsProblem(`a text of ${bytes.length} bytes does not fit into a record`);
  const strings: string[] = [];
  for (let start = 0; start < bytes.length; start += longest)
    strings.push(bytes.slice(start, start + longest));
  return strings.length === 0 ? [""] : strings;
}

/** In quotes, as in a zone file; the string is one of bytes. */
export function quote(bytes: string): string {
  const escaped = bytes.replace(/[^ !#-[\]-~]/g, (byte) =>
    byte === '"' || byte === "\\" ? `\\${byte}` : `\\${String(byte.charCodeAt(0)).padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}

/**
 * The words of a record's data, as strings of bytes: between blanks, or in double quotes. Escapes stay in words without
 * quotes, where they may belong to a name.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = fromText(text).trim();
  while (rest !== "") {
    const [quoted, inside] = /^"((?:[^"\\]|\\.)*)"/s.exec(rest) ?? [];
    const word = quoted ?? /^(?:[^\s"\\]|\\.)+/s.exec(rest)?.[0];
    if (word === undefined)
      throw new DnsProblem(`'${text}' has a quotation mark or backslash without an end`);
    words.push(inside === undefined ? word : withoutEscapes(inside));
    const after = rest.slice(word.length);
    if (after !== "" && !/^\s/.test(after))
      throw new DnsProblem(`'${text}' has no blank between two of its words`);
    rest = after.trim();
  }
  return words;
}

/** `\"` and `\034` are the byte. */
function withoutEscapes(text: string): string {
  return text.replace(/\\([0-9]{3}|.)/gs, (_, escaped: string) =>
    /^[0-9]{3}$/.test(escaped) ? String.fromCharCode(Number(escaped)) : escaped,
  );
}
