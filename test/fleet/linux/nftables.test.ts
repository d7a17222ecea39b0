import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergePorts } from "../../../src/fleet/platforms/linux/nftables.ts";
import { messageOf } from "../network-of.ts";
import { systemOf } from "./system-of.ts";

const rulesOf = (configuration: string): string => systemOf(configuration).nftables ?? "";
const firewall = (settings: string) => rulesOf(`networking.firewall = { enable = true; ${settings} };`);
const nat = (settings: string) => rulesOf(`networking.nat = { enable = true; ${settings} };`);

describe("networking.firewall", () => {
  it("is off as long as nobody says otherwise", () => {
    expect(systemOf("networking.firewall.allowedTCPPorts = [ 80 ];").nftables).toBeNull();
  });

  it("replaces tables of its own, and no others, in one file", () => {
    const text = rulesOf("networking.firewall.enable = true; networking.nat.enable = true;");
    const tables = ["inet nixus-fw", "ip nixus-nat", "ip6 nixus-nat"];
    for (const table of tables)
      expect(text.indexOf(`delete table ${table}\n`)).toBeGreaterThan(text.indexOf(`table ${table}\n`));
    expect(text).not.toContain("flush");
    for (const [, name] of text.matchAll(/^(?:delete )?table (\S+ \S+)/gm)) expect(tables).toContain(name);
  });

  it("opens ports, on all interfaces or on one", () => {
    const text = firewall(`
      allowedTCPPorts = [ 443 80 443 ]; allowedTCPPortRanges = [ { from = 8000; to = 8010; } { from = 8005; to = 8020; } ];
      allowedUDPPorts = [ 53 ];
      interfaces.eth1 = { allowedTCPPorts = [ 9100 ]; allowedUDPPortRanges = [ { from = 1; to = 2; } ]; };
      interfaces."wg*".allowedUDPPorts = [ 5353 ];`);
    expect(text).toContain("    tcp dport { 22, 80, 443, 8000-8020 } accept\n    udp dport { 53 } accept\n");
    expect(text).toContain(
      `    iifname "eth1" tcp dport { 9100 } accept\n    iifname "eth1" udp dport { 1-2 } accept\n`,
    );
    expect(text).toContain(`    iifname "wg*" udp dport { 5353 } accept\n`);
  });

  it("lets sshd's ports in, unless it is told not to", () => {
    expect(firewall("")).toContain("tcp dport { 22 } accept");
    const ports = "services.openssh.ports = [ 2222 23 ];";
    expect(rulesOf(`networking.firewall.enable = true; ${ports}`)).toContain("tcp dport { 23, 2222 } accept");
    expect(
      rulesOf(`networking.firewall.enable = true; services.openssh.openFirewall = false; ${ports}`),
    ).not.toContain("tcp dport");
  });

  it("has the rest as options", () => {
    expect(firewall(`trustedInterfaces = [ "wg0" ];`)).toContain(`iifname "wg0" accept`);
    expect(firewall("")).toContain("icmp type echo-request accept");
    expect(firewall(`pingLimit = "2/second";`)).toContain(
      "icmp type echo-request limit rate 2/second accept",
    );
    expect(firewall("allowPing = false;")).not.toContain("echo-request");
    expect(firewall("rejectPackets = true;")).toMatch(/reject with tcp reset\n\s*reject\n/);
    expect(firewall("")).not.toContain("reject");
    expect(firewall("")).toContain("refused connection");
    expect(firewall("logRefusedConnections = false;")).not.toContain("log ");
    expect(firewall("logRefusedPackets = true;")).not.toContain("broadcast");
    expect(firewall("logRefusedPackets = true; logRefusedUnicastsOnly = false;")).toContain(
      "pkttype broadcast",
    );
    expect(firewall("")).not.toContain("rpfilter");
    expect(firewall("checkReversePath = true;")).toContain("fib saddr . mark . iif oif exists accept");
    expect(firewall(`checkReversePath = "loose";`)).toContain("fib saddr . mark oif exists accept");
    expect(firewall(`extraInputRules = "tcp dport 1 accept\\nudp dport 2 accept";`)).toContain(
      "    tcp dport 1 accept\n    udp dport 2 accept\n",
    );
  });

  it("filters what is forwarded when it is told to", () => {
    expect(firewall("")).not.toContain("hook forward");
    const text = rulesOf(`
      networking.firewall = { enable = true; filterForward = true; extraForwardRules = "iifname a oifname b accept"; };
      networking.nat = { enable = true; internalInterfaces = [ "wg0" ]; internalIPs = [ "10.0.0.0/8" ]; externalInterface = "ens3"; };`);
    expect(text).toContain("hook forward priority filter; policy drop;");
    expect(text).toContain(`iifname "wg0" oifname "ens3" accept`);
    expect(text).toContain(`ip saddr { 10.0.0.0/8 } oifname "ens3" accept`);
    expect(text).toContain("iifname a oifname b accept");
  });

  it("says what is wrong with a value, and where", () => {
    for (const [settings, message] of [
      ["allowedTCPPorts = [ 70000 ];", "networking.firewall.allowedTCPPorts"],
      [
        "allowedUDPPortRanges = [ { from = 5; to = 4; } ];",
        "'networking.firewall.allowedUDPPortRanges': the range from 5 to 4 is empty",
      ],
      ["allowedTCPPortRanges = [ { from = 5; } ];", "a range has the attributes 'from' and 'to'"],
      [`trustedInterfaces = [ "a\\"b" ];`, "networking.firewall.trustedInterfaces"],
      [`interfaces."a b".allowedTCPPorts = [ 1 ];`, `networking.firewall.interfaces."a b"`],
      [`checkReversePath = "sometimes";`, "networking.firewall.checkReversePath"],
    ] as const)
      expect(messageOf(() => firewall(settings))).toContain(message);
  });

  it("needs nftables, or what the machine has in its place", () => {
    const needed = (settings: string) => systemOf(settings, "environment.systemPackages");
    expect(needed("networking.firewall.enable = true;")).toEqual(["nftables"]);
    expect(needed("networking.nat.enable = true;")).toEqual(["nftables"]);
    expect(needed("networking.firewall = { enable = true; package = null; };")).toEqual([]);
    expect(needed("")).toEqual([]);
  });
});

