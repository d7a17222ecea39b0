/**
 * Domain names (RFC 1035, sections 2.3.4 and 5.1): as texts, `www.example.com.`, and as their labels. A label is a
 * string of bytes (units 0..255), since DNS knows no characters; the root has no labels.
 */
import { domainToASCII } from "node:url";
import { DnsProblem } from "./problem.ts";

export type Name = readonly string[];

export const root: Name = [];

/**
 * Reads a name as in a zone file: without a final dot it is relative to the origin, `@` is the origin itself, `\.` and
 * `\065` stand for one byte. Letters beyond ASCII become what IDNA makes of them.
 */
export function parseName(text: string, origin: Name): Name {
  if (text === "@") return origin;
  if (text === ".") return root;
  const { labels, absolute } = splitLabels(text);
  const name = absolute ? labels : [...labels, ...origin];
  if (wireLength(name) > 255)
    throw new DnsProblem(`the name '${showName(name)}' is longer than 255 bytes (RFC 1035, section 2.3.4)`);
  return name;
}

function splitLabels(text: string): { readonly labels: string[]; readonly absolute: boolean } {
  const labels: string[] = [];
  let label = "";
  let international = false;
  const finish = () => {
    labels.push(checkedLabel(international ? toAscii(label, text) : label, text));
    label = "";
    international = false;
  };
  let rest = text;
  while (rest !== "") {
    const [escaped, decimal, character] = /^\\(?:([0-9]{3})|([!-/:-~]))/.exec(rest) ?? [];
    if (escaped !== undefined) {
      if (Number(decimal ?? 0) > 255)
        throw new DnsProblem(`'${text}' has the escape '${escaped}', which is no byte`);
      label += character ?? String.fromCharCode(Number(decimal));
    } else if (rest.startsWith("\\")) {
      throw new DnsProblem(`'${text}' has a backslash without three digits or one other character behind it`);
    } else if (rest.startsWith(".")) {
      finish();
      if (rest === ".") return { labels, absolute: true };
    } else {
      international ||= rest[0]! > "\x7f";
      label += rest[0];
    }
    rest = rest.slice(escaped?.length ?? 1);
  }
  finish();
  return { labels, absolute: false };
}

function checkedLabel(label: string, text: string): string {
  if (label === "") throw new DnsProblem(`'${text}' is not a name: it has an empty part`);
  if (label.length > 63)
    throw new DnsProblem(
      `'${text}' has a part of ${label.length} bytes; at most 63 are allowed (RFC 1035, section 2.3.4)`,
    );
  return label;
}

function toAscii(label: string, text: string): string {
  // Not alone: what looks like a number would be read as an address.
  const [ascii = "", ...more] = domainToASCII(`${label}.x`).split(".");
  if (ascii === "") throw new DnsProblem(`'${text}' has letters that no domain name may have (IDNA)`);
  if (more.length > 1)
    throw new DnsProblem(
      `'${text}' has a character that stands for a dot (IDNA); write '.' where a label ends`,
    );
  return ascii;
}

/** Bytes of the name in a message, with the length of each label and the root. */
function wireLength(name: Name): number {
  return name.reduce((sum, label) => sum + label.length + 1, 1);
}

/** The absolute name, as it stands in a zone file. */
export function showName(name: Name): string {
  return name.length === 0 ? "." : name.map((label) => `${showLabel(label)}.`).join("");
}

/** Relative to an origin that it lies in: `@`, `www`; absolute otherwise. */
export function showRelative(name: Name, origin: Name): string {
  if (!isWithin(name, origin)) return showName(name);
  if (name.length === origin.length) return "@";
  return name
    .slice(0, name.length - origin.length)
    .map(showLabel)
    .join(".");
}

/** Decimal, since what a character means behind a backslash is not the same everywhere (BIND: `\[`). */
function showLabel(label: string): string {
  return label.replace(/[^A-Za-z0-9_*/+=:-]/g, (byte) =>
    byte === "." ? "\\." : `\\${String(byte.charCodeAt(0)).padStart(3, "0")}`,
  );
}

/** Equal for names that DNS does not tell apart. */
export function nameKey(name: Name): string {
  return showName(name).toLowerCase();
}

export function sameName(a: Name, b: Name): boolean {
  return a.length === b.length && isWithin(a, b);
}

/** Whether the name is the domain or lies below it. */
export function isWithin(name: Name, domain: Name): boolean {
  const above = name.length - domain.length;
  return (
    above >= 0 && domain.every((label, index) => label.toLowerCase() === name[above + index]!.toLowerCase())
  );
}

/** The names above, the nearest first, down to the domain itself. */
export function ancestorsWithin(name: Name, domain: Name): Name[] {
  const count = Math.max(0, name.length - domain.length);
  return Array.from({ length: count }, (_, index) => name.slice(index + 1));
}

/** By their labels from the right, as in the tree of names (RFC 4034, section 6.1). */
export function compareNames(a: Name, b: Name): number {
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const left = a[a.length - i]!.toLowerCase();
    const right = b[b.length - i]!.toLowerCase();
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** Whether a machine may be called so: letters, digits and hyphens (RFC 1123, section 2.1); a wildcard as owner. */
export function isHostName(name: Name): boolean {
  return name.length > 0 && name.every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(label));
}

/** The longest of the domains that the name lies in. */
export function longestSuffix<T extends { readonly name: Name }>(
  name: Name,
  domains: readonly T[],
): T | undefined {
  return domains
    .filter((domain) => isWithin(name, domain.name))
    .reduce<T | undefined>(
      (best, domain) => (best === undefined || domain.name.length > best.name.length ? domain : best),
      undefined,
    );
}
