import { describe, expect, it } from "vitest";
import type { PublishedZone } from "../../../../src/fleet/modules/dns/published.ts";
import { deploymentOf, messageOf, optionValue } from "../../network-of.ts";
import { publicKeyOf } from "../ssh-keys.ts";

/** Two servers and a machine; the definitions stand below `dns`. */
const network = (dns: string, more = "") => `{ config, lib, ... }: {
  defaults.platform = "linux";
  nodes.ns1.configuration.networking.public.ipv4 = "192.0.2.53";
  nodes.ns2.configuration.networking.public = { ipv4 = "198.51.100.53"; ipv6 = "2001:db8:2::53"; };
  nodes.web.configuration.networking.public = { ipv4 = "192.0.2.80"; ipv6 = "2001:db8::80"; };
  ${more}
  imports = [
    {
      dns.servers = {
        ns1.name = "ns1.example.com.";
        ns2.name = "ns2.example.com";
      };
      dns.zones."example.com" = { primaryNode = lib.mkDefault "ns1"; };
    }
    { dns = { ${dns} }; }
  ];
}`;

/** The records of a zone, `NAME TTL TYPE DATA`. */
function records(text: string, zone = "example.com."): string[] {
  const published = optionValue(text, "dns.published") as PublishedZone[];
  const found = published.find(({ name }) => name === zone)!;
  return found.sets.flatMap(({ name, ttl, type, data }) =>
    data.map((one) => `${name} ${ttl} ${type} ${one}`),
  );
}

const servers = ["example.com. 3600 NS ns1.example.com.", "ns1.example.com. 3600 A 192.0.2.53"];
const more = (dns: string, extra = "") =>
  records(network(dns, extra)).filter((record) => !servers.includes(record));

