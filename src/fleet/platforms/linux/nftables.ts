/**
 * The rules of `networking.firewall` and `networking.nat` as one file for nft(8), and the unit that loads it. Pure.
 *
 * They live in tables of our own, beside whatever the machine has: a packet must pass those as well. The file replaces
 * our tables, and nft takes a file as one transaction: at no moment is a part of the rules in effect.
 */
import type { StoreText, Unit } from "./system.ts";

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface OpenPorts {
  readonly tcp: readonly PortRange[];
  readonly udp: readonly PortRange[];
}

export interface Firewall {
  readonly open: OpenPorts;
  readonly interfaces: readonly { readonly name: string; readonly open: OpenPorts }[];
  /** `*` at the end of a name stands for anything. */
  readonly trustedInterfaces: readonly string[];
  readonly allowPing: boolean;
  /** A rate of nft(8), `2/second burst 5 packets`. */
  readonly pingLimit: string | null;
  readonly rejectPackets: boolean;
  readonly logRefusedConnections: boolean;
  readonly logRefusedPackets: boolean;
  readonly logRefusedUnicastsOnly: boolean;
  readonly checkReversePath: "strict" | "loose" | false;
  readonly logReversePathDrops: boolean;
  readonly filterForward: boolean;
  /** Rules of nft(8), one a line. */
  readonly extraInputRules: string;
  readonly extraForwardRules: string;
  readonly extraReversePathFilterRules: string;
}

export interface Nat {
  readonly internalInterfaces: readonly string[];
  /** null: whichever the packet leaves by. */
  readonly externalInterface: string | null;
  /** One for each version of IP that is translated. */
  readonly families: readonly NatFamily[];
}

export interface NatFamily {
  readonly family: "ip" | "ip6";
  /** Addresses and subnets whose packets are translated, beside those from internal interfaces. */
  readonly internalAddresses: readonly string[];
  /** null: the address of the interface that the packet leaves by. */
  readonly externalAddress: string | null;
  readonly forwardPorts: readonly PortForwarding[];
  /** Where everything goes that comes in and no forwarding is for. */
  readonly dmzHost: string | null;
}

export interface PortForwarding {
  readonly protocol: "tcp" | "udp";
  readonly source: PortRange;
  readonly address: string;
  readonly ports: PortRange;
  /** External addresses that are forwarded for this machine and those behind it as well. */
  readonly loopbackAddresses: readonly string[];
}

const tables = ["inet nixus-fw", "ip nixus-nat", "ip6 nixus-nat"] as const;

/** Takes our tables away, whether they are there or not. */
export const nftablesRemoval = tables.map((table) => `table ${table}\ndelete table ${table}\n`).join("");

export function nftablesRules(firewall: Firewall | null, nat: Nat | null): string {
  const blocks = [
    ...(firewall === null ? [] : [firewallTable(firewall, nat)]),
    ...(nat?.families ?? []).map((family) => natTable(nat!, family)),
  ];
  return [nftablesRemoval, ...blocks].join("\n");
}

/** A chain's lines, without what is empty. */
type Lines = readonly (string | false)[];