describe("networking.nat", () => {
  it("translates what comes from inside", () => {
    expect(nat(`internalInterfaces = [ "wg0" ];`)).toContain(`    iifname "wg0" masquerade\n`);
    const text = nat(
      `internalIPs = [ "10.0.0.0/8" "192.0.2.7" ]; externalInterface = "ens3"; externalIP = "198.51.100.1";`,
    );
    expect(text).toContain(`ip saddr { 10.0.0.0/8, 192.0.2.7 } oifname "ens3" snat to 198.51.100.1\n`);
    expect(text).not.toContain("table ip6 nixus-nat {");
    const both = nat(`enableIPv6 = true; internalIPv6s = [ "fc00::/64" ]; externalIPv6 = "2001:db8::1";`);
    expect(both).toContain("ip6 saddr { fc00::/64 } snat to 2001:db8::1");
  });

  it("forwards ports", () => {
    const text = nat(`externalInterface = "ens3"; enableIPv6 = true; dmzHost = "10.0.0.9"; forwardPorts = [
      { sourcePort = 8080; destination = "10.0.0.1:80"; loopbackIPs = [ "192.0.2.1" ]; }
      { sourcePort = "60000:60010"; destination = "10.0.0.1:50000-50010"; proto = "udp"; }
      { sourcePort = 8080; destination = "[fc00::1]:80"; }
    ];`);
    expect(text).toContain(`iifname "ens3" tcp dport 8080 dnat to 10.0.0.1:80\n`);
    expect(text).toContain(`iifname "ens3" udp dport 60000-60010 dnat to 10.0.0.1:50000-50010\n`);
    expect(text).toContain(`iifname "ens3" tcp dport 8080 dnat to [fc00::1]:80\n`);
    expect(text).toContain(`iifname "ens3" dnat to 10.0.0.9\n`);
    expect(text.split("ip daddr 192.0.2.1 tcp dport 8080 dnat to 10.0.0.1:80\n")).toHaveLength(3);
    expect(text).toContain("ip daddr 10.0.0.1 tcp dport 80 snat to 192.0.2.1\n");
  });

  it("makes the machine forward", () => {
    const parameters = systemOf("networking.nat.enable = true;").kernelParameters;
    expect(parameters).toContainEqual({ path: "net/ipv4/conf/all/forwarding", value: "1" });
    const both = systemOf(
      `networking.nat = { enable = true; enableIPv6 = true; externalInterface = "eth0.7"; };`,
    );
    expect(both.kernelParameters).toContainEqual({ path: "net/ipv6/conf/eth0.7/accept_ra", value: "2" });
  });

  it("says what is wrong with a value, and where", () => {
    for (const [settings, message] of [
      [
        `forwardPorts = [ { sourcePort = 1; destination = "10.0.0.1"; } ];`,
        "'networking.nat.forwardPorts': the destination '10.0.0.1' must be ADDRESS:PORT",
      ],
      [
        `forwardPorts = [ { sourcePort = "9:1"; destination = "10.0.0.1:1"; } ];`,
        "'9:1' is neither a port nor a range of ports",
      ],
      [`forwardPorts = [ { sourcePort = 1; destination = "fc00::1:80"; } ];`, "must be ADDRESS:PORT"],
      [
        `forwardPorts = [ { sourcePort = 1; destination = "[fc00::1]:80"; } ];`,
        "'networking.nat.enableIPv6' is not set",
      ],
      [
        `forwardPorts = [ { sourcePort = 1; destination = "10.0.0.1:80"; loopbackIPs = [ "::1" ]; } ];`,
        "is not an IPv4 address",
      ],
      [
        `internalIPs = [ "fc00::/64" ];`,
        "'networking.nat.internalIPs': 'fc00::/64' is neither an IPv4 address nor a subnet",
      ],
      [`externalIP = "x";`, "networking.nat.externalIP"],
    ] as const)
      expect(messageOf(() => nat(settings))).toContain(message);
  });
});