describe("records", () => {
  it("find their zone, and have their servers and addresses", () => {
    const dns = `
      records."www.example.com.".A = "192.0.2.1";
      records."www.Sub.example.com".A = "192.0.2.2";
      zones."sub.example.com." = { primaryNode = "ns2"; };`;
    expect(records(network(dns))).toEqual([
      "example.com. 3600 NS ns1.example.com.",
      "ns1.example.com. 3600 A 192.0.2.53",
      "ns2.example.com. 3600 A 198.51.100.53",
      "ns2.example.com. 3600 AAAA 2001:db8:2::53",
      "sub.example.com. 3600 NS ns2.example.com.",
      "www.example.com. 3600 A 192.0.2.1",
    ]);
    expect(records(network(dns), "sub.example.com.")).toEqual([
      "sub.example.com. 3600 NS ns2.example.com.",
      "www.Sub.example.com. 3600 A 192.0.2.2",
    ]);
  });

  it("have a short form, a long form, and lists of both; definitions add up", () => {
    expect(
      more(
        `
      records."a.example.com" = {
        ttl = 300;
        A = [ "192.0.2.1" { address = "192.0.2.2"; } ];
        AAAA = { address = "2001:DB8::1"; ttl = 60; };
        MX = "10 mail.example.org.";
        TXT = [ "v=spf1 mx -all" { text = "${"x".repeat(300)}"; } ];
        CAA = [ { tag = "issue"; value = "letsencrypt.org"; } "128 iodef \\"mailto:a@example.org\\"" ];
        SSHFP = "4 2 ABCD";
      };
      records."_sip._tcp.example.com".SRV = { port = 5060; target = "a.example.com"; };
      records."_443._tcp.a.example.com".TLSA = { data = "0a0b"; };`,
        'dns.records."a.example.com".A = [ "192.0.2.3" ]; dns.records."a.example.com".MX = { exchange = "b.example.org"; };',
      ),
    ).toEqual([
      "_sip._tcp.example.com. 3600 SRV 0 0 5060 a.example.com.",
      "a.example.com. 300 A 192.0.2.1",
      "a.example.com. 300 A 192.0.2.2",
      "a.example.com. 300 A 192.0.2.3",
      "a.example.com. 60 AAAA 2001:db8::1",
      "a.example.com. 300 MX 10 b.example.org.",
      "a.example.com. 300 MX 10 mail.example.org.",
      `a.example.com. 300 TXT "v=spf1 mx -all"`,
      `a.example.com. 300 TXT "${"x".repeat(255)}" "${"x".repeat(45)}"`,
      'a.example.com. 300 CAA 0 issue "letsencrypt.org"',
      'a.example.com. 300 CAA 128 iodef "mailto:a@example.org"',
      "a.example.com. 300 SSHFP 4 2 abcd",
      "_443._tcp.a.example.com. 3600 TLSA 3 1 1 0a0b",
    ]);
  });

  it("of a zone are relative to it", () => {
    const zone = `zones."example.com" = {
      ttl = 600;
      records."@".MX = "10 mail";
      records.mail.A = "192.0.2.25";
      records.www.CNAME = "mail";
      records."out.example.com.".CNAME = "example.org.";
      records."*.dyn".A = "192.0.2.9";
      records.any.CNAME = "x.dyn";
    };`;
    expect(records(network(zone))).toEqual([
      "example.com. 600 NS ns1.example.com.",
      "example.com. 600 MX 10 mail.example.com.",
      "any.example.com. 600 CNAME x.dyn.example.com.",
      "*.dyn.example.com. 600 A 192.0.2.9",
      "mail.example.com. 600 A 192.0.2.25",
      "ns1.example.com. 600 A 192.0.2.53",
      "out.example.com. 600 CNAME example.org.",
      "www.example.com. 600 CNAME mail.example.com.",
    ]);
  });

  it("of a node are its addresses and host keys, and lead back in reverse zones", () => {
    const key = publicKeyOf("web");
    const dns = `
      records."web.example.com" = { node = "web"; ttl = 60; };
      records."www.example.com" = { node = "web"; reverse = false; };
      records."plain.example.com" = { A = "192.0.2.7"; reverse = true; };
      records."*.web.example.com".node = "web";
      records."10.2.0.192.in-addr.arpa".PTR = "ten.example.org";
      records."ten.example.com" = { A = "192.0.2.10"; reverse = true; };
      zones."192.0.2.0/24" = { primaryNode = "ns1"; };
      zones."2001:db8::/32" = { primaryNode = "ns1"; };`;
    const text = network(dns, `ssh.access.web.hostKeys.ed25519 = "${key}";`);
    expect(records(text).filter((record) => /^w/.test(record))).toEqual([
      "web.example.com. 60 A 192.0.2.80",
      "web.example.com. 60 AAAA 2001:db8::80",
      expect.stringMatching(/^web\.example\.com\. 60 SSHFP 4 2 [0-9a-f]{64}$/),
      "www.example.com. 3600 A 192.0.2.80",
      "www.example.com. 3600 AAAA 2001:db8::80",
      expect.stringMatching(/^www\.example\.com\. 3600 SSHFP 4 2 [0-9a-f]{64}$/),
    ]);
    expect(records(text, "2.0.192.in-addr.arpa.")).toEqual([
      "2.0.192.in-addr.arpa. 3600 NS ns1.example.com.",
      "10.2.0.192.in-addr.arpa. 3600 PTR ten.example.org.",
      "7.2.0.192.in-addr.arpa. 3600 PTR plain.example.com.",
      "80.2.0.192.in-addr.arpa. 60 PTR web.example.com.",
    ]);
    expect(records(text, "8.b.d.0.1.0.0.2.ip6.arpa.").slice(1)).toEqual([
      `0.8.${"0.".repeat(22)}8.b.d.0.1.0.0.2.ip6.arpa. 60 PTR web.example.com.`,
    ]);
  });

  it("name servers of a zone are its nodes' and what is written", () => {
    const dns = `
      keys.transfer.keyFile = "/etc/transfer.key";
      zones."example.com" = {
        secondaryNodes = [ "ns2" ];
        transferKey = "transfer";
        records."@" = { NS = [ "ns.example.org." "ns1" ]; ttl = 60; };
        records.ns2.A = "203.0.113.2";
      };`;
    expect(records(network(dns))).toEqual([
      "example.com. 60 NS ns.example.org.",
      "example.com. 60 NS ns1.example.com.",
      "example.com. 60 NS ns2.example.com.",
      "ns1.example.com. 3600 A 192.0.2.53",
      "ns2.example.com. 3600 A 203.0.113.2",
    ]);
    const only = 'zones."example.com" = { serverRecords = false; records."@".NS = "ns.example.org."; };';
    expect(records(network(only))).toEqual(["example.com. 3600 NS ns.example.org."]);
  });

  it("the start of a zone", () => {
    const soa = (dns: string) =>
      (optionValue(network(dns), "dns.published") as PublishedZone[]).map((zone) => zone.soa);
    expect(soa("")).toEqual(["ns1.example.com. hostmaster.example.com. 14400 3600 1209600 3600"]);
    expect(
      soa(
        'zones."example.com".soa = { email = "jane.doe@example.org"; primary = "hidden"; refresh = 1; minimum = 9; };',
      ),
    ).toEqual(["hidden.example.com. jane\\.doe.example.org. 1 3600 1209600 9"]);
  });
});

