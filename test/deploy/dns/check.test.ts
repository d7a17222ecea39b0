/** `nixus dns check` against a name server in this process, which answers whatever a test wants. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { type Answer, decode, encode, type Packet } from "dns-packet";
import { describe, expect, it, onTestFinished } from "vitest";
import { renderDnsChecks } from "../../../src/cli/render/dns.ts";
import { checkDns, isInOrder, type ZoneCheck } from "../../../src/deploy/dns/check.ts";
import type { PublishedZone } from "../../../src/fleet/modules/dns/published.ts";

interface Behaviour {
  readonly answers: readonly Answer[];
  readonly authoritative?: boolean;
  /** A response code. */
  readonly rcode?: number;
  /** Questions that get no answer at first. */
  readonly lost?: number;
  /** The answer by UDP says that the whole one has to be asked for by TCP. */
  readonly truncated?: boolean;
}

/** By address; all listen on one port, which is returned. */
async function servers(behaviours: Readonly<Record<string, Behaviour>>): Promise<number> {
  let port = 0;
  for (const [address, behaviour] of Object.entries(behaviours)) {
    let lost = behaviour.lost ?? 0;
    const reply = (data: Buffer, byUdp: boolean): Buffer => {
      const query = decode(data);
      const [question] = query.questions!;
      const cut = byUdp && behaviour.truncated === true;
      const found = behaviour.answers.filter(
        ({ name, type }) => name.toLowerCase() === question!.name.toLowerCase() && type === question!.type,
      );
      const response: Packet = {
        type: "response",
        id: query.id!,
        flags: (behaviour.authoritative === false ? 0 : 0x0400) | (cut ? 0x0200 : 0) | (behaviour.rcode ?? 0),
        questions: [question!],
        answers: cut ? [] : found,
      };
      return encode(response);
    };
    const udp = createSocket("udp4");
    udp.on("message", (data, { port: to, address: from }) => {
      if (lost-- > 0) return;
      // Somebody else's answer comes first.
      const forged = encode({ ...decode(reply(data, true)), id: (decode(data).id! + 1) & 0xffff } as Packet);
      udp.send(forged, to, from);
      udp.send("no packet", to, from);
      udp.send(reply(data, true), to, from);
    });
    await new Promise<void>((resolve) => udp.bind(port, address, () => resolve()));
    port = udp.address().port;
    const tcp = createServer((socket) => {
      socket.on("data", (data) => {
        const answer = reply(data.subarray(2), false);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        // In two parts, as a network may deliver it.
        socket.write(Buffer.concat([length, answer.subarray(0, 5)]));
        socket.end(answer.subarray(5));
      });
    });
    await new Promise<void>((resolve) => tcp.listen(port, address, () => resolve()));
    onTestFinished(async () => {
      udp.close();
      await new Promise((resolve) => tcp.close(resolve));
    });
  }
  return port;
}

const zone: PublishedZone = {
  name: "example.com.",
  primary: { node: "ns1", addresses: ["127.0.0.1"] },
  secondaries: [{ node: "ns2", addresses: ["127.0.0.2"] }],
  soa: "ns1.example.com. jane\\.doe.example.com. 1 2 3 4",
  sets: [
    { name: "example.com.", type: "NS", ttl: 60, data: ["ns1.example.com.", "NS2.example.com."] },
    { name: "www.example.com.", type: "A", ttl: 60, data: ["192.0.2.1", "192.0.2.2"] },
    { name: "www.example.com.", type: "AAAA", ttl: 60, data: ["2001:db8::1"] },
    { name: "example.com.", type: "MX", ttl: 60, data: ["10 mail.example.com."] },
    { name: "example.com.", type: "TXT", ttl: 60, data: ['"a \\"b\\" \\195\\188" "C"'] },
    { name: "example.com.", type: "CAA", ttl: 60, data: ['0 issue "letsencrypt.org"'] },
    { name: "_sip._tcp.example.com.", type: "SRV", ttl: 60, data: ["0 1 5060 ."] },
    { name: "_443._tcp.example.com.", type: "TLSA", ttl: 60, data: ["3 1 1 0a0b"] },
    { name: "www.example.com.", type: "SSHFP", ttl: 60, data: [`4 2 ${"ab".repeat(32)}`] },
    { name: "a\\.b.example.com.", type: "A", ttl: 60, data: ["192.0.2.9"] },
  ],
};

