/** Compares what the name servers of a network answer with what the network says. */
import type { PublishedServer, PublishedSet, PublishedZone } from "../../fleet/modules/dns/published.ts";
import { type AnsweredRecord, comparable, recordsIn, startIn, withoutEscapes } from "./answers.ts";
import { ask, NoAnswer, type Question, type ServerAddress } from "./client.ts";

/** One zone at one address of one server. */
export interface ZoneCheck {
  readonly zone: string;
  readonly node: string;
  readonly role: "primary" | "secondary";
  readonly address: string;
  /** null: the server has none. */
  readonly serial: number | null;
  /** How many sets of records were compared. */
  readonly compared: number;
  /** What is not as it should be, one line each. */
  readonly differences: readonly string[];
  /** The address cannot be asked from here, which says nothing about the server. */
  readonly unreachable: boolean;
}

export interface DnsCheckOptions {
  readonly port?: number;
  /** How many questions are asked at the same time. */
  readonly parallel?: number;
}

/** In the order of zones, then primary before secondaries. */
export async function checkDns(
  zones: readonly PublishedZone[],
  { port = 53, parallel = 20 }: DnsCheckOptions = {},
): Promise<ZoneCheck[]> {
  const slots = new Slots(parallel);
  const checks = await Promise.all(
    zones.flatMap((zone) =>
      serversOf(zone).flatMap(({ server, role }) =>
        server.addresses.map((address) => checkZone(zone, server, role, { address, port }, slots)),
      ),
    ),
  );
  return zones.flatMap((zone) => withSerials(checks.filter((check) => check.zone === zone.name)));
}

/** Nothing differs, and every server could be asked at one address at least. */
export function isInOrder(checks: readonly ZoneCheck[]): boolean {
  return (
    checks.every(({ differences }) => differences.length === 0) &&
    checks.every(({ zone, node }) =>
      checks.some((one) => one.zone === zone && one.node === node && !one.unreachable),
    )
  );
}

function serversOf({ primary, secondaries }: PublishedZone): {
  readonly server: PublishedServer;
  readonly role: ZoneCheck["role"];
}[] {
  return [
    { server: primary, role: "primary" },
    ...secondaries.map((server) => ({ server, role: "secondary" as const })),
  ];
}

/** Only the primary knows which serial is right. */
function withSerials(checks: readonly ZoneCheck[]): ZoneCheck[] {
  const expected = checks.find(({ role, serial }) => role === "primary" && serial !== null)?.serial;
  return checks.map((check) => {
    const { serial, role } = check;
    if (role === "primary" || expected === undefined || serial === null || serial === expected) return check;
    return {
      ...check,
      differences: [`has the serial ${serial}, the primary has ${expected}`, ...check.differences],
    };
  });
}

async function checkZone(
  zone: PublishedZone,
  { node }: PublishedServer,
  role: ZoneCheck["role"],
  server: ServerAddress,
  slots: Slots,
): Promise<ZoneCheck> {
  const base = {
    zone: zone.name,
    node,
    role,
    address: server.address,
    serial: null,
    compared: 0,
    unreachable: false,
  };
  try {
    const packet = await slots.run(() => ask(server, { name: questionName(zone.name), type: "SOA" }));
    const start = startIn(packet);
    if (start === undefined || !packet.flag_aa)
      return { ...base, differences: [`does not have the zone (${responseCode(packet.flags)})`] };
    const expected = comparable("SOA", zone.soa);
    const soa = start.soa === expected ? [] : [`SOA: ${start.soa}, should be ${expected}`];
    const askable = zone.sets.filter(({ name }) => isAskable(name));
    const differences = await Promise.all(askable.map((set) => slots.run(() => checkSet(server, set))));
    return {
      ...base,
      serial: start.serial,
      compared: askable.length + 1,
      differences: [...soa, ...differences.filter((difference) => difference !== undefined)],
    };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return error.unreachable
      ? { ...base, differences: [], unreachable: true }
      : { ...base, differences: [`does not answer: ${error.message}`] };
  }
}

/** RFC 1035, section 4.1.1. */
function responseCode(flags = 0): string {
  const names = ["no records", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
  return names[flags & 0xf] ?? `RCODE ${flags & 0xf}`;
}

async function checkSet(server: ServerAddress, set: PublishedSet): Promise<string | undefined> {
  const name = questionName(set.name);
  const found = recordsIn(await ask(server, { name, type: set.type as Question["type"] }), name, set.type);
  const wanted = set.data.map((data) => ({ ttl: set.ttl, data: comparable(set.type, data) }));
  const shown = (records: readonly AnsweredRecord[]) =>
    [...new Set(records.map(({ ttl, data }) => `${data} (ttl ${ttl})`))].sort().join(", ");
  const [is, should] = [shown(found), shown(wanted)];
  return is === should ? undefined : `${set.name} ${set.type}: ${is || "nothing"}, should be ${should}`;
}

/** A name with a dot inside a label, or with bytes that are no ASCII, cannot be written in a question here. */
function isAskable(name: string): boolean {
  return !/\\\.|\\046/.test(name) && /^[\0-\x7f]*$/.test(withoutEscapes(name));
}

const questionName = (name: string) => withoutEscapes(name.replace(/\.$/, ""));

/** At most so many at a time. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
