import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { type RecordData, recordTypes } from "../../../../src/fleet/modules/dns/data.ts";
import { type Name, nameKey, parseName, root } from "../../../../src/fleet/modules/dns/name.ts";
import type { Zone } from "../../../../src/fleet/modules/dns/zone.ts";
import { compareRecords, renderZone } from "../../../../src/fleet/modules/dns/zone-text.ts";
import { optionValue } from "../../network-of.ts";

const name = (text: string) => parseName(text, root);
const origin = name("example.com.");
const soa = {
  mname: name("ns.example.net."),
  rname: name("a\\.b.example.com."),
  refresh: 4,
  retry: 3,
  expire: 9,
  minimum: 2,
};
const ns = {
  owner: origin,
  ttl: 60,
  data: { type: "NS" as const, target: name("ns.example.net.") },
  option: "",
};
const zoneOf = (records: Zone["records"]): Zone => ({ name: origin, option: "", ttl: 60, soa, records });

it("a zone is a zone file whose serial has a line of its own", () => {
  const text = renderZone(
    zoneOf([
      ns,
      {
        owner: name("www.example.com."),
        ttl: 5,
        data: { type: "TXT", strings: ['a "b" \\;', "\xff"] },
        option: "",
      },
    ]),
  );
  expect(text).toBe(`$ORIGIN example.com.
$TTL 60
@\tIN\tSOA\tns.example.net. a\\.b.example.com. (
\t\t0\t; serial: 0 here, assigned on the primary
\t\t4\t; refresh
\t\t3\t; retry
\t\t9\t; expire
\t\t2 )\t; minimum
@\t\tIN\tNS\tns.example.net.
www\t5\tIN\tTXT\t"a \\"b\\" \\\\;" "\\255"
`);
});

it("is an option to look at, the same for the same network", () => {
  const network = `{
    nodes.ns1 = { platform = "linux"; configuration.networking.public.ipv4 = "192.0.2.53"; };
    dns.servers.ns1.name = "ns1.example.com";
    dns.zones."example.com".primaryNode = "ns1";
  }`;
  const [text, again] = [0, 1].map(() => optionValue(network, 'dns.zoneFiles."example.com."'));
  expect(text).toMatch(/^ns1\t\tIN\tA\t192\.0\.2\.53$/m);
  expect(again).toBe(text);
});

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = (minLength: number, maxLength: number) =>
  fc.array(byte, { minLength, maxLength }).map((all) => all.join(""));
const host = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/).map((label): Name => [label, "example", "net"]);
const u16 = fc.integer({ min: 0, max: 0xffff });
const u8 = fc.integer({ min: 0, max: 0xff });
const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((data) => Buffer.from(data).toString("hex"));
const data: fc.Arbitrary<RecordData> = fc.oneof(
  fc.record({
    type: fc.constant("TXT" as const),
    strings: fc.array(bytes(0, 255), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant("CAA" as const), flags: u8, tag: fc.constant("issue"), value: bytes(0, 30) }),
  fc.record({ type: fc.constant("SRV" as const), priority: u16, weight: u16, port: u16, target: host }),
  fc.record({
    type: fc.constant("PTR" as const),
    target: fc.array(bytes(1, 8), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant("TLSA" as const),
    usage: u8,
    selector: u8,
    matchingType: fc.constant(1),
    data: hex(32),
  }),
  fc.record({
    type: fc.constant("SSHFP" as const),
    algorithm: u8,
    fingerprintType: fc.constant(2),
    fingerprint: hex(32),
  }),
);
const owner = fc.array(bytes(1, 12), { minLength: 1, maxLength: 3 }).map((labels) => [...labels, ...origin]);

/** The zone file as named-checkzone prints it, one record a line, or what it complains of. */
function checkzone(text: string): { readonly status: number | null; readonly output: string } {
  const directory = mkdtempSync(join(tmpdir(), "nixus-zone-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "zone");
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync("named-checkzone", ["-D", "-i", "none", "example.com", file], {
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

const hasCheckzone = spawnSync("named-checkzone", ["-v"]).status === 0;

it.runIf(hasCheckzone)("named-checkzone reads all records, whatever bytes are in them", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(owner, data), { maxLength: 12, selector: ([at]) => nameKey(at) }),
      (all) => {
        const records = [ns, ...all.map(([at, one]) => ({ owner: at, ttl: 60, data: one, option: "" }))].sort(
          compareRecords,
        );
        const { status, output } = checkzone(renderZone(zoneOf(records)));
        expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
        const lines = output.split("\n").filter((line) => /\sIN\s+(?!SOA)/.test(line));
        expect(lines).toHaveLength(records.length);
        for (const type of recordTypes)
          expect(
            lines.filter((line) => new RegExp(`\\sIN\\s+${type}\\s`).test(line)).length,
          ).toBeGreaterThanOrEqual(records.filter((record) => record.data.type === type).length);
      },
    ),
    { numRuns: 25 },
  );
});
