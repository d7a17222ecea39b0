/** Asks a DNS server, over UDP (RFC 1035), and over TCP when the answer does not fit. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import dnsPacket, { type Answer, type DecodedPacket, type RecordType } from "dns-packet";
import type { Probe } from "../../fleet/settings.ts";
import { type Finding, fine, type Try, wrong } from "./probe.ts";

type DnsProbe = Extract<Probe, { readonly type: "dns" }>;

/** An unanswered datagram may be lost: it is sent again after this time, in milliseconds. */
const resend = 1000;

export async function probeDns(probe: DnsProbe, attempt: Try): Promise<Finding> {
  const server = probe.server ?? (await attempt.session.connection.hostname());
  const { address, family } = await lookup(server);
  const place = { address, family, port: probe.port };
  let answer = await askUdp(probe, place, attempt.signal);
  if (answer.flag_tc) answer = await askTcp(probe, place, attempt.signal);
  const about = `${probe.recordType} of ${probe.query} from ${server}`;
  const found = (answer.answers ?? []).filter(({ type }) => type === probe.recordType).map(dataOf);
  // An answer's status is in its flags; the types of dns-packet do not say so.
  const { rcode } = answer as DecodedPacket & { readonly rcode: string };
  if (rcode !== "NOERROR") return wrong(`${about}: ${rcode}`);
  const missing = probe.answers.filter((one) => !found.map(canonical).includes(canonical(one)));
  if (missing.length > 0) return wrong(`${about}: ${missing.join(", ")} is not among the answers`, found);
  return found.length === 0 ? wrong(`${about}: no such records`) : fine;
}

interface Place {
  readonly address: string;
  readonly family: number;
  readonly port: number;
}

function question({ query, recordType }: DnsProbe, id: number): dnsPacket.Packet {
  return {
    type: "query",
    id,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: recordType as RecordType, name: query.replace(/\.$/, "") }],
  };
}

async function askUdp(probe: DnsProbe, place: Place, signal: AbortSignal): Promise<DecodedPacket> {
  // Finding the server may have taken all the time; an abort that has been is not heard.
  signal.throwIfAborted();
  const id = randomInt(0x10000);
  const packet = dnsPacket.encode(question(probe, id));
  const socket = createSocket(place.family === 6 ? "udp6" : "udp4");
  let again: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      socket.once("error", reject);
      socket.on("message", (message) => {
        const answer = decode(message);
        if (answer?.id === id) resolve(answer);
      });
      // Connected, so that a closed port is an error at once.
      socket.connect(place.port, place.address, () => {
        const sendAgain = () => socket.send(packet);
        sendAgain();
        again = setInterval(sendAgain, resend);
      });
    });
  } finally {
    clearInterval(again);
    socket.close();
  }
}

async function askTcp(probe: DnsProbe, place: Place, signal: AbortSignal): Promise<DecodedPacket> {
  const packet = dnsPacket.streamEncode(question(probe, randomInt(0x10000)));
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: place.address, port: place.port, signal }, () => socket.write(packet));
    let received = Buffer.alloc(0);
    socket.on("data", (part) => {
      received = Buffer.concat([received, part]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      const answer = decode(received.subarray(2));
      if (answer === undefined) reject(new Error("what the server answers over TCP is no DNS message"));
      else resolve(answer);
    });
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("the server closed the connection")));
  });
}

/** undefined: it is no answer at all. Anybody could have sent a datagram like that, so it is as if it had not come. */
function decode(message: Buffer): DecodedPacket | undefined {
  try {
    return dnsPacket.decode(message);
  } catch {
    return undefined;
  }
}

/** A record's data as a zone file has it. */
function dataOf(answer: Answer): string {
  switch (answer.type) {
    case "A":
    case "AAAA":
    case "CNAME":
    case "NS":
    case "PTR":
      return answer.data;
    case "MX":
      return `${answer.data.preference ?? 0} ${answer.data.exchange}`;
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return `${priority} ${weight} ${port} ${target}`;
    }
    case "SOA": {
      const { mname, rname, serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0 } = answer.data;
      return `${mname} ${rname} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
    case "CAA": {
      const { flags = 0, tag, value } = answer.data;
      return `${flags} ${tag} ${value}`;
    }
    case "TXT": {
      const parts = Array.isArray(answer.data) ? answer.data : [answer.data];
      return parts.map((part) => part.toString()).join("");
    }
    default:
      return JSON.stringify("data" in answer ? answer.data : null);
  }
}

/** Names are the same in capitals, and with a dot at their end. */
function canonical(data: string): string {
  return data.toLowerCase().replace(/\.(?=\s|$)/g, "");
}
