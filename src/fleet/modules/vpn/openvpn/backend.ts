/** OpenVPN: `services.openvpn.servers`, with certificates that an authority of the network's own has signed. */
import { NixError } from "../../../../lang/eval/errors.ts";
import { mkIf } from "../../../../modules/define.ts";
import { addressText, isIpv6, netmask } from "../../../../modules/ip.ts";
import { concatText, type StoreString, text } from "../../../../modules/store-string.ts";
import { fromText } from "../../../../store/bytes.ts";
import type { Backend, Machine, Membership } from "../backend.ts";
import { gatewayCommands, tunnelMark } from "../gateway.ts";
import { keyFileProblem, keyFileText } from "../key-file.ts";
import { type Member, vpnOption } from "../members.ts";
import { addressesOf, portOf, type VpnNetwork } from "../network.ts";

type Text = string | StoreString;

export const openvpnBackend: Backend = {
  name: "openvpn",
  problems,
  configuration: (machine) => {
    const used = () => machine.memberships().length > 0;
    const servers = () => machine.memberships().filter(({ member }) => member.role === "server");
    return {
      environment: {
        etc: mkIf(
          () => servers().length > 0,
          () => Object.fromEntries(servers().flatMap(({ network }) => clientFiles(network))),
        ),
      },
      services: {
        openvpn: {
          servers: mkIf(used, () =>
            Object.fromEntries(
              machine.memberships().map((one) => [one.network.name, instanceOf(one, machine)]),
            ),
          ),
        },
      },
      systemd: {
        services: mkIf(
          () => servers().length > 0,
          // The server reads a client's file when the client connects: who has none any more must be thrown out.
          () =>
            Object.fromEntries(
              servers().map(({ network }) => [
                `openvpn-${network.name}`,
                { restartTriggers: clientFiles(network).map(([path, { text }]) => `${path}\n${text}`) },
              ]),
            ),
        ),
      },
    };
  },
};

/** Where the server has a file for each client that may connect, with its addresses. */
const clientDirectory = (network: VpnNetwork) => `nixus/openvpn/${network.name}`;

function clientFiles(network: VpnNetwork): [string, { text: string }][] {
  return network.members
    .filter(({ role }) => role === "client")
    .map((member) => [
      `${clientDirectory(network)}/${commonName(member)}`,
      { text: addressLines(network, member, "ifconfig-push", "ifconfig-ipv6-push").join("\n") },
    ]);
}

function addressLines(network: VpnNetwork, member: Member, ipv4: string, ipv6: string): string[] {
  // OpenVPN wants to be told of another machine beside the address; what it is has no effect on a tun device.
  const other = network.members.find((one) => one !== member) ?? member;
  return addressesOf(network, member).map((address, index) => {
    const subnet = network.subnets[index]!;
    return subnet.version === 4
      ? `${ipv4} ${address} ${addressText(netmask(subnet))}`
      : `${ipv6} ${address}/${subnet.prefixLength} ${addressesOf(network, other)[index]}`;
  });
}

function instanceOf({ network, member }: Membership, machine: Machine) {
  const gateway = member.internetGateway ? gatewayCommands(network, machine.packages()) : undefined;
  return {
    config: () =>
      concatText(
        [
          ...(member.role === "server" ? serverLines(network, member) : clientLines(network, member)),
          `dev ${network.interface}`,
          "dev-type tun",
          text`ca ${quoted(caFile(network))}`,
          text`cert ${quoted(memberFile(network, member, "certificateFile"))}`,
          text`key ${quoted(keyFileText(memberFile(network, member, "privateKeyFile")))}`,
          "persist-key",
          network.settings.openvpn.extraConfig,
        ],
        "\n",
      ),
    ...(gateway === undefined ? {} : { up: gateway.up, down: gateway.down }),
  };
}

function serverLines(network: VpnNetwork, member: Member): string[] {
  const { keepalive } = network.settings;
  return [
    "mode server",
    "tls-server",
    `proto ${protocol(network)}`,
    `port ${portOf(network, member)}`,
    "topology subnet",
    'push "topology subnet"',
    ...addressLines(network, member, "ifconfig", "ifconfig-ipv6"),
    "client-to-client",
    `client-config-dir /etc/${clientDirectory(network)}`,
    "ccd-exclusive",
    "dh none",
    "persist-tun",
    ...(keepalive === null ? [] : [`keepalive ${keepalive} ${keepalive * 4}`]),
  ];
}

function clientLines(network: VpnNetwork, member: Member): string[] {
  const server = network.server!;
  return [
    "client",
    `proto ${protocol(network)}`,
    `remote ${network.endpoint(server)} ${portOf(network, server)}`,
    "nobind",
    "resolv-retry infinite",
    "remote-cert-tls server",
    `verify-x509-name ${commonName(server)} name`,
    ...(member.internetGateway ? [`mark ${tunnelMark}`] : []),
  ];
}

/** By the server's address; behind a name both are possible, and IPv4 is what every machine has. */
function protocol(network: VpnNetwork): "udp" | "udp6" {
  const endpoint = network.server === undefined ? null : network.endpoint(network.server);
  return endpoint !== null && isIpv6(endpoint) ? "udp6" : "udp";
}

function commonName({ node, settings }: Member): string {
  return settings.openvpn.commonName ?? node;
}

/** A word of OpenVPN's configuration (openvpn(8), "ESCAPE CHARACTERS"). */
function quoted(path: Text): Text {
  return text`"${path}"`;
}

function caFile(network: VpnNetwork): string {
  return network.settings.openvpn.caFile ?? fail(missingCa(network));
}

function memberFile<Key extends FileOption>(network: VpnNetwork, member: Member, key: Key) {
  return member.settings.openvpn[key] ?? fail(missingFile(network, member, key));
}

function fail(message: string): never {
  throw new NixError("module", fromText(message));
}

type FileOption = "certificateFile" | "privateKeyFile";

function problems(network: VpnNetwork): string[] {
  const { name, settings, members } = network;
  const found: string[] = [];
  if (settings.topology === "mesh") {
    found.push(
      `'${vpnOption(name, "topology")}' is "mesh", which OpenVPN does not have; set it to "star", or '${vpnOption(name, "backend")}' to "wireguard"`,
    );
  }
  if (settings.openvpn.caFile === null) found.push(missingCa(network));
  const owners = new Map<string, Member>();
  for (const member of members) {
    const { certificateFile, privateKeyFile: key } = member.settings.openvpn;
    if (certificateFile === null) found.push(missingFile(network, member, "certificateFile"));
    if (key === null) found.push(missingFile(network, member, "privateKeyFile"));
    else {
      const option = vpnOption(name, ...member.path, "openvpn", "privateKeyFile");
      found.push(...keyFileProblem(option, key, member.node, () => network.secretNames(member.node)));
    }
    const other = owners.get(commonName(member));
    if (other !== undefined) {
      found.push(
        `'${vpnOption(name, ...member.path, "openvpn", "commonName")}' is that of '${other.node}' as well; each member needs a certificate of its own`,
      );
    }
    owners.set(commonName(member), member);
  }
  return found;
}

function missingCa({ name }: VpnNetwork): string {
  return (
    `'${vpnOption(name, "openvpn", "caFile")}' is not set; set it to the file on the members with the certificate ` +
    "of the authority that signed theirs"
  );
}

function missingFile({ name }: VpnNetwork, member: Member, key: FileOption): string {
  return `'${vpnOption(name, ...member.path, "openvpn", key)}' is not set; set it to the file on '${member.node}'`;
}