describe("what is wrong is said with its option:", () => {
  const keys = 'keys.transfer.keyFile = "/etc/transfer.key";';
  it.each([
    [
      "no zone",
      'records."www.example.org".A = "192.0.2.1";',
      `'dns.records."www.example.org"': no zone of the network has the name 'www.example.org.'; correct it, or add its zone, e.g. 'dns.zones."example.org."'`,
    ],
    [
      "a bad address in a list",
      'records."a.example.com".A = [ "192.0.2.1" "192.0.2" ];',
      `'dns.records."a.example.com".A, element 2': '192.0.2' is not an IPv4 address`,
    ],
    [
      "a missing field",
      'records."_a._tcp.example.com".SRV = { port = 1; };',
      `'dns.records."_a._tcp.example.com".SRV': the record needs 'target'`,
    ],
    [
      "a name with an empty part",
      'records."a..example.com".A = "192.0.2.1";',
      `'dns.records."a..example.com"': 'a..example.com' is not a name: it has an empty part`,
    ],
    [
      "a CNAME beside others",
      'records."a.example.com" = { CNAME = "ns1.example.com"; TXT = "x"; };',
      `'dns.records."a.example.com".CNAME': a CNAME must be the only record of its name, but 'a.example.com.' has another by 'dns.records."a.example.com".TXT'`,
    ],
    [
      "two CNAMEs",
      'records."a.example.com".CNAME = [ "ns1.example.com" "b.example.org" ];',
      `'dns.records."a.example.com".CNAME': a CNAME must be the only record of its name, but 'a.example.com.' has another by 'dns.records."a.example.com".CNAME'`,
    ],
    [
      "a CNAME of the zone",
      'zones."example.com".records."@".CNAME = "example.org.";',
      `'dns.zones."example.com".records."@".CNAME': 'example.com.' is a zone, which cannot be a CNAME; write addresses instead`,
    ],
    [
      "a circle of CNAMEs",
      'records."a.example.com".CNAME = "b.example.com"; records."b.example.com".CNAME = "A.example.com";',
      `'dns.records."a.example.com".CNAME': the CNAME leads back to 'a.example.com.'\n- 'dns.records."b.example.com".CNAME': the CNAME leads back to 'b.example.com.'`,
    ],
    [
      "a record twice",
      'records."a.example.com".MX = "10 ns1.example.com"; records."A.example.com".MX = "10 NS1.example.com";',
      `'dns.records."a.example.com".MX': 'a.example.com.' has the record 'MX 10 ns1.example.com.' twice; the other is by 'dns.records."A.example.com".MX'`,
    ],
    [
      "different ttls",
      'records."a.example.com".A = [ "192.0.2.1" { address = "192.0.2.2"; ttl = 1; } ];',
      `'dns.records."a.example.com".A': the A records of 'a.example.com.' must have the same ttl, but one has 3600 and one 1`,
    ],
    [
      "a mail server without address",
      'records."example.com".MX = "10 mail.example.com";',
      `'dns.records."example.com".MX': 'mail.example.com.' has no A or AAAA record`,
    ],
    [
      "a mail server that is a CNAME",
      'records."example.com".MX = "10 mail.example.com"; records."mail.example.com".CNAME = "ns1.example.com";',
      `'dns.records."example.com".MX': 'mail.example.com.' is a CNAME; a MX record must name the machine itself`,
    ],
    [
      "a forgotten dot",
      'zones."example.com".records.www.CNAME = "www.example.org";',
      `'dns.zones."example.com".records.www.CNAME': 'www.example.org.example.com.' has no records; a name without a final dot is relative to the zone, did you mean 'www.example.org.'?`,
    ],
    [
      "a relative name where there is no zone to be relative to",
      'records."www.example.com".CNAME = "web";',
      `'dns.records."www.example.com".CNAME': 'web.' is not a whole name; in 'dns.records' names are not relative to a zone`,
    ],
    [
      "missing glue",
      'records."sub.example.com".NS = "ns.sub.example.com";',
      `'dns.records."sub.example.com".NS': 'ns.sub.example.com.' is a server of 'sub.example.com.' and lies in it, so that nobody could find it; give it an A or AAAA record here`,
    ],
    [
      "what a delegation hides",
      'records."sub.example.com".NS = "ns1.example.com"; records."a.sub.example.com".TXT = "x";',
      `'dns.records."a.sub.example.com".TXT': 'a.sub.example.com.' belongs to the servers that 'sub.example.com.' is delegated to by its NS records`,
    ],
    [
      "a name outside the zone",
      'zones."example.com".records."www.example.org.".A = "192.0.2.1";',
      `'dns.zones."example.com".records."www.example.org."': 'www.example.org.' does not lie in the zone 'example.com.'`,
    ],
    [
      "a name of another zone",
      'zones."example.com".records."a.sub".A = "192.0.2.1"; zones."sub.example.com".primaryNode = "ns1";',
      `'dns.zones."example.com".records."a.sub"': the name 'a.sub.example.com.' belongs to 'dns.zones."sub.example.com"'; write its records there`,
    ],
    [
      "a machine with a name that is none",
      'records."my_host.example.com".A = "192.0.2.1";',
      `'dns.records."my_host.example.com".A': 'my_host.example.com.' cannot be the name of a machine: it has other characters than letters, digits and '-'`,
    ],
    [
      "an unknown node",
      'records."www.example.com".node = "wep";',
      `'dns.records."www.example.com".node': the network has no node 'wep'; did you mean 'web'?`,
    ],
    [
      "an unknown primary",
      'zones."example.com".primaryNode = "n1";',
      `'dns.zones."example.com".primaryNode': the network has no node 'n1'; did you mean 'ns1'?`,
    ],
    [
      "no primary",
      'zones."example.org" = { };',
      `'dns.zones."example.org".primaryNode' is not set; name the node whose server has the zone`,
    ],
    [
      "the same zone twice",
      'zones."EXAMPLE.com.".primaryNode = "ns1";',
      `'dns.zones."example.com"' is the same zone as 'dns.zones."EXAMPLE.com."'; write one of them`,
    ],
    [
      "no key for the secondaries",
      'zones."example.com".secondaryNodes = [ "ns2" ];',
      `'dns.zones."example.com".transferKey' is not set, but the zone has secondary nodes; name a key of 'dns.keys'`,
    ],
    [
      "an unknown key",
      'zones."example.com" = { secondaryNodes = [ "ns2" ]; transferKey = "x"; };',
      `'dns.zones."example.com".transferKey': there is no key 'x'; set 'dns.keys.x.secret' or '.keyFile'`,
    ],
    [
      "the primary as secondary",
      `${keys} zones."example.com" = { secondaryNodes = [ "ns1" ]; transferKey = "transfer"; };`,
      `'dns.zones."example.com".secondaryNodes' names a node twice, or the primary node`,
    ],
    [
      "servers that cannot find each other",
      `${keys} zones."example.com" = { secondaryNodes = [ "ns2" ]; transferKey = "transfer"; }; servers.ns2 = { addresses = [ ]; name = lib.mkForce null; };`,
      "'dns.servers.ns2.addresses' is empty, and node 'ns2' has no public address; set the addresses by which the other servers reach it",
    ],
    [
      "an interface to listen on",
      'servers.ns1.listenAddresses = [ "eth0" ];',
      `'dns.servers.ns1.listenAddresses': 'eth0' is not an IPv4 address`,
    ],
    [
      "a server that is no node",
      'servers.ns11.name = "ns11.example.com.";',
      `'dns.servers.ns11': the network has no node 'ns11'; did you mean 'ns1'?`,
    ],
    [
      "a mail address",
      'zones."example.com".soa.email = "x y@example.com";',
      `'dns.zones."example.com".soa.email': 'x y@example.com' is not a mail address that a zone can name; write 'hostmaster@example.com'`,
    ],
  ])("%s", (_, dns, message) => {
    expect(messageOf(() => deploymentOf(network(dns)))).toBe(`failed assertions:\n- ${message}`);
    expect(messageOf(() => optionValue(network(dns), "dns.published"))).toContain(message.split("\n")[0]);
  });

  it("a node without address, and a server without name", () => {
    const text = `{
      defaults.platform = "linux";
      nodes.a = { };
      dns.zones."example.com".primaryNode = "a";
      dns.records."a.example.com".node = "a";
    }`;
    expect(messageOf(() => deploymentOf(text))).toBe(
      "failed assertions:\n" +
        `- 'dns.records."a.example.com".node': node 'a' has no public address; set 'nodes.a.configuration.networking.public.ipv4' or '.ipv6'\n` +
        `- 'dns.servers.a.name' is not set; set it to the name of the server, which 'dns.zones."example.com"' needs for its NS records`,
    );
  });

  it("an unknown type of record", () => {
    expect(messageOf(() => deploymentOf(network('records."a.example.com".AAA = "::1";')))).toContain(
      'Did you mean `dns.records."a.example.com".AAAA',
    );
  });
});

