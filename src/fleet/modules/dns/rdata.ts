/**
 * The data of a record from what a user wrote: the fields of the long form, or one text as in a zone file. Messages
 * say what is wrong with the value; the option is put in front by the caller.
 */
import { fromText, toText } from "../../../store/bytes.ts";
import { ipv4, ipv6 } from "./address.ts";
import type { RecordData, RecordType } from "./data.ts";
import { type Name, parseName } from "./name.ts";
import { DnsProblem } from "./problem.ts";
import { splitBytes, splitWords } from "./strings.ts";

/** Fields by name; a field that is not set is null. */
export type Fields = Readonly<Record<string, string | number | null>>;

/** The fields of each type in the order of a zone file, with the type's own text as the last. */
const fieldsOf = {
  A: ["address"],
  AAAA: ["address"],
  NS: ["target"],
  CNAME: ["target"],
  PTR: ["target"],
  TXT: ["text"],
  CAA: ["flags", "tag", "value"],
  MX: ["preference", "exchange"],
  SRV: ["priority", "weight", "port", "target"],
  TLSA: ["usage", "selector", "matchingType", "data"],
  SSHFP: ["algorithm", "fingerprintType", "fingerprint"],
} as const satisfies Record<RecordType, readonly string[]>;

/** Names in the data are relative to the origin. */
export function readData(type: RecordType, fields: Fields, origin: Name): RecordData {
  const { rdata } = fields;
  const given = typeof rdata === "string" ? wordsOf(type, rdata) : fieldBytes(fields);
  return dataOf(type, new FieldReader(given, origin));
}

/** Field by field what was written, as strings of bytes: a text may have bytes that are no characters. */
type FieldBytes = Readonly<Record<string, string>>;

function fieldBytes(fields: Fields): FieldBytes {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [[name, fromText(String(value))] as const],
  );
  return Object.fromEntries(given);
}

/** The fields of a text such as `10 mail.example.com.`. */
function wordsOf(type: RecordType, text: string): FieldBytes {
  const names = fieldsOf[type];
  const words = splitWords(text);
  // Long hexadecimal data is often written in groups.
  const joined = type === "TLSA" || type === "SSHFP" ? regroup(words, names.length) : words;
  if (joined.length !== names.length) {
    const expected = names.map((name) => name.toUpperCase()).join(" ");
    throw new DnsProblem(
      `'${text}' is not the data of the record; write '${expected}', or its fields in a set`,
    );
  }
  return Object.fromEntries(names.map((name, index) => [name, joined[index]!]));
}

function regroup(words: readonly string[], count: number): string[] {
  return [...words.slice(0, count - 1), words.slice(count - 1).join("")].filter((word) => word !== "");
}

function dataOf(type: RecordType, field: FieldReader): RecordData {
  switch (type) {
    case "A":
      return { type, address: ipv4(field.text("address")) };
    case "AAAA":
      return { type, address: ipv6(field.text("address")) };
    case "NS":
    case "CNAME":
    case "PTR":
      return { type, target: field.name("target") };
    case "TXT":
      return { type, strings: splitBytes(field.bytes("text")) };
    case "CAA":
      return {
        type,
        flags: field.integer("flags", 0xff),
        tag: field.tag("tag"),
        value: field.bytes("value"),
      };
    case "MX":
      return { type, preference: field.integer("preference", 0xffff), exchange: field.name("exchange") };
    case "SRV":
      return {
        type,
        priority: field.integer("priority", 0xffff),
        weight: field.integer("weight", 0xffff),
        port: field.integer("port", 0xffff),
        target: field.name("target"),
      };
    case "TLSA":
      return {
        type,
        usage: field.integer("usage", 0xff),
        selector: field.integer("selector", 0xff),
        matchingType: field.integer("matchingType", 0xff),
        data: field.hexadecimal("data"),
      };
    case "SSHFP":
      return {
        type,
        algorithm: field.integer("algorithm", 0xff),
        fingerprintType: field.integer("fingerprintType", 0xff),
        fingerprint: field.hexadecimal("fingerprint"),
      };
  }
}

class FieldReader {
  readonly #fields: FieldBytes;
  readonly #origin: Name;

  constructor(fields: FieldBytes, origin: Name) {
    this.#fields = fields;
    this.#origin = origin;
  }

  bytes(field: string): string {
    const value = this.#fields[field];
    if (value === undefined) throw new DnsProblem(`the record needs '${field}'`);
    return value;
  }

  text(field: string): string {
    return toText(this.bytes(field));
  }

  name(field: string): Name {
    return parseName(this.text(field), this.#origin);
  }

  integer(field: string, most: number): number {
    const text = this.text(field);
    if (!/^[0-9]+$/.test(text) || Number(text) > most)
      throw new DnsProblem(`'${field}' of the record is a number up to ${most}, not '${text}'`);
    return Number(text);
  }

  tag(field: string): string {
    const text = this.text(field);
    if (!/^[A-Za-z0-9]{1,255}$/.test(text))
      throw new DnsProblem(`'${field}' of the record has letters and digits only, as 'issue', not '${text}'`);
    return text.toLowerCase();
  }

  hexadecimal(field: string): string {
    const text = this.text(field).replaceAll(/\s/g, "");
    if (text === "" || text.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(text))
      throw new DnsProblem(`'${field}' of the record is an even number of hexadecimal digits, not '${text}'`);
    return text.toLowerCase();
  }
}
