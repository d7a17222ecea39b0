import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignAddresses, isHostAddress } from "../../../src/fleet/modules/vpn/addresses.ts";
import type { VpnSettings } from "../../../src/fleet/modules/vpn/options.ts";
import { nthHost, parseSubnet } from "../../../src/modules/ip.ts";
import { deploymentOf, messageOf, optionValue } from "../network-of.ts";

type Files = Readonly<Record<string, string>>;

/** A key of WireGuard: 32 times the same byte. */
const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
const wireguard = (byte: number) => `wireguard = { publicKey = "${key(byte)}"; privateKeyFile = "/key"; };`;

/** Three machines; `hub` has a public address. */
const network = (home: string, more = "", lock?: object): Files => ({
  "default.nix": `{
    defaults.platform = "linux";
    nodes.hub.configuration.networking.public.ipv4 = "192.0.2.1";
    nodes.spoke = { };
    nodes.roam = { };
    vpn.networks.home = { ${home} };
    imports = [ ({ config, lib, ... }: { ${more} }) ];
  }`,
  ...(lock && { "nixus.lock": JSON.stringify({ version: 1, ...lock }) }),
});

const members = `
  server = { node = "hub"; subnetIp = "10.0.0.1"; ${wireguard(1)} };
  clients.spoke = { subnetIp = "10.0.0.2"; ${wireguard(2)} };
  clients.roam = { subnetIp = "10.0.0.3"; ${wireguard(3)} };`;
const complete = `subnet = "10.0.0.0/24"; ${members}`;

const configurationOf = (files: Files, node: string, option: string) =>
  optionValue(files, `nodes.${node}.configuration.${option}`);
const interfaceOf = (files: Files, node: string, name = "home") =>
  (configurationOf(files, node, "networking.wireguard.interfaces") as Record<string, Interface>)[name]!;

interface Interface {
  readonly ips: readonly string[];
  readonly listenPort: number | null;
  readonly allowedIPsAsRoutes: boolean;
  readonly peers: readonly {
    readonly publicKey: string;
    readonly allowedIPs: readonly string[];
    readonly endpoint: string | null;
    readonly persistentKeepalive: number | null;
  }[];
}
/** `[key's byte, allowed, endpoint, keepalive]` of each peer. */
const peersOf = (files: Files, node: string) =>
  interfaceOf(files, node).peers.map(({ publicKey, allowedIPs, endpoint, persistentKeepalive }) => [
    Buffer.from(publicKey, "base64")[0],
    allowedIPs.join(" "),
    endpoint,
    persistentKeepalive,
  ]);