it("names lead to nodes by what is said, by addresses and by CNAMEs", () => {
  const dns = `
    records."web.example.com".node = "web";
    records."www.example.com".CNAME = "web.example.com";
    records."blog.example.com".CNAME = "www.example.com";
    records."shop.example.com".A = "192.0.2.80";
    records."*.example.com".A = "192.0.2.80";`;
  expect(optionValue(network(dns), "dns.names")).toEqual({
    ns1: ["ns1.example.com"],
    ns2: [],
    web: ["shop.example.com", "web.example.com", "www.example.com", "blog.example.com"],
  });
});

describe("a key", () => {
  const zone = (key: string) =>
    `${key} zones."example.com" = { secondaryNodes = [ "ns2" ]; transferKey = "transfer"; };`;
  const preStart = "nodes.ns1.configuration.systemd.services.bind.preStart";

  it("is a file on the machines, or a secret of the network, which the servers are given", () => {
    const file = network(zone('keys.transfer.keyFile = "/etc/transfer.key";'));
    expect(optionValue(file, preStart)).toContain("cat -- '/etc/transfer.key'");
    expect(optionValue(file, "secrets")).toEqual({});
    const secret = network(zone('keys.transfer.secret = "dns";'), 'secrets.dns.file = "dns.key";');
    expect(optionValue(secret, "secrets.dns.nodes")).toEqual(["ns1", "ns2"]);
    // The pointer is made of the digest in nixus.lock, which this network does not have.
    expect(messageOf(() => optionValue(secret, preStart))).toContain("does not know the secret 'dns' yet");
  });

  it.each(["keys.transfer = { };", 'keys.transfer = { secret = "dns"; keyFile = "/etc/transfer.key"; };'])(
    "%s is refused",
    (key) => {
      expect(messageOf(() => optionValue(network(zone(key)), "dns.published"))).toBe(
        "'dns.keys.transfer' needs one of 'secret', the name of a secret of the network, and 'keyFile', the place of a file on the machines",
      );
    },
  );

  it.each([
    ["", "the secret 'secrets.dns' has no source; set 'secrets.dns.generate' to { type = \"random\""],
    ['secrets.dns.generate = "random";', "is generated as something else than base64"],
  ])("the secret of the network with %j is refused", (secret, message) => {
    const text = network(zone('keys.transfer.secret = "dns";'), secret);
    expect(messageOf(() => optionValue(text, "dns.published"))).toContain("'dns.keys.transfer.secret': ");
    expect(messageOf(() => optionValue(text, "dns.published"))).toContain(message);
  });

  it("a path that would be copied to the store is refused", () => {
    expect(
      messageOf(() => optionValue(network(zone("keys.transfer.keyFile = ./key;")), "dns.published")),
    ).toContain("'dns.keys.transfer.keyFile': a path would be copied to the store");
    const text = network(zone('keys.transfer.keyFile = "${./default.nix}";'));
    expect(messageOf(() => optionValue(text, "dns.published"))).toContain("it is in the store");
  });
});

it("are names by which other machines know a node, if they have access to it", () => {
  const dns = 'records."web.example.com".node = "web"; records."www.example.com".CNAME = "web.example.com";';
  const access = `
    ssh.access.ns1.keys.root = { publicKey = "${publicKeyOf("ns1")}"; hasAccessTo.web.root = true; };
    ssh.access.web = { hostKeys.ed25519 = "${publicKeyOf("web")}"; hostNames = [ "192.0.2.80" ]; };`;
  const known = optionValue(
    network(dns, access),
    "nodes.ns1.configuration.programs.ssh.knownHosts",
  ) as Record<string, { readonly hostNames: readonly string[] }>;
  expect(known["web/ed25519"]!.hostNames.toSorted()).toEqual([
    "192.0.2.80",
    "2001:db8::80",
    "web",
    "web.example.com",
    "www.example.com",
  ]);
});

it("nothing is evaluated that nobody asks for", () => {
  const text = network('records = throw "not needed";');
  expect(optionValue(text, "nodes.web.configuration.networking.public.ipv4")).toBe("192.0.2.80");
  expect(optionValue(text, "nodes.web.configuration.networking.hosts")).toEqual({});
});
