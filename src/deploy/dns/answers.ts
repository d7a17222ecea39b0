/** Answers of a server as the texts in which a network publishes its records. */
import type { Answer, DecodedPacket } from "dns-packet";

/** What is compared: data as in a zone file, but with each escape as the byte that it stands for. */
export interface AnsweredRecord {
  readonly ttl: number;
  readonly data: string;
}

/**
 * The records of the name and type in whichever part of the answer: where a zone delegates a name, its server only refers
 * to the NS records and the addresses.
 */
export function recordsIn(packet: DecodedPacket, name: string, type: string): AnsweredRecord[] {
  const { answers = [], authorities = [], additionals = [] } = packet;
  return [...answers, ...authorities, ...additionals].flatMap((answer) =>
    answer.type === type && "data" in answer && answer.name.toLowerCase() === name.toLowerCase()
      ? [{ ttl: ("ttl" in answer ? answer.ttl : undefined) ?? 0, data: textOf(answer) }]
      : [],
  );
}

/** The serial in an answer about SOA, and everything else of it. */
export function startIn(
  packet: DecodedPacket,
): { readonly serial: number; readonly soa: string } | undefined {
  const [found] = (packet.answers ?? []).filter((answer) => answer.type === "SOA");
  if (found === undefined) return undefined;
  const { mname, rname, serial = 0, refresh, retry, expire, minimum } = found.data;
  return {
    serial,
    soa: withoutEscapes(`${mname}. ${rname}. ${refresh} ${retry} ${expire} ${minimum}`.toLowerCase()),
  };
}

function textOf(answer: Answer): string {
  switch (answer.type) {
    case "A":
    case "AAAA":
      return answer.data;
    case "NS":
    case "CNAME":
    case "PTR":
      return `${answer.data}.`.toLowerCase();
    case "MX":
      return `${answer.data.preference ?? 0} ${nameOf(answer.data.exchange)}`;
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return `${priority} ${weight} ${port} ${nameOf(target)}`;
    }
    case "CAA":
      return `${answer.data.flags ?? 0} ${answer.data.tag} "${bytesOf(answer.data.value)}"`;
    case "TXT": {
      const strings = Array.isArray(answer.data) ? answer.data : [answer.data];
      return strings.map((one) => `"${bytesOf(one)}"`).join(" ");
    }
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = answer.data;
      return `${usage} ${selector} ${matchingType} ${certificate.toString("hex")}`;
    }
    case "SSHFP":
      return `${answer.data.algorithm} ${answer.data.hash} ${answer.data.fingerprint.toLowerCase()}`;
    default:
      return "";
  }
}

/** The root is an empty name there. */
const nameOf = (name: string) => (name === "." || name === "" ? "." : `${name}.`).toLowerCase();

const bytesOf = (text: string | Buffer) => Buffer.from(text as string).toString("latin1");

/** `\.` and `\046` are a dot. */
export function withoutEscapes(text: string): string {
  return text.replace(/\\([0-9]{3}|.)/gs, (_, escaped: string) =>
    /^[0-9]{3}$/.test(escaped) ? String.fromCharCode(Number(escaped)) : escaped,
  );
}

/** As {@link recordsIn} has it. Names are not told apart by case, texts are. */
export function comparable(type: string, data: string): string {
  return withoutEscapes(type === "TXT" || type === "CAA" ? data : data.toLowerCase());
}
