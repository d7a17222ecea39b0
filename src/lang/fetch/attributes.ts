/** The attributes of inputs, and what some of them mean for all types. Failures are StoreErrors. */
import { StoreError } from "../../store/errors.ts";
import { type Hash, parseHash, printHash } from "../../store/hash.ts";

export type InputValue = string | bigint | boolean;

/** By name, `type` among them; the names are those of the input's scheme. */
export type InputAttrs = ReadonlyMap<string, InputValue>;

export function typeOf(input: InputAttrs): string {
  return requiredString(input, "type");
}

export function narHashOf(input: InputAttrs): Hash | undefined {
  const text = stringAttr(input, "narHash");
  if (text === undefined) return undefined;
  if (text === "") return { algorithm: "sha256", bytes: new Uint8Array(32) };
  if (!text.includes("-")) throw new StoreError(`hash '${text}' is not SRI`);
  // There are lock files without the padding that base 64 has.
  const padded = text.padEnd(
    text.indexOf("-") + 1 + 4 * Math.ceil((text.length - text.indexOf("-") - 1) / 4),
    "=",
  );
  const hash = parseHash(padded);
  if (hash.algorithm !== "sha256") throw new StoreError("narHash must use SHA-256");
  return hash;
}

/** The revision in base 16. */
export function revOf(input: InputAttrs): string | undefined {
  const text = stringAttr(input, "rev");
  if (text === undefined) return undefined;
  return printHash(/^[a-z0-9]+[:-]/.test(text) ? parseHash(text) : parseHash(text, "sha1"), "base16", false);
}

export function stringAttr(attrs: InputAttrs, name: string): string | undefined {
  const value = attrs.get(name);
  if (value === undefined || typeof value === "string") return value;
  throw new StoreError(`input attribute '${name}' is not a string ${inputJson(attrs)}`);
}

export function requiredString(attrs: InputAttrs, name: string): string {
  const value = stringAttr(attrs, name);
  if (value === undefined) throw new StoreError(`input attribute '${name}' is missing`);
  return value;
}

export function integerAttr(attrs: InputAttrs, name: string): bigint | undefined {
  const value = attrs.get(name);
  if (value === undefined || typeof value === "bigint") return value;
  throw new StoreError(`input attribute '${name}' is not an integer`);
}

/** False when it is not there. */
export function flagAttr(attrs: InputAttrs, name: string): boolean {
  const value = attrs.get(name);
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new StoreError(`input attribute '${name}' is not a Boolean`);
}

/** The same, with some attributes added or (undefined) taken away. */
export function withAttrs(
  input: InputAttrs,
  changes: Readonly<Record<string, InputValue | undefined>>,
): InputAttrs {
  const attrs = new Map(input);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) attrs.delete(name);
    else attrs.set(name, value);
  }
  return attrs;
}

export function sameAttrs(a: InputAttrs, b: InputAttrs): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

/** As messages show an input that may have no URL; a byte string. */
export function inputJson(input: InputAttrs): string {
  const members = [...input]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${quote(name)}:${typeof value === "string" ? quote(value) : String(value)}`);
  return `{${members.join(",")}}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
