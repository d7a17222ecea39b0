/** `dns` with real servers: BIND and NSD, each the primary of one zone and the secondary of the other's. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffSnapshots, Lab, type Machine, type Snapshot } from "./lib/index.ts";
import { activated, Deployer, rolledBack } from "./nixus.ts";

const names = ["ns1", "ns2"] as const;
type Name = (typeof names)[number];
const hostOf = (name: Name) => `${name}.example.com`;
const zones = {
  "example.com": { primary: "ns1", secondary: "ns2" },
  "example.org": { primary: "ns2", secondary: "ns1" },
} as const;
type ZoneName = keyof typeof zones;
const zoneNames = Object.keys(zones) as ZoneName[];

const keyFile = "/etc/dns-transfer.key";
const secret = "bm90aGluZyB0aGF0IGFueW9uZSBlbHNlIHVzZXMgMTI=";

let lab: Lab;
let deployer: Deployer;
const before = new Map<Name, Snapshot>();

beforeAll(async () => {
  lab = await Lab.start({
    machines: names.map((name) => ({
      name: hostOf(name),
      image: "debian-services",
      files: { [keyFile]: { text: `${secret}\n`, mode: 0o600 } },
    })),
  });
  deployer = new Deployer(lab);
  // The distribution's own name server runs on one of them.
  await machine("ns1").exec(
    "systemctl enable --now named.service && dig @127.0.0.1 localhost. +short | grep 127",
  );
  for (const name of names) before.set(name, await machine(name).snapshot());
});
afterAll(() => lab?.stop());

const machine = (name: Name): Machine => lab.machine(hostOf(name));

/** Records of both zones, the same in each; `rest` stands at the end. */
function network(records: string, rest = ""): string {
  const ofZones = zoneNames.map(
    (zone) => `
    dns.zones."${zone}" = {
      primaryNode = "${zones[zone].primary}";
      secondaryNodes = [ "${zones[zone].secondary}" ];
      transferKey = "transfer";
      records = { ${records} };
    };`,
  );
  const nodes = names.map(
    (name) => `
    nodes.${name} = {
      host = "root@${hostOf(name)}";
      configuration.networking.public.ipv4 = "${machine(name).address}";
    };
    dns.servers.${name}.name = "${name}.example.com";`,
  );
  return `{ lib, ... }: {
    defaults = { platform = "linux"; successTimeout = 10; };
    ${nodes.join("")}
    ${ofZones.join("")}
    dns.servers.ns2.software = "nsd";
    dns.keys.transfer.keyFile = "${keyFile}";
    dns.zones."10.44.0.0/16".primaryNode = "ns1";
    dns.records."ns1.example.com".node = "ns1";
    ${rest}
  }`;
}

/** What dig prints, asked by one machine of another; without waiting for a server that is not there. */
async function dig(server: Name, ...question: readonly string[]): Promise<string> {
  const { stdout } = await machine("ns1").exec(
    `dig @${machine(server).address} +norec +tries=1 +time=2 ${question.join(" ")}`,
    { check: false },
  );
  return stdout.trim();
}
const answer = (server: Name, ...question: readonly string[]) => dig(server, "+short", ...question);

async function serial(server: Name, zone: ZoneName): Promise<number> {
  return Number((await answer(server, zone, "SOA")).split(" ")[2]);
}

/** Until the secondary has what the primary has; the serial of both. */
async function settled(zone: ZoneName): Promise<number> {
  const { primary, secondary } = zones[zone];
  return await expect
    .poll(async () => [await serial(primary, zone), await serial(secondary, zone)], { timeout: 30_000 })
    .toSatisfy(([one, two]: number[]) => one! > 0 && one === two)
    .then(() => serial(primary, zone));
}

/** The text of the record www of every zone at every server. */
const everywhere = async () =>
  Promise.all(zoneNames.flatMap((zone) => names.map((server) => answer(server, `www.${zone}`, "TXT"))));
const same = (text: string) => Array(4).fill(`"${text}"`);

const processes = async () =>
  Promise.all([
    machine("ns1").exec("systemctl show -p MainPID --value bind.service"),
    machine("ns2").exec("systemctl show -p MainPID --value nsd.service"),
  ]).then((results) => results.map(({ stdout }) => stdout.trim()));

