/** `networking.wireguard`, `networking.wg-quick`, `services.openvpn`: the units that they are. */
import { describe, expect, it } from "vitest";
import { deploymentOf, messageOf, optionValue } from "../network-of.ts";

interface Unit {
  readonly script: string;
  readonly postStop: string;
  readonly preStop: string;
  readonly requires: readonly string[];
  readonly after: readonly string[];
  readonly serviceConfig: Readonly<Record<string, unknown>>;
}

const network = (configuration: string) =>
  `{ nodes.a = { platform = "linux"; configuration = { ${configuration} }; }; }`;
const unitsOf = (configuration: string) =>
  optionValue(network(configuration), "nodes.a.configuration.systemd.services") as Record<string, Unit>;

const key = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
const interfaceUnits = unitsOf.bind(
  undefined,
  `
  networking.wireguard.interfaces.wg0 = {
    ips = [ "10.0.0.1/24" "fd00::1/64" ];
    privateKeyFile = "/etc/a key";
    listenPort = 51820;
    mtu = 1400;
    fwMark = "0x10";
    postSetup = [ "echo one" "echo two" ];
    peers = [
      { publicKey = "${key}"; allowedIPs = [ "10.0.0.2/32" "fd00::2/128" ]; endpoint = "[2001:db8::1]:5"; persistentKeepalive = 25; }
      { publicKey = "other"; name = "other"; presharedKeyFile = "/etc/psk"; }
    ];
  };
`,
);
const peerName = "wireguard-wg0-peer-xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg\\x3d";

describe("networking.wireguard", () => {
  it("is a unit for the interface and one for each peer, with NixOS's names", () => {
    expect(Object.keys(interfaceUnits())).toEqual(["wireguard-wg0", "wireguard-wg0-peer-other", peerName]);
    expect(unitsOf("")).toEqual({});
  });

  it("sets the interface up, by wireguard-go where the kernel has none", () => {
    const { script } = interfaceUnits()["wireguard-wg0"]!;
    const commands = [
      "ip link add dev wg0 type wireguard",
      "  wireguard-go wg0",
      "ip address add 10.0.0.1/24 dev wg0",
      "ip address add fd00::1/64 dev wg0",
      "wg set wg0 private-key '/etc/a key' listen-port 51820 fwmark 0x10",
      "ip link set dev wg0 mtu 1400",
      "ip link set up dev wg0",
      "echo one\necho two",
    ];
    const places = commands.map((command) => script.indexOf(command));
    expect(places).not.toContain(-1);
    expect(places.toSorted((a, b) => a - b)).toEqual(places);
  });

  it("sets a peer up with its routes, and takes both away", () => {
    const { script, postStop, requires, after } = interfaceUnits()[peerName]!;
    expect(script).toBe(
      `wg set wg0 peer ${key} endpoint '[2001:db8::1]:5' persistent-keepalive 25 allowed-ips 10.0.0.2/32,fd00::2/128
ip route replace 10.0.0.2/32 dev wg0 table main
ip route replace fd00::2/128 dev wg0 table main`,
    );
    expect(postStop).toContain(`wg set wg0 peer ${key} remove\n  ip route delete 10.0.0.2/32`);
    expect([requires, after]).toEqual([["wireguard-wg0.service"], expect.arrayContaining([...requires])]);
    expect(interfaceUnits()["wireguard-wg0-peer-other"]?.script).toBe(
      "wg set wg0 peer other preshared-key /etc/psk",
    );
  });

  it("is made in one network namespace and moved to another", () => {
    const { script, postStop } = unitsOf(
      'networking.wireguard.interfaces.wg0 = { ips = [ "10.0.0.1/24" ]; privateKeyFile = "/k"; socketNamespace = "out"; interfaceNamespace = "init"; };',
    )["wireguard-wg0"]!;
    expect(script).toContain("ip netns exec out ip link add dev wg0");
    expect(script).toContain("ip netns exec out ip link set dev wg0 netns 1\nip address add");
    expect(postStop).toContain("if ip link show dev wg0");
  });

  it("makes a key where there is none", () => {
    const units = unitsOf(
      'networking.wireguard.interfaces.wg0 = { privateKeyFile = "/k"; generatePrivateKeyFile = true; };',
    );
    expect(units["wireguard-wg0-key"]?.script).toContain("wg genkey");
  });
});

