/** A VPN as its backends see it: members, addresses, who talks to whom; pure. */
import { type IpSubnet, isIp, networkOf, parseAddress, subnetText } from "../../../modules/ip.ts";
import { subnetsOf } from "./addresses.ts";
import { type BackendName, defaultPorts } from "./backends.ts";
import type { VpnLock } from "./lock-section.ts";
import { interfaceOf, type Member, membersOf } from "./members.ts";
import type { VpnSettings } from "./options.ts";

export interface VpnNetwork {
  readonly name: string;
  readonly backend: BackendName;
  readonly interface: string;
  readonly settings: VpnSettings;
  readonly subnets: readonly IpSubnet[];
  readonly members: readonly Member[];
  readonly server: Member | undefined;
  readonly lock: VpnLock;
  /** Public key of a private key that was generated, a secret of the node; undefined: there is none yet. */
  generatedKey(node: string, secret: string): string | undefined;
  /** Whether the node is part of deployments. */
  isEnabled(node: string): boolean;
  /** The names in `secrets.files` of a node. */
  secretNames(node: string): readonly string[];
  /** Where the member is reached from outside, by another one if that is said; null: nowhere. */
  endpoint(member: Member, from?: Member): string | null;
}

export function vpnNetwork(
  name: string,
  settings: VpnSettings,
  {
    endpoint,
    ...known
  }: Pick<VpnNetwork, "lock" | "generatedKey" | "isEnabled" | "secretNames" | "endpoint">,
): VpnNetwork {
  const members = membersOf(settings);
  const endpoints = new Map<Member, string | null>();
  return {
    name,
    backend: settings.backend,
    interface: interfaceOf(name, settings),
    settings,
    ...known,
    subnets: subnetsOf(settings).map(({ subnet }) => networkOf(subnet)),
    members,
    server: members.find(({ role }) => role === "server"),
    endpoint: (member, from) => {
      if (from !== undefined) return endpoint(member, from);
      if (!endpoints.has(member)) endpoints.set(member, endpoint(member));
      return endpoints.get(member) ?? null;
    },
  };
}

export function portOf(network: VpnNetwork, member: Member): number {
  return member.settings.port ?? defaultPorts[network.backend];
}

/** In the order of the subnets. */
export function addressesOf(network: VpnNetwork, { node }: Member): readonly string[] {
  return network.settings.addresses[node] ?? [];
}

/** With the length of their subnets: `10.0.0.2/24`. */
export function addressesWithPrefix(network: VpnNetwork, member: Member): string[] {
  return addressesOf(network, member).map(
    (address, index) => `${address}/${network.subnets[index]?.prefixLength}`,
  );
}

/** One member as another one sees it. */
export interface Link {
  readonly peer: Member;
  /** The subnets that are reached through it. */
  readonly allowed: readonly string[];
  /** Where it is reached; null: it reaches us. */
  readonly endpoint: string | null;
  /** Seconds. */
  readonly keepalive: number | null;
}

const everything = { 4: "0.0.0.0/0", 6: "::/0" } as const;

/** All links of a member. */
export function linksOf(network: VpnNetwork, member: Member): Link[] {
  const { server, members } = network;
  if (network.settings.topology === "star") {
    if (server === undefined) return [];
    return member === server
      ? members.filter((peer) => peer !== server).map((peer) => linkTo(network, member, peer))
      : [linkTo(network, member, server)];
  }
  return members
    .filter((peer) => peer !== member)
    .filter((peer) => peer === server || member === server || canMeet(network, member, peer))
    .map((peer) => linkTo(network, member, peer));
}

/** Whether one of them can be found by the other. */
export function canMeet(network: VpnNetwork, a: Member, b: Member): boolean {
  return network.endpoint(a) !== null || network.endpoint(b) !== null;
}

function linkTo(network: VpnNetwork, member: Member, peer: Member): Link {
  const isServer = peer.role === "server";
  // In a star no one asks where a client is.
  const endpoint = network.settings.topology === "star" && !isServer ? null : network.endpoint(peer, member);
  return {
    peer,
    allowed: isServer
      ? [
          ...network.subnets.map(subnetText),
          ...(member.internetGateway ? network.subnets.map(({ version }) => everything[version]) : []),
        ]
      : addressesOf(network, peer).map(alone),
    endpoint,
    keepalive: endpoint !== null && member.role === "client" ? network.settings.keepalive : null,
  };
}

function alone(address: string): string {
  return `${address}/${parseAddress(address).version === 4 ? 32 : 128}`;
}

/** The names by which members are found before there is a tunnel, in lower case. */
export function endpointNames({ members, endpoint }: VpnNetwork): string[] {
  return members
    .filter(({ role, settings }) => role === "server" || settings.endpoint !== null)
    .flatMap((member) => endpoint(member) ?? [])
    .filter((name) => !isIp(name))
    .map((name) => name.toLowerCase());
}

/** Whether the member waits for others at its port. */
export function isReachable(network: VpnNetwork, member: Member): boolean {
  if (member.role === "server") return true;
  return network.settings.topology === "mesh" && network.endpoint(member) !== null;
}
