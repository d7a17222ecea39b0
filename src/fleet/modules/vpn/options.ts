/** The options below `vpn.networks`. */
import { type ConfigOf, defineModule, option } from "../../../modules/define.ts";
import { t } from "../../../modules/types/index.ts";
import type { NetworkLock } from "../../network/lock.ts";
import { finalAddresses } from "./addresses.ts";
import { backendNames } from "./backends.ts";
import { vpnSection } from "./lock-section.ts";
import { openvpnMember, openvpnNetwork } from "./openvpn/options.ts";
import { wireguardMember, wireguardNetwork } from "./wireguard/options.ts";

const file = import.meta.url;

const hostName = t.strMatching("[^[:space:],#]+");

const member = {
  subnetIp: option({
    type: t.nullOr(t.str),
    default: null,
    example: "10.0.0.2",
    description: "The node's address in `subnet`; null: `nixus lock` assigns one and keeps it in nixus.lock.",
  }),
  subnetIp6: option({
    type: t.nullOr(t.str),
    default: null,
    example: "fd00::2",
    description:
      "The node's address in `subnet6`; null: `nixus lock` assigns one and keeps it in nixus.lock.",
  }),
  endpoint: option({
    type: t.nullOr(t.strMatching("[^[:space:]]+")),
    default: null,
    example: "vpn.example.com",
    description:
      "The address or name at which the other members reach the node, without a port. null: what `networking.public` of its configuration says; " +
      "of the server also the host in the node's `host` when that is an address or a name with a dot.",
  }),
  port: option({
    type: t.nullOr(t.port),
    default: null,
    description: "The UDP port at `endpoint`; null: 51820 of WireGuard, 1194 of OpenVPN.",
  }),
  hostNames: option({
    type: t.nullOr(t.listOf(hostName)),
    default: null,
    example: ["files.home"],
    description:
      "Names of the node in the hosts file of every member and in their known hosts. null: `<node>.<network>` and the node's own name. One at which a member is reached from outside is left out of hosts files.",
  }),
  wireguard: wireguardMember,
  openvpn: openvpnMember,
} as const;

const server = {
  ...member,
  node: option({ type: t.str, example: "foo", description: "The node that is the server." }),
  externalInterface: option({
    type: t.nullOr(t.strMatching("[^[:space:]]+")),
    default: null,
    example: "eth0",
    description:
      "The interface of the server that leads to the internet, for clients with `internetGateway`; null: any. NixOS before 21.05 needs it.",
  }),
} as const;

const client = {
  ...member,
  internetGateway: option({
    type: t.bool,
    default: false,
    description: "Whether all that the node sends to the internet goes through the server.",
  }),
} as const;

const network = {
  backend: option({
    type: t.enum(backendNames),
    default: "wireguard",
    description: "What makes the tunnels.",
  }),
  topology: option({
    type: t.enum(["star", "mesh"]),
    default: "star",
    description:
      "`star`: clients talk to the server, and through it to each other. `mesh`: two members of which one has an endpoint talk directly; " +
      "the others through the server, if there is one.",
  }),
  subnet: option({
    type: t.nullOr(t.str),
    default: null,
    example: "10.0.0.0/24",
    description: "The addresses of the network: an IPv4 subnet, or an IPv6 subnet when it has no others.",
  }),
  subnet6: option({
    type: t.nullOr(t.str),
    default: null,
    example: "fd00::/64",
    description: "Its IPv6 addresses, beside an IPv4 `subnet`.",
  }),
  interface: option({
    type: t.nullOr(t.str),
    default: null,
    example: "wg0",
    description: "The name of the network's interface on its members; null: the name of the network.",
  }),
  keepalive: option({
    type: t.nullOr(t.ints.between(1, 65535)),
    default: 25,
    description:
      "Seconds after which a member that may be behind NAT sends something, so that it stays reachable; null: never.",
  }),
  trusted: option({
    type: t.bool,
    default: false,
    description: "Whether the members' firewalls let everything in that comes through the network.",
  }),
  server: option({
    type: t.nullOr(t.submodule({ file, options: server })),
    default: null,
    description: "The member that all others reach. In a mesh there need not be one.",
  }),
  clients: option({
    type: t.attrsOf(t.submodule({ file, options: client })),
    default: {},
    description: "The other members, by node.",
  }),
  openvpn: openvpnNetwork,
  wireguard: wireguardNetwork,
  addresses: option({
    type: t.attrsOf(t.listOf(t.str)),
    readOnly: true,
    defaultText: "from the members' `subnetIp` and `subnetIp6`, and nixus.lock",
    description: "The addresses of each member, by node: in `subnet`, then in `subnet6`. Read only.",
  }),
} as const;

/** The value of `vpn.networks.<name>`. */
export type VpnSettings = ConfigOf<typeof network>;

/** What the server and the clients have in common. */
export type MemberSettings = ConfigOf<typeof member>;

export const vpnOptions = (lock: NetworkLock) =>
  ({
    vpn: {
      networks: option({
        type: t.attrsOf(
          t.submodule(
            defineModule({
              file,
              options: network,
              // Destructuring would read `name` at once, which needs the definitions of `_module.args`.
              config: (args) => ({
                addresses: () => finalAddresses(args.name, args.config, lock.get(vpnSection)),
              }),
            }),
          ),
        ),
        default: {},
        example: {
          home: {
            subnet: "10.0.0.0/24",
            server: { node: "foo", wireguard: { publicKey: "...", privateKeyFile: "/etc/wireguard/key" } },
            clients: { bar: { wireguard: { publicKey: "...", privateKeyFile: "/etc/wireguard/key" } } },
          },
        },
        description: "Virtual private networks between nodes, by name.",
      }),
    },
  }) as const;

export type VpnOptions = ReturnType<typeof vpnOptions>;