describe("vpn.networks", () => {
  it("is a star: clients know the server, and it knows each of them", () => {
    const files = network(complete);
    expect(interfaceOf(files, "hub")).toMatchObject({ ips: ["10.0.0.1/24"], listenPort: 51820 });
    expect(peersOf(files, "hub")).toEqual([
      [3, "10.0.0.3/32", null, null],
      [2, "10.0.0.2/32", null, null],
    ]);
    expect(interfaceOf(files, "spoke")).toMatchObject({ ips: ["10.0.0.2/24"], listenPort: null });
    expect(peersOf(files, "spoke")).toEqual([[1, "10.0.0.0/24", "192.0.2.1:51820", 25]]);
  });

  it("opens the server's port, lets it forward, and writes the members' names everywhere", () => {
    const files = network(`${complete} trusted = true; clients.spoke.hostNames = [ "files" ];`);
    expect(configurationOf(files, "hub", "networking.firewall.allowedUDPPorts")).toEqual([51820]);
    expect(configurationOf(files, "roam", "networking.firewall.allowedUDPPorts")).toEqual([]);
    expect(configurationOf(files, "roam", "networking.firewall.trustedInterfaces")).toEqual(["home"]);
    expect(configurationOf(files, "hub", "boot.kernel.sysctl")).toMatchObject({
      "net.ipv4.conf.all.forwarding": true,
    });
    expect(configurationOf(files, "roam", "networking.extraHosts")).toBe(
      "10.0.0.1 hub.home hub\n10.0.0.3 roam.home roam\n10.0.0.2 files\n",
    );
    expect(optionValue(files, "ssh.access.spoke.hostNames")).toEqual(["files", "10.0.0.2"]);
  });

  it("has IPv6 beside IPv4, or alone; addresses are written one way", () => {
    const both = network(`${complete} subnet6 = "FD00:0::/64"; server.subnetIp6 = "fd00:0::1";
      clients.spoke.subnetIp6 = "fd00::2"; clients.roam.subnetIp6 = "fd00::3"; server.endpoint = "2001:db8::1";`);
    expect(interfaceOf(both, "spoke").ips).toEqual(["10.0.0.2/24", "fd00::2/64"]);
    expect(peersOf(both, "spoke")).toEqual([[1, "10.0.0.0/24 fd00::/64", "[2001:db8::1]:51820", 25]]);
    expect(peersOf(both, "hub")[1]).toEqual([2, "10.0.0.2/32 fd00::2/128", null, null]);
    expect(optionValue(both, "vpn.networks.home.addresses.hub")).toEqual(["10.0.0.1", "fd00::1"]);

    const alone = network(`subnet = "fd00::/64"; ${members.replaceAll("10.0.0.", "fd00::")}`);
    expect(interfaceOf(alone, "spoke").ips).toEqual(["fd00::2/64"]);
    expect(configurationOf(alone, "hub", "boot.kernel.sysctl")).toMatchObject({
      "net.ipv6.conf.all.forwarding": true,
      "net.ipv6.conf.all.accept_ra": 2,
    });
  });

  it.each([
    ["", "hub", "192.0.2.1:51820"],
    ["server.port = 4500;", "hub", "192.0.2.1:4500"],
    ['server.endpoint = "vpn.example.com";', "hub", "vpn.example.com:51820"],
  ])("the endpoint with %j is found", (settings, _node, endpoint) => {
    expect(peersOf(network(`${complete} ${settings}`), "spoke")[0]?.[2]).toBe(endpoint);
  });

  it.each([
    [
      'nodes.hub.configuration.networking.public = { ipv4 = lib.mkForce null; ipv6 = "2001:db8::9"; };',
      "[2001:db8::9]:51820",
    ],
    [
      'nodes.hub = { host = "root@hub.example.com"; configuration.networking.public.ipv4 = lib.mkForce null; };',
      "hub.example.com:51820",
    ],
  ])("the endpoint with %j is found", (more, endpoint) => {
    expect(peersOf(network(complete, more), "spoke")[0]?.[2]).toBe(endpoint);
  });

  it("the endpoint of a machine with both kinds of addresses is that which the other surely has", () => {
    const both = `nodes.hub.configuration.networking.public.ipv6 = "2001:DB8:0::9";`;
    expect(peersOf(network(complete, both), "spoke")[0]?.[2]).toBe("192.0.2.1:51820");
    const alone = `${both} nodes.spoke.configuration.networking.public.ipv6 = "2001:db8::5";`;
    expect(peersOf(network(complete, alone), "spoke")[0]?.[2]).toBe("[2001:db8::9]:51820");
    const mapped = `${alone} nodes.spoke.configuration.networking.public.hasIpv4 = true;`;
    expect(peersOf(network(complete, mapped), "spoke")[0]?.[2]).toBe("192.0.2.1:51820");
  });

  it("the name of an endpoint is in no hosts file: the tunnel would lead into itself", () => {
    const files = {
      "default.nix": `{
        defaults.platform = "linux";
        nodes."hub.example.com" = { }; nodes.spoke = { }; nodes.roam = { };
        vpn.networks.home = { ${complete.replace('"hub"', '"hub.example.com"')} };
        vpn.networks.work = {
          subnet = "10.1.0.0/24";
          server = { node = "spoke"; subnetIp = "10.1.0.1"; endpoint = "Roam.example.org"; ${wireguard(4)} };
          clients.roam = { subnetIp = "10.1.0.2"; hostNames = [ "roam.example.org" ]; ${wireguard(5)} };
        };
      }`,
    };
    expect(peersOf(files, "spoke")[0]?.[2]).toBe("hub.example.com:51820");
    const hosts = configurationOf(files, "roam", "networking.extraHosts");
    expect(hosts).toBe(
      "10.0.0.1 hub.example.com.home\n10.0.0.3 roam.home roam\n10.0.0.2 spoke.home spoke\n10.1.0.1 spoke.work spoke\n",
    );
  });

  it("sends all of a client with internetGateway through the server, but only of that one", () => {
    const files = network(
      `${complete} clients.roam.internetGateway = true; server.externalInterface = "eth0";`,
    );
    expect(peersOf(files, "roam")).toEqual([[1, "10.0.0.0/24 0.0.0.0/0", "192.0.2.1:51820", 25]]);
    expect(interfaceOf(files, "roam").allowedIPsAsRoutes).toBe(false);
    expect(configurationOf(files, "hub", "networking.nat")).toMatchObject({
      enable: true,
      externalInterface: "eth0",
      internalIPs: ["10.0.0.3/32"],
      enableIPv6: false,
    });
    const units = configurationOf(files, "roam", "systemd.services") as Record<
      string,
      { script: string; bindsTo: readonly string[] }
    >;
    const gateway = units["vpn-gateway-home"]!;
    expect(Object.keys(units)).toContain(gateway.bindsTo[0]?.replace(/\.service$/, ""));
    expect(gateway.script).toContain("ip -4 route replace default dev home table");
    expect(gateway.script).not.toContain("ip -6");
    expect(configurationOf(files, "spoke", "systemd.services")).not.toHaveProperty("vpn-gateway-home");
  });

  it("is a mesh: who has an endpoint is met directly, the others through the server", () => {
    const mesh = `topology = "mesh"; ${complete} clients.spoke.endpoint = "spoke.example.com"; clients.spoke.port = 7;`;
    expect(peersOf(network(mesh), "roam")).toEqual([
      [1, "10.0.0.0/24", "192.0.2.1:51820", 25],
      [2, "10.0.0.2/32", "spoke.example.com:7", 25],
    ]);
    expect(peersOf(network(mesh), "spoke")).toEqual([
      [1, "10.0.0.0/24", "192.0.2.1:51820", 25],
      [3, "10.0.0.3/32", null, null],
    ]);
    expect(configurationOf(network(mesh), "spoke", "networking.firewall.allowedUDPPorts")).toEqual([7]);
    const without = `topology = "mesh"; subnet = "10.0.0.0/24"; ${members.slice(members.indexOf("clients.spoke"))}`;
    expect(peersOf(network(without), "roam")).toEqual([]);
    expect(deploymentOf(network(without)).warnings).toEqual([
      expect.stringContaining("'roam', 'spoke' have no endpoint and cannot reach each other"),
    ]);
  });

  it("of OpenVPN has a server with a file for each client, and clients that know it", () => {
    const certificate = 'openvpn = { certificateFile = "/own.crt"; privateKeyFile = "/own.key"; };';
    const files =
      network(`backend = "openvpn"; ${complete} openvpn.caFile = "/ca.crt"; server = { ${certificate} };
      clients.spoke = { ${certificate} }; clients.roam = { ${certificate} internetGateway = true; };`);
    const instance = (node: string) =>
      (
        configurationOf(files, node, "services.openvpn.servers") as Record<
          string,
          { config: string; up: string }
        >
      )["home"]!;
    const lines = (node: string) => instance(node).config.split("\n");
    expect(lines("hub")).toEqual(
      expect.arrayContaining([
        "mode server",
        "port 1194",
        "ifconfig 10.0.0.1 255.255.255.0",
        "ccd-exclusive",
      ]),
    );
    expect(configurationOf(files, "hub", "environment.etc")).toMatchObject({
      "nixus/openvpn/home/spoke": { text: "ifconfig-push 10.0.0.2 255.255.255.0" },
    });
    expect(lines("spoke")).toEqual(expect.arrayContaining(["client", "remote 192.0.2.1 1194", "dev home"]));
    expect(instance("spoke").up).toBe("");
    expect(lines("roam")).toContain("mark 28280");
    expect(instance("roam").up).toContain("ip -4 route replace default dev home");
    expect(configurationOf(files, "hub", "networking.firewall.allowedUDPPorts")).toEqual([1194]);
  });

  it("takes another backend from a module", () => {
    const files = network(
      complete.replaceAll(/wireguard = [^;]*;[^;]*; };/g, "") +
        ' backend = "carrier-pigeon"; server.port = 1;',
      `options.vpn.networks = lib.mkOption {
        type = with lib.types; attrsOf (submodule { options.backend = lib.mkOption { type = enum [ "carrier-pigeon" ]; }; });
      };
      config.nodes.hub.configuration.environment.etc.pigeons.text =
        toString config.vpn.networks.home.addresses.roam;`,
    );
    expect(configurationOf(files, "hub", "environment.etc.pigeons.text")).toBe("10.0.0.3");
    expect(configurationOf(files, "hub", "networking.wireguard.interfaces")).toEqual({});
    expect(configurationOf(files, "roam", "networking.extraHosts")).toContain("10.0.0.1 hub.home hub");
    expect(deploymentOf(files).nodes).toHaveLength(3);
  });
});