const long = "0123456789".repeat(40);
const records = (text: string) => `
  www = { A = [ "192.0.2.1" "192.0.2.2" ]; TXT = "${text}"; ttl = 60; };
  "@" = { MX = "10 mail"; CAA = "0 issue \\"letsencrypt.org\\""; TXT = "v=spf1 mx -all"; };
  mail = { A = "192.0.2.25"; AAAA = "2001:db8::25"; };
  long.TXT = "${long}";
  "_sip._tcp".SRV = { port = 5060; target = "mail"; };
  "_25._tcp.mail".TLSA = "3 1 1 ${"ab".repeat(32)}";
  sub.NS = [ "ns.sub" "ns1.example.net." ];
  "ns.sub".A = "192.0.2.99";
  alias.CNAME = "www";
`;

let last: Record<ZoneName, number>;
const serials = async (): Promise<Record<ZoneName, number>> => ({
  "example.com": await settled("example.com"),
  "example.org": await settled("example.org"),
});

test("one deployment makes both servers answer for both zones", async () => {
  const result = await deployer.deploy(network(records("first")));
  expect(result.stdout.split(activated)).toHaveLength(names.length + 1);
  expect(result.exitCode).toBe(0);
  last = await serials();
  expect(await everywhere()).toEqual(same("first"));
  for (const zone of zoneNames) {
    for (const server of names) {
      const of = async (name: string, type: string) =>
        (await answer(server, `${name}${zone}.`, type)).split("\n").sort();
      expect(await of("", "NS")).toEqual(["ns1.example.com.", "ns2.example.com."]);
      expect(await of("www.", "A")).toEqual(["192.0.2.1", "192.0.2.2"]);
      expect(await of("", "MX")).toEqual([`10 mail.${zone}.`]);
      expect(await of("", "CAA")).toEqual(['0 issue "letsencrypt.org"']);
      expect(await of("long.", "TXT")).toEqual([`"${long.slice(0, 255)}" "${long.slice(255)}"`]);
      expect(await of("_sip._tcp.", "SRV")).toEqual([`0 0 5060 mail.${zone}.`]);
      expect(await of("mail.", "AAAA")).toEqual(["2001:db8::25"]);
      expect(await of("alias.", "A")).toEqual(["192.0.2.1", "192.0.2.2", `www.${zone}.`]);
    }
  }
  expect(await answer("ns1", "-x", machine("ns1").address)).toBe("ns1.example.com.");
  expect(
    (await machine("ns1").exec("systemctl is-active named.service", { check: false })).stdout.trim(),
  ).toBe("inactive");
});

test("the zones are accepted by the servers' own checks, and only the server reads the key", async () => {
  await machine("ns1").exec(`
    for zone in example.com 44.10.in-addr.arpa; do
      named-checkzone -i local "$zone" "/var/lib/bind/nixus/primary/$zone"
    done
    [ "$(stat -c %U:%a /var/lib/bind/nixus/keys/transfer)" = bind:600 ]
    ! grep -rlF '${secret}' /nix/store /var/lib/nixus
  `);
  await machine("ns2").exec(`
    nsd-checkzone example.org /var/lib/nsd/nixus/primary/example.org
    [ "$(stat -c %U:%a /var/lib/nsd/private/transfer)" = nsd:600 ]
  `);
});

test("a transfer without the key is refused, with it it is not", async () => {
  for (const zone of zoneNames) {
    const { primary, secondary } = zones[zone];
    for (const server of [primary, secondary]) {
      const refused = await dig(server, zone, "AXFR");
      expect(refused).toContain("Transfer failed");
      expect(refused).not.toContain("192.0.2.1");
      expect(
        await dig(server, zone, "AXFR", "-y", `hmac-sha256:transfer:${secret.replace("bm90", "bm91")}`),
      ).not.toContain("192.0.2.1");
    }
    expect(await dig(primary, zone, "AXFR", "-y", `hmac-sha256:transfer:${secret}`)).toContain("192.0.2.1");
  }
});

describe("nixus dns check", () => {
  const check = (text: string, ...zone: readonly string[]) =>
    deployer.run(["dns", "check", "-f", deployer.file(text), ...zone]);

  test("is content with both servers", async () => {
    const { stdout, exitCode } = await check(network(records("first")));
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).at(-1))).toEqual(
      Array(5).fill(expect.stringMatching(/^ok, [0-9]+ sets of records$/)),
    );
    expect(exitCode).toBe(0);
  });

  test("says what differs, and which server is gone", async () => {
    await machine("ns2").exec("systemctl stop nsd.service");
    const { stdout, exitCode } = await check(network(records("other")), "example.com");
    await machine("ns2").exec("systemctl start nsd.service");
    expect(exitCode).toBe(1);
    expect(stdout).toContain('www.example.com. TXT: "first" (ttl 60), should be "other" (ttl 60)');
    expect(stdout).toMatch(/ns2 +secondary +10\.44\.0\.12 +- +does not answer/);
    expect(stdout).not.toContain("example.org.");
  });
});