function block(head: string, lines: Lines): string {
  const body = lines
    .filter((line) => line !== false && line !== "")
    .flatMap((line) => String(line).trimEnd().split("\n"));
  return `${[`${head} {`, ...body.map((line) => (line === "" ? "" : `  ${line}`)), "}"].join("\n")}\n`;
}

function firewallTable(firewall: Firewall, nat: Nat | null): string {
  return block("table inet nixus-fw", [
    firewall.checkReversePath !== false && reversePathChain(firewall),
    inputChain(firewall),
    inputAllowChain(firewall),
    firewall.filterForward && forwardChain(),
    firewall.filterForward && forwardAllowChain(firewall, nat),
  ]);
}

/** New and untracked connections are looked at, of others those that nobody knows are dropped. */
const byState = (chain: string) =>
  `ct state vmap { invalid : drop, established : accept, related : accept, new : jump ${chain}, untracked : jump ${chain} }`;

function reversePathChain({ checkReversePath, ...firewall }: Firewall): string {
  const strict = checkReversePath === "strict";
  return block("chain rpfilter", [
    "type filter hook prerouting priority mangle + 10; policy drop;",
    'meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept comment "DHCPv4"',
    `fib saddr . mark${strict ? " . iif" : ""} oif exists accept`,
    firewall.extraReversePathFilterRules,
    firewall.logReversePathDrops && 'log level info prefix "rpfilter drop: "',
  ]);
}

function inputChain(firewall: Firewall): string {
  const { logRefusedPackets, logRefusedUnicastsOnly } = firewall;
  return block("chain input", [
    "type filter hook input priority filter; policy drop;",
    ...["lo", ...firewall.trustedInterfaces].map((name) => `iifname "${name}" accept`),
    byState("input-allow"),
    firewall.logRefusedConnections &&
      'tcp flags & (fin | syn | rst | ack) == syn log level info prefix "refused connection: "',
    logRefusedPackets &&
      !logRefusedUnicastsOnly &&
      'pkttype broadcast log level info prefix "refused broadcast: "',
    logRefusedPackets &&
      !logRefusedUnicastsOnly &&
      'pkttype multicast log level info prefix "refused multicast: "',
    logRefusedPackets && 'pkttype host log level info prefix "refused packet: "',
    firewall.rejectPackets && "meta l4proto tcp reject with tcp reset",
    firewall.rejectPackets && "reject",
  ]);
}

function inputAllowChain(firewall: Firewall): string {
  const limit = firewall.pingLimit === null ? "" : ` limit rate ${firewall.pingLimit}`;
  return block("chain input-allow", [
    ...openPorts("", firewall.open),
    ...firewall.interfaces.flatMap(({ name, open }) => openPorts(`iifname "${name}" `, open)),
    firewall.allowPing && `icmp type echo-request${limit} accept`,
    'icmpv6 type != { nd-redirect, 139 } accept comment "RFC 4890, section 4.4"',
    'ip6 daddr fe80::/64 udp dport 546 accept comment "DHCPv6"',
    firewall.extraInputRules,
  ]);
}

function openPorts(match: string, { tcp, udp }: OpenPorts): Lines {
  return [
    tcp.length > 0 && `${match}tcp dport { ${mergePorts(tcp).map(portText).join(", ")} } accept`,
    udp.length > 0 && `${match}udp dport { ${mergePorts(udp).map(portText).join(", ")} } accept`,
  ];
}

function forwardChain(): string {
  return block("chain forward", [
    "type filter hook forward priority filter; policy drop;",
    byState("forward-allow"),
  ]);
}

function forwardAllowChain(firewall: Firewall, nat: Nat | null): string {
  const out = nat === null ? "" : outgoing(nat);
  return block("chain forward-allow", [
    'icmpv6 type != { router-renumbering, 139 } accept comment "RFC 4890, section 4.3"',
    'ct status dnat accept comment "forwarded ports"',
    ...(nat?.internalInterfaces ?? []).map((name) => `iifname "${name}" ${out}accept`),
    ...(nat?.families ?? []).map(
      ({ family, internalAddresses }) =>
        internalAddresses.length > 0 && `${family} saddr { ${internalAddresses.join(", ")} } ${out}accept`,
    ),
    firewall.extraForwardRules,
  ]);
}

function natTable(nat: Nat, family: NatFamily): string {
  return block(`table ${family.family} nixus-nat`, [
    block("chain pre", [
      "type nat hook prerouting priority dstnat; policy accept;",
      ...incoming(nat, family),
    ]),
    block("chain post", [
      "type nat hook postrouting priority srcnat; policy accept;",
      ...translated(nat, family),
    ]),
    block("chain out", ["type nat hook output priority -100; policy accept;", ...reflected(family)]),
  ]);
}

const outgoing = ({ externalInterface }: Nat) =>
  externalInterface === null ? "" : `oifname "${externalInterface}" `;

function incoming(nat: Nat, family: NatFamily): Lines {
  const from = nat.externalInterface === null ? "" : `iifname "${nat.externalInterface}" `;
  return [
    ...family.forwardPorts.map((one) => `${from}${redirection(one)}`),
    ...reflected(family),
    family.dmzHost !== null && `${from}dnat to ${family.dmzHost}`,
  ];
}

function redirection({ protocol, source, address, ports }: PortForwarding): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${protocol} dport ${portText(source)} dnat to ${host}:${portText(ports)}`;
}

/** Connections to an external address that were made on this side of it. */
function reflected({ family, forwardPorts }: NatFamily): Lines {
  return forwardPorts.flatMap((one) =>
    one.loopbackAddresses.map((address) => `${family} daddr ${address} ${redirection(one)}`),
  );
}

function translated(
  nat: Nat,
  { family, internalAddresses, externalAddress, forwardPorts }: NatFamily,
): Lines {
  const how = externalAddress === null ? "masquerade" : `snat to ${externalAddress}`;
  const out = outgoing(nat);
  return [
    ...nat.internalInterfaces.map((name) => `iifname "${name}" ${out}${how}`),
    internalAddresses.length > 0 && `${family} saddr { ${internalAddresses.join(", ")} } ${out}${how}`,
    // Answers have to come back this way.
    ...forwardPorts.flatMap(({ address, protocol, ports, loopbackAddresses }) =>
      loopbackAddresses.map(
        (loopback) => `${family} daddr ${address} ${protocol} dport ${portText(ports)} snat to ${loopback}`,
      ),
    ),
  ];
}

function portText({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

/** The same ports in order, each once: nft refuses a set whose ranges overlap. */
export function mergePorts(ranges: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else merged.push(range);
  }
  return merged;
}

/** Loads the file with the rules; a change of it is a reload, which replaces them at once. */
export function nftablesUnit(rules: string, removal: string): Unit {
  const text: StoreText = {
    text: `[Unit]
Description=Firewall and address translation of the Nixus system
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target
After=local-fs.target systemd-modules-load.service nftables.service
ConditionCapability=CAP_NET_ADMIN
# Starting or stopping it flushes the rules of all.
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=nft -f ${rules}
ExecReload=nft -f ${rules}
ExecStop=nft -f ${removal}
`,
    references: [rules, removal],
  };
  return {
    name: "nixus-firewall.service",
    text,
    strategy: "whole",
    enable: true,
    wantedBy: ["sysinit.target"],
    requiredBy: [],
    aliases: [],
    change: { restartIfChanged: true, reloadIfChanged: true, stopIfChanged: false },
    restartTriggers: [],
    reloadTriggers: [],
  };
}