describe("keys that nobody says", () => {
  const open = `${complete.replaceAll(/wireguard = [^;]*;[^;]*; };/g, "")} wireguard.generateKeys = true;`;
  const digest = "0".repeat(32);
  const lockOf = (...nodes: readonly string[]) => ({
    secrets: {
      nodes: Object.fromEntries(nodes.map((node) => [node, { "vpn-home": digest }])),
      publicKeys: Object.fromEntries(nodes.map((node, index) => [`${node}/vpn-home`, key(index + 1)])),
    },
  });

  it("are secrets of the nodes, whose public keys the lock has", () => {
    const files = network(open, "", lockOf("hub", "spoke", "roam"));
    expect(peersOf(files, "spoke")).toEqual([[1, "10.0.0.0/24", "192.0.2.1:51820", 25]]);
    expect(configurationOf(files, "spoke", "networking.wireguard.interfaces.home.privateKeyFile")).toMatch(
      /-secret-vpn-home$/,
    );
    const [hub] = deploymentOf(files).nodes;
    expect(hub?.secrets.map(({ name, used }) => [name, used])).toEqual([["vpn-home", true]]);
  });

  it("are an error that names the command where there are none; said ones stay", () => {
    const files = network(`${open} clients.spoke = { ${wireguard(9)} };`, "", lockOf("hub"));
    const message = messageOf(() => deploymentOf(files));
    expect(message).toContain("'roam' has no key for the VPN 'home' yet; run 'nixus vpn keys'");
    expect(message).not.toContain("spoke");
    expect(configurationOf(files, "spoke", "secrets.files")).toEqual({});
  });

  it("are not asked of a client that is not enabled, which is then no peer of the others", () => {
    const files = network(open, "nodes.roam.enabled = false;", lockOf("hub", "spoke"));
    expect(deploymentOf(files).nodes.map(({ name }) => name)).toEqual(["hub", "spoke"]);
    expect(peersOf(files, "hub")).toEqual([[2, "10.0.0.2/32", null, null]]);
    const known = network(open, "nodes.roam.enabled = false;", lockOf("hub", "spoke", "roam"));
    expect(peersOf(known, "hub")).toHaveLength(2);
    const server = network(open, "nodes.hub.enabled = false;", lockOf("spoke", "roam"));
    expect(messageOf(() => deploymentOf(server))).toContain(
      "run 'nixus vpn keys', which makes one once 'nodes.hub.enabled' is true",
    );
  });
});