const start = (serial: number): Answer => ({
  name: "example.com",
  type: "SOA",
  ttl: 60,
  data: {
    mname: "ns1.example.com",
    rname: "jane\\.doe.example.com",
    serial,
    refresh: 1,
    retry: 2,
    expire: 3,
    minimum: 4,
  },
});
const rest: readonly Answer[] = [
  { name: "example.com", type: "NS", ttl: 60, data: "ns2.example.com" },
  { name: "EXAMPLE.com", type: "NS", ttl: 60, data: "ns1.example.com" },
  { name: "www.example.com", type: "A", ttl: 60, data: "192.0.2.2" },
  { name: "www.example.com", type: "A", ttl: 60, data: "192.0.2.1" },
  { name: "www.example.com", type: "AAAA", ttl: 60, data: "2001:db8::1" },
  { name: "example.com", type: "MX", ttl: 60, data: { preference: 10, exchange: "mail.example.com" } },
  { name: "example.com", type: "TXT", ttl: 60, data: ['a "b" ü', "C"] },
  { name: "example.com", type: "CAA", ttl: 60, data: { flags: 0, tag: "issue", value: "letsencrypt.org" } },
  {
    name: "_sip._tcp.example.com",
    type: "SRV",
    ttl: 60,
    data: { priority: 0, weight: 1, port: 5060, target: "." },
  },
  {
    name: "_443._tcp.example.com",
    type: "TLSA",
    ttl: 60,
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from([10, 11]) },
  },
  {
    name: "www.example.com",
    type: "SSHFP",
    ttl: 60,
    data: { algorithm: 4, hash: 2, fingerprint: "AB".repeat(32) },
  },
];
const all = [start(7), ...rest];

async function check(
  behaviours: Readonly<Record<string, Behaviour>>,
  network: readonly PublishedZone[] = [zone],
) {
  return checkDns(network, { port: await servers(behaviours), parallel: 3 });
}
const differences = (checks: readonly ZoneCheck[]) => checks.map((one) => one.differences);

describe("dns check", () => {
  it("is content with what the network says, whatever case and order", async () => {
    const checks = await check({
      "127.0.0.1": { answers: all },
      "127.0.0.2": { answers: all, truncated: true },
    });
    expect(differences(checks)).toEqual([[], []]);
    expect(checks.map(({ serial, compared, role }) => ({ serial, compared, role }))).toEqual([
      { serial: 7, compared: 10, role: "primary" },
      { serial: 7, compared: 10, role: "secondary" },
    ]);
    expect(isInOrder(checks)).toBe(true);
    expect(renderDnsChecks(checks)).toBe(
      [
        "zone          node             address    serial  result",
        "example.com.  ns1   primary    127.0.0.1  7       ok, 10 sets of records",
        "example.com.  ns2   secondary  127.0.0.2  7       ok, 10 sets of records",
      ].join("\n"),
    );
  });

  it("says what differs", async () => {
    const other = all
      .filter(({ type }) => type !== "AAAA")
      .map((answer) =>
        answer.type === "A" && answer.data === "192.0.2.1" ? { ...answer, data: "192.0.2.3" } : answer,
      )
      .map((answer) => (answer.type === "MX" ? { ...answer, ttl: 61 } : answer));
    const checks = await check({
      "127.0.0.1": { answers: other },
      "127.0.0.2": { answers: [start(6), ...rest] },
    });
    expect(differences(checks)).toEqual([
      [
        "www.example.com. A: 192.0.2.2 (ttl 60), 192.0.2.3 (ttl 60), should be 192.0.2.1 (ttl 60), 192.0.2.2 (ttl 60)",
        "www.example.com. AAAA: nothing, should be 2001:db8::1 (ttl 60)",
        "example.com. MX: 10 mail.example.com. (ttl 61), should be 10 mail.example.com. (ttl 60)",
      ],
      ["has the serial 6, the primary has 7"],
    ]);
    expect(isInOrder(checks)).toBe(false);
  });

  it("says when a server does not have the zone, and asks again what was lost", async () => {
    const checks = await check({
      "127.0.0.1": { answers: all, lost: 1 },
      "127.0.0.2": { answers: [], rcode: 5 },
    });
    expect(differences(checks)).toEqual([[], ["does not have the zone (REFUSED)"]]);
    const recursive = await check({ "127.0.0.1": { answers: all, authoritative: false } }, [
      { ...zone, secondaries: [] },
    ]);
    expect(differences(recursive)).toEqual([["does not have the zone (no records)"]]);
  });

  it("a server that is not there is a difference", async () => {
    const port = await servers({ "127.0.0.1": { answers: all } });
    const checks = await checkDns([zone], { port });
    expect(differences(checks)).toEqual([[], [expect.stringMatching(/^does not answer: .*ECONNREFUSED/)]]);
  });

  it("an address that this machine has no way to is none, as long as the server has another", async () => {
    const unreachable: ZoneCheck = {
      zone: "example.com.",
      node: "ns1",
      role: "primary",
      address: "2001:db8::1",
      serial: null,
      compared: 0,
      differences: [],
      unreachable: true,
    };
    const ok: ZoneCheck = { ...unreachable, address: "192.0.2.1", serial: 1, unreachable: false };
    expect(isInOrder([unreachable, ok])).toBe(true);
    expect(isInOrder([unreachable])).toBe(false);
    expect(renderDnsChecks([unreachable])).toContain("cannot be asked from here");
  });
});