describe("ports", () => {
  const range = fc.tuple(fc.nat(40), fc.nat(5)).map(([from, more]) => ({ from, to: from + more }));
  const portsOf = (ranges: readonly { from: number; to: number }[]) =>
    new Set(ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));

  it("are the same ports when they are merged, and no two ranges touch", () => {
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const merged = mergePorts(ranges);
        expect(portsOf(merged)).toEqual(portsOf(ranges));
        for (const [index, { from }] of merged.entries())
          if (index > 0) expect(from).toBeGreaterThan(merged[index - 1]!.to + 1);
      }),
    );
  });
});

const nft = spawnSync("unshare", ["-n", "nft", "-c", "-f", "-"], { input: "" });
describe.runIf(nft.status === 0)("nft", () => {
  it("takes rules with everything in them", () => {
    const text = rulesOf(`
      networking.firewall = {
        enable = true; allowedTCPPorts = [ 1 5 ]; allowedUDPPortRanges = [ { from = 5; to = 9; } { from = 7; to = 11; } ];
        interfaces."eth*".allowedTCPPorts = [ 80 ]; trustedInterfaces = [ "wg0" "tun*" ]; pingLimit = "2/second burst 5 packets";
        rejectPackets = true; logRefusedPackets = true; logRefusedUnicastsOnly = false; checkReversePath = true;
        logReversePathDrops = true; filterForward = true; extraInputRules = "tcp dport 2 accept";
        extraForwardRules = "iifname a oifname b accept"; extraReversePathFilterRules = "iifname c accept";
      };
      networking.nat = {
        enable = true; enableIPv6 = true; internalInterfaces = [ "wg0" ]; internalIPs = [ "10.0.0.0/8" "192.0.2.7" ];
        internalIPv6s = [ "fc00::/64" ]; externalInterface = "ens3"; externalIP = "198.51.100.1"; externalIPv6 = "2001:db8::1";
        dmzHost = "10.0.0.9"; forwardPorts = [
          { sourcePort = 8080; destination = "10.0.0.1:80"; loopbackIPs = [ "192.0.2.1" ]; }
          { sourcePort = "60000:60010"; destination = "10.0.0.1:50000-50010"; proto = "udp"; }
          { sourcePort = 8080; destination = "[fc00::1]:80"; loopbackIPs = [ "2001:db8::1" ]; }
        ];
      };`);
    const { status, stderr } = spawnSync("unshare", ["-n", "nft", "-c", "-f", "-"], {
      input: text,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});
