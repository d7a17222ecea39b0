/** The data of records (RDATA) of the types that can be said, and their text in a zone file. */
import { type Name, showName } from "./name.ts";
import { quote } from "./strings.ts";

export type RecordData =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "NS" | "CNAME" | "PTR"; readonly target: Name }
  /** RFC 8659, section 4.1. */
  | { readonly type: "CAA"; readonly flags: number; readonly tag: string; readonly value: string }
  | { readonly type: "MX"; readonly preference: number; readonly exchange: Name }
  /** Strings of bytes, at most 255 each. */
  | { readonly type: "TXT"; readonly strings: readonly string[] }
  /** RFC 2782. */
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: Name;
    }
  /** RFC 6698, section 2.1; the data in hexadecimal digits. */
  | {
      readonly type: "TLSA";
      readonly usage: number;
      readonly selector: number;
      readonly matchingType: number;
      readonly data: string;
    }
  /** RFC 4255, section 3.1; the fingerprint in hexadecimal digits. */
  | {
      readonly type: "SSHFP";
      readonly algorithm: number;
      readonly fingerprintType: number;
      readonly fingerprint: string;
    };

export type RecordType = RecordData["type"];

/** In the order in which the records of a name are written. */
export const recordTypes = [
  "NS",
  "CNAME",
  "A",
  "AAAA",
  "MX",
  "TXT",
  "CAA",
  "SRV",
  "PTR",
  "TLSA",
  "SSHFP",
] as const satisfies readonly RecordType[];

/** One line's worth of data; names are absolute. */
export function showData(data: RecordData): string {
  switch (data.type) {
    case "A":
    case "AAAA":
      return data.address;
    case "NS":
    case "CNAME":
    case "PTR":
      return showName(data.target);
    case "CAA":
      return `${data.flags} ${data.tag} ${quote(data.value)}`;
    case "MX":
      return `${data.preference} ${showName(data.exchange)}`;
    case "TXT":
      return data.strings.map(quote).join(" ");
    case "SRV":
      return `${data.priority} ${data.weight} ${data.port} ${showName(data.target)}`;
    case "TLSA":
      return `${data.usage} ${data.selector} ${data.matchingType} ${data.data}`;
    case "SSHFP":
      return `${data.algorithm} ${data.fingerprintType} ${data.fingerprint}`;
  }
}

/** Equal for data that DNS does not tell apart: names are compared without case. */
export function dataKey(data: RecordData): string {
  switch (data.type) {
    case "TXT":
    case "CAA":
      return `${data.type} ${showData(data)}`;
    default:
      return `${data.type} ${showData(data).toLowerCase()}`;
  }
}

/** The machine that clients go on to, if the data names one. */
export function targetOf(data: RecordData): Name | undefined {
  switch (data.type) {
    case "NS":
    case "CNAME":
    case "PTR":
    case "SRV":
      return data.target;
    case "MX":
      return data.exchange;
    default:
      return undefined;
  }
}