describe("networking.wg-quick", () => {
  it("is the file that wg-quick reads, with hooks", () => {
    const { script, preStop, serviceConfig } = unitsOf(`
      networking.wg-quick.interfaces.wg0 = {
        address = [ "10.0.0.2/24" ];
        privateKeyFile = "/k";
        preDown = "echo one\\necho two";
        table = "off";
        peers = [ { publicKey = "${key}"; allowedIPs = [ "0.0.0.0/0" "::/0" ]; presharedKeyFile = "/psk"; } ];
      };`)["wg-quick-wg0"]!;
    expect(script).toContain(`cat >"$RUNTIME_DIRECTORY"/PostUp.sh <<'END_OF_FILE'
wg set wg0 private-key /k
wg set wg0 peer ${key} preshared-key /psk
END_OF_FILE
cat >"$RUNTIME_DIRECTORY"/PreDown.sh <<'END_OF_FILE'
echo one
echo two
END_OF_FILE
cat >"$RUNTIME_DIRECTORY"/wg0.conf <<'END_OF_FILE'
[Interface]
Address = 10.0.0.2/24
Table = off
PostUp = bash -e /run/wg-quick-wg0/PostUp.sh
PreDown = bash -e /run/wg-quick-wg0/PreDown.sh
[Peer]
PublicKey = ${key}
AllowedIPs = 0.0.0.0/0, ::/0
END_OF_FILE
wg-quick up "$RUNTIME_DIRECTORY"/wg0.conf`);
    expect(preStop).toBe('wg-quick down "$RUNTIME_DIRECTORY"/wg0.conf');
    expect(serviceConfig["RuntimeDirectoryMode"]).toBe("0700");
  });
});

describe("services.openvpn", () => {
  it("is a unit with a configuration in the store, which calls the hooks", () => {
    const { objects } = deploymentOf(
      network('services.openvpn.servers.x = { config = "dev tun"; up = "echo up"; };'),
    );
    const textOf = (name: string) => {
      const object = objects.find(({ path }) => path.endsWith(`-${name}`));
      const contents = object?.tree.type === "regular" ? object.tree.contents : undefined;
      return {
        path: object?.path,
        text: contents instanceof Uint8Array ? Buffer.from(contents).toString() : "",
      };
    };
    const up = textOf("openvpn-x-up");
    expect(up.text).toBe("echo up\n");
    expect(textOf("openvpn-config-x").text).toBe(
      `errors-to-stderr\nscript-security 2\ndev tun\nup "/bin/bash -e ${up.path}"\n`,
    );
  });
});

it("packages are asked for where they are needed", () => {
  const packagesOf = (configuration: string) => deploymentOf(network(configuration)).nodes[0]?.packages;
  expect(packagesOf("")).toEqual([]);
  const wireguard = 'networking.wireguard.interfaces.wg0.privateKeyFile = "/k";';
  expect(packagesOf(wireguard)).toEqual(["wireguard-tools"]);
  expect(packagesOf('networking.wg-quick.interfaces.wg0.privateKeyFile = "/k";')).toEqual([
    "wireguard-tools",
  ]);
  expect(packagesOf(`${wireguard} networking.wireguard.package = null;`)).toEqual([]);
  expect(packagesOf('services.openvpn.servers.x.config = "";')).toEqual(["openvpn"]);
});

it.each([
  ["wireguard.interfaces.wg0 = { };", "networking.wireguard.interfaces.wg0': set one of 'privateKey' and"],
  [
    'wg-quick.interfaces.wg0 = { privateKey = "a"; privateKeyFile = "/b"; };',
    "wg-quick.interfaces.wg0': set one of",
  ],
  [
    'wireguard.interfaces."a-name-too-long0".privateKeyFile = "/k";',
    "'a-name-too-long0' cannot be the name of an interface",
  ],
  [
    'wireguard.interfaces.wg0 = { privateKeyFile = "/k"; peers = [ { publicKey = "x"; presharedKey = "a"; presharedKeyFile = "b"; } ]; };',
    "for the peer 'x' set one of 'presharedKey'",
  ],
])("networking.%s is refused", (configuration, message) => {
  expect(messageOf(() => deploymentOf(network(`networking.${configuration}`)))).toContain(message);
});