describe("addresses that nobody says", () => {
  const open = complete.replaceAll(/subnetIp = "[^"]*";/g, "");

  it("are those of nixus.lock", () => {
    const lock = {
      vpn: { addresses: { home: { hub: { subnetIp: "10.0.0.9" }, spoke: { subnetIp: "10.0.0.8" } } } },
    };
    const files = network(`${open} clients.roam.subnetIp = "10.0.0.7";`, "", lock);
    expect(optionValue(files, "vpn.networks.home.addresses")).toEqual({
      hub: ["10.0.0.9"],
      roam: ["10.0.0.7"],
      spoke: ["10.0.0.8"],
    });
    expect(interfaceOf(files, "hub").ips).toEqual(["10.0.0.9/24"]);
  });

  it("are an error that names the command where the lock has none", () => {
    const message = messageOf(() => deploymentOf(network(open)));
    expect(message).toContain(
      "'vpn.networks.home.clients.roam.subnetIp' is not set, and nixus.lock has no address for it; run 'nixus lock'",
    );
    expect(messageOf(() => configurationOf(network(open), "hub", "networking.extraHosts"))).toContain(
      "run 'nixus lock'",
    );
  });

  const settings = (subnet: string, said: Readonly<Record<string, string | null>>): VpnSettings =>
    ({
      subnet,
      subnet6: null,
      server: null,
      clients: Object.fromEntries(
        Object.entries(said).map(([node, subnetIp]) => [node, { subnetIp, subnetIp6: null }]),
      ),
    }) as unknown as VpnSettings;

  it("stay where they are, are never given twice, and go with their member", () => {
    const names = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const subnet = parseSubnet("10.0.0.0/28");
    const said = fc.dictionary(names, fc.option(fc.integer({ min: 1, max: 14 }).map((n) => `10.0.0.${n}`)));
    fc.assert(
      fc.property(said, said, (before, after) => {
        const first = assignAddresses({ home: settings("10.0.0.0/28", before) }, {}).addresses;
        const second = assignAddresses({ home: settings("10.0.0.0/28", after) }, first).addresses;
        const taken = Object.entries(after).flatMap(
          ([node, subnetIp]) => subnetIp ?? second["home"]?.[node]?.["subnetIp"] ?? [],
        );
        expect(taken).toHaveLength(Object.keys(after).length);
        for (const address of taken) expect(isHostAddress(subnet, address)).toBe(true);
        const assigned = Object.values(second["home"] ?? {}).map(({ subnetIp }) => subnetIp);
        expect(new Set(assigned).size).toBe(assigned.length);
        const fixed = new Set(Object.values(after));
        for (const [node, { subnetIp = "" }] of Object.entries(first["home"] ?? {})) {
          const stays = after[node] === null && !fixed.has(subnetIp);
          if (stays) expect(second["home"]?.[node]?.["subnetIp"]).toBe(subnetIp);
          else expect(second["home"]?.[node]?.["subnetIp"]).not.toBe(subnetIp);
        }
        const again = assignAddresses({ home: settings("10.0.0.0/28", after) }, second);
        expect(again.addresses).toEqual(second);
        expect(again.changes).toEqual([]);
      }),
    );
  });

  it("are an error when the subnet is full", () => {
    const full = { home: settings("10.0.0.0/30", { a: null, b: null, c: null }) };
    expect(() => assignAddresses(full, {})).toThrow("'vpn.networks.home.subnet' has no address left for 'c'");
    expect(nthHost(parseSubnet("10.0.0.0/30"), 2n).version).toBe(4);
  });
});