describe("a change", () => {
  test("arrives at the secondary with a greater serial, and no server is restarted", async () => {
    const running = await processes();
    expect((await deployer.deploy(network(records("second")))).exitCode).toBe(0);
    await expect.poll(everywhere, { timeout: 30_000 }).toEqual(same("second"));
    const now = await serials();
    for (const zone of zoneNames) expect(now[zone]).toBeGreaterThan(last[zone]);
    expect(await processes()).toEqual(running);
    last = now;
  });

  test("of something else leaves the serial alone", async () => {
    const text = network(records("second"), 'defaults.configuration.environment.etc.note.text = "x";');
    expect((await deployer.deploy(text)).exitCode).toBe(0);
    await machine("ns1").exec("systemctl restart nixus-dns-zones.service bind.service");
    expect(await serials()).toEqual(last);
  });

  test("back to what was there before has a greater serial, too", async () => {
    expect((await deployer.deploy(network(records("first")))).exitCode).toBe(0);
    await expect.poll(everywhere, { timeout: 30_000 }).toEqual(same("first"));
    const now = await serials();
    for (const zone of zoneNames) expect(now[zone]).toBeGreaterThan(last[zone]);
    last = now;
  });

  test("that is rolled back has been served, and what comes back is newer", async () => {
    const failing =
      'defaults.configuration.systemd.services.bad = { wantedBy = [ "multi-user.target" ]; script = "sleep 2; exit 1"; serviceConfig.Type = "oneshot"; };';
    const result = await deployer.deploy(network(records("third"), failing));
    expect(result.stdout.split(rolledBack)).toHaveLength(names.length + 1);
    await expect.poll(everywhere, { timeout: 30_000 }).toEqual(same("first"));
    const now = await serials();
    for (const zone of zoneNames) expect(now[zone]).toBeGreaterThanOrEqual(last[zone] + 2);
    last = now;
  });

  test("survives a power cut", async () => {
    expect((await deployer.deploy(network(records("fourth")))).exitCode).toBe(0);
    last = await serials();
    for (const name of names) await machine(name).powerCut();
    for (const name of names) await machine(name).powerOn();
    for (const name of names) await machine(name).waitForBoot();
    await expect.poll(everywhere, { timeout: 60_000 }).toEqual(same("fourth"));
    expect(await serials()).toEqual(last);
  });
});

describe("a configuration that the server refuses", () => {
  test.each([
    ["ns1", "services.bind.extraConfig", "named would refuse its configuration", "unknown option 'nonsense'"],
    ["ns2", "services.nsd.extraConfig", "nsd would refuse its configuration", "nonsense"],
  ] as const)("is refused before anything is changed: %s, %s", async (name, option, message, detail) => {
    const running = await processes();
    const text = network(records("fourth"), `nodes.${name}.configuration.${option} = "nonsense yes;";`);
    const result = await deployer.deploy(text, name);
    expect(result.exitCode).toBe(1);
    expect(result.stdout + result.stderr).toContain(message);
    expect(result.stdout + result.stderr).toContain(detail);
    expect(await processes()).toEqual(running);
  });
});

test("a machine that is no server any more is as it was found, but for its zones", async () => {
  const none = `{
    defaults = { platform = "linux"; configuration.services.openssh.enable = false; };
    ${names.map((name) => `nodes.${name}.host = "root@${hostOf(name)}";`).join("")}
  }`;
  expect((await deployer.deploy(none)).exitCode).toBe(0);
  for (const name of names) {
    const changes = diffSnapshots(before.get(name)!, await machine(name).snapshot());
    expect(changes.filter((change) => !/^\+ \/var\/lib\/(bind|nsd)\//.test(change))).toEqual([]);
    expect(changes.filter((change) => change.includes("/bind/nixus/keys"))).toEqual([]);
  }
  await machine("ns1").exec("dig @127.0.0.1 localhost. +short | grep 127");
});