describe("what is wrong is said with the option to set", () => {
  it.each<[what: string, home: string, more: string, message: string]>([
    ["no subnet", members, "", "'vpn.networks.home.subnet' is not set"],
    [
      "no subnet but a text",
      `subnet = "10.0.0.0"; ${members}`,
      "",
      "'vpn.networks.home.subnet' is '10.0.0.0', which is not a subnet",
    ],
    [
      "an address as subnet",
      `subnet = "10.0.0.1/24"; ${members}`,
      "",
      "in the subnet 10.0.0.0/24; write '10.0.0.0/24'",
    ],
    [
      "IPv4 as subnet6",
      `${complete} subnet6 = "10.1.0.0/24";`,
      "",
      "'vpn.networks.home.subnet6' is an IPv4 subnet",
    ],
    [
      "overlapping subnets",
      complete,
      'vpn.networks.other = { subnet = "10.0.0.128/25"; server = { node = "roam"; endpoint = "x"; }; };',
      "'vpn.networks.home.subnet', 10.0.0.0/24, and 'vpn.networks.other.subnet', 10.0.0.128/25, overlap",
    ],
    [
      "unknown server",
      complete.replace('"hub"', '"hob"'),
      "",
      "'vpn.networks.home.server.node' is for node 'hob', which the network does not have; did you mean 'hub'?",
    ],
    [
      "unknown client",
      `${complete} clients.spok = { subnetIp = "10.0.0.9"; ${wireguard(9)} };`,
      "",
      "'vpn.networks.home.clients.spok' is for node 'spok', which the network does not have; did you mean 'spoke'?",
    ],
    [
      "a client that is the server",
      `${complete} clients.hub = { subnetIp = "10.0.0.9"; ${wireguard(9)} };`,
      "",
      "'vpn.networks.home.clients.hub' is the server of the VPN ('vpn.networks.home.server.node')",
    ],
    [
      "no server",
      `subnet = "10.0.0.0/24"; clients.spoke = { subnetIp = "10.0.0.2"; ${wireguard(2)} };`,
      "",
      "'vpn.networks.home.server' is not set",
    ],
    [
      "no public address",
      complete,
      "nodes.hub.configuration.networking.public.ipv4 = lib.mkForce null;",
      "the server of the VPN 'home', 'hub', has no public address; set 'networking.public.ipv4'",
    ],
    [
      "no public key",
      complete.replace(/publicKey = "[^"]*";/, ""),
      "",
      "'vpn.networks.home.server.wireguard.publicKey' is not set",
    ],
    [
      "no private key",
      complete.replace('privateKeyFile = "/key";', ""),
      "",
      "'vpn.networks.home.server.wireguard.privateKeyFile' is not set",
    ],
    [
      "a malformed key",
      complete.replace(key(2), "abc"),
      "",
      "'vpn.networks.home.clients.spoke.wireguard.publicKey' is not a key of WireGuard",
    ],
    ["one key twice", complete.replace(key(2), key(3)), "", "is the key of 'roam' as well"],
    [
      "an interface with a long name",
      `${complete} interface = "a-name-too-long0";`,
      "",
      "'vpn.networks.home.interface' is 'a-name-too-long0', which no interface can be called",
    ],
    [
      "a gateway without a server",
      `topology = "mesh"; subnet = "10.0.0.0/24"; clients.spoke = { subnetIp = "10.0.0.2"; internetGateway = true; ${wireguard(2)} };`,
      "",
      "'vpn.networks.home.clients.spoke.internetGateway' needs a server",
    ],
    [
      "OpenVPN without certificates",
      `backend = "openvpn"; ${complete}`,
      "",
      "'vpn.networks.home.clients.roam.openvpn.certificateFile' is not set",
    ],
    [
      "OpenVPN without an authority",
      `backend = "openvpn"; ${complete}`,
      "",
      "'vpn.networks.home.openvpn.caFile' is not set",
    ],
    [
      "a mesh of OpenVPN",
      `backend = "openvpn"; topology = "mesh"; ${complete}`,
      "",
      "'vpn.networks.home.topology' is \"mesh\", which OpenVPN does not have",
    ],
    [
      "a key instead of its file",
      complete.replace('"/key"', `"${key(77)}"`),
      "",
      "'vpn.networks.home.server.wireguard.privateKeyFile' is not an absolute path; set it to the file on 'hub' with the key",
    ],
    [
      "a key that would be in the store",
      complete.replace('"/key"', "./key"),
      "",
      "'vpn.networks.home.server.wireguard.privateKeyFile' is a path, which would be copied to the store, where everybody can read the key",
    ],
    [
      "a key that is in the store",
      complete.replace('"/key"', '"${./default.nix}"'),
      "",
      "'vpn.networks.home.server.wireguard.privateKeyFile' is in the store, where everybody can read the key",
    ],
    [
      "a certificate's key instead of its file",
      `backend = "openvpn"; ${complete} server.openvpn.privateKeyFile = "abc";`,
      "",
      "'vpn.networks.home.server.openvpn.privateKeyFile' is not an absolute path",
    ],
    [
      "an endpoint with a port",
      `${complete} server.endpoint = "vpn.example.com:443";`,
      "",
      "'vpn.networks.home.server.endpoint' is 'vpn.example.com:443', which is neither an address nor a name; write 'vpn.example.com', and 443 in 'vpn.networks.home.server.port'",
    ],
    [
      "an endpoint in brackets",
      `${complete} server.endpoint = "[2001:db8::1]";`,
      "",
      "which is neither an address nor a name; write '2001:db8::1'",
    ],
    [
      "a network whose name is no word",
      complete,
      'vpn.networks."my home" = { subnet = "10.1.0.0/24"; interface = "wg0"; };',
      "'vpn.networks.\"my home\"': the name of a network stands in hosts files",
    ],
    [
      "a node whose name is no word",
      `${complete} clients."a b" = { subnetIp = "10.0.0.9"; ${wireguard(9)} };`,
      'nodes."a b" = { };',
      "'vpn.networks.home.clients.\"a b\".hostNames' is not set, and 'a b' cannot stand in a hosts file",
    ],
    [
      "two networks on one port",
      complete,
      `vpn.networks.other = { subnet = "10.1.0.0/24"; server = { node = "hub"; subnetIp = "10.1.0.1"; ${wireguard(7)} }; };`,
      "give node 'hub' the same UDP port 51820",
    ],
  ])("%s", (_what, home, more, message) => {
    expect(messageOf(() => deploymentOf(network(home, more)))).toContain(message);
  });

  it.each([
    ["10.0.1.2", "is 10.0.1.2, which is no address of a machine in 'vpn.networks.home.subnet', 10.0.0.0/24"],
    ["10.0.0.255", "is 10.0.0.255, which is no address of a machine in"],
    ["10.0.0.0", "is 10.0.0.0, which is no address of a machine in"],
    ["10.0.0", "is '10.0.0', which is not an IP address"],
    ["10.0.0.1", "is 10.0.0.1, which is 'vpn.networks.home.server.subnetIp' as well"],
  ])("the address %s of a client", (address, message) => {
    const home = complete.replace('"10.0.0.2"', `"${address}"`);
    expect(messageOf(() => deploymentOf(network(home)))).toContain(
      `'vpn.networks.home.clients.spoke.subnetIp' ${message}`,
    );
  });

  it("an address of the lock that is no good any more is for 'nixus lock'", () => {
    const lock = { vpn: { addresses: { home: { spoke: { subnetIp: "10.0.0.1" } } } } };
    const home = complete.replace('subnetIp = "10.0.0.2";', "");
    expect(messageOf(() => deploymentOf(network(home, "", lock)))).toContain(
      "'vpn.networks.home.clients.spoke.subnetIp' (nixus.lock) is 10.0.0.1, which is 'vpn.networks.home.server.subnetIp' as well; give each member its own; run 'nixus lock'",
    );
  });
});
