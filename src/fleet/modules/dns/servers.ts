/** What a node that serves zones is configured with: the options of its server program, and the units around it. */
import { readFileSync } from "node:fs";
import { type ModuleArgs, mkIf } from "../../../modules/define.ts";
import { concatText, type StoreString, text } from "../../../modules/store-string.ts";
import { nameKey } from "./name.ts";
import type { DnsConfig } from "./options.ts";
import type { DnsPlan, ServedZone, Server } from "./plan.ts";
import { renderZone } from "./zone-text.ts";

type Text = string | StoreString;

/** A key as a machine has it. */
interface Key {
  readonly algorithm: string;
  /** Where its file is. */
  readonly file: Text;
}

/** By name. */
export type Keys = (name: string) => Key;

/** The keys of a machine whose secrets are these; what is wrong with the options is said elsewhere. */
export function keysOn(
  config: DnsConfig["keys"],
  secrets: () => Readonly<Record<string, { readonly file: Text }>>,
): Keys {
  return (name) => {
    const { algorithm, secret, keyFile } = config[name]!;
    return { algorithm, file: secret === null ? keyFile! : secrets()[secret]!.file };
  };
}

/** By secret of the network: the nodes whose servers need the key that it is. */
export function nodesOfSecrets({
  keys,
  zones,
}: DnsConfig): Record<string, { readonly nodes: readonly string[] }> {
  const users = Object.values(zones).flatMap((zone) => [
    ...[zone.primaryNode, ...zone.secondaryNodes].map((node) => ({ node, key: zone.transferKey })),
    ...Object.values(zone.outsideSecondaries).map((one) => ({
      node: zone.primaryNode,
      key: one.transferKey,
    })),
  ]);
  return Object.fromEntries(
    Object.entries(keys).flatMap(([name, { secret }]) => {
      const nodes = users.flatMap(({ node, key }) => (key === name && node !== null ? [node] : []));
      return secret === null ? [] : [[secret, { nodes: [...new Set(nodes)] }] as const];
    }),
  );
}

/** The zones of one node. */
export interface NodeZones {
  readonly server: Server;
  readonly primary: readonly ServedZone[];
  readonly secondary: readonly ServedZone[];
}

export function zonesOfNode(plan: DnsPlan, node: string): NodeZones | undefined {
  const primary = plan.zones.filter((zone) => zone.primary.node === node);
  const secondary = plan.zones.filter(({ secondaries }) => secondaries.some((one) => one.node === node));
  const server =
    primary[0]?.primary ??
    secondary.flatMap(({ secondaries }) => secondaries).find((one) => one.node === node);
  return server && { server, primary, secondary };
}

/** Zones and keys lie where the programs may read them wherever a distribution confines them. */
const places = { bind: "/var/lib/bind/nixus", nsd: "/var/lib/nsd/nixus" } as const;

const nameOf = ({ zone }: ServedZone): string => nameKey(zone.name).replace(/\.$/, "");

const primaryFile = (software: Server["software"], zone: ServedZone) =>
  `${places[software]}/primary/${nameOf(zone)}`;
const secondaryFile = (software: Server["software"], zone: ServedZone) =>
  `${places[software]}/secondary/${nameOf(zone)}`;

/** Names of the keys that the node's server needs. */
function keysOfNode({ primary, secondary }: NodeZones): string[] {
  const keys = [...primary, ...secondary].flatMap(({ key, secondaries }) =>
    key === null || secondaries.length === 0 ? [] : [key],
  );
  const outside = primary.flatMap((zone) => zone.outside.flatMap(({ key }) => key ?? []));
  return [...new Set([...keys, ...outside])].sort();
}

/** One option each, so that nothing is computed to see which options there are. */
type Options = Readonly<Record<string, (zones: NodeZones, keys: Keys) => unknown>>;

/** `services.bind` of both platforms. */
export const bindOptions: Options = {
  enable: () => true,
  listenOn: ({ server }) => listen(server, (address) => !address.includes(":")),
  listenOnIpv6: ({ server }) => listen(server, (address) => address.includes(":")),
  extraConfig: (zones) =>
    keysOfNode(zones)
      .map((key) => `include "${places.bind}/keys/${key}";\n`)
      .join(""),
  zones: ({ primary, secondary }) => [...primary.map(bindPrimary), ...secondary.map(bindSecondary)],
};

/** Of the addresses that the server shall listen on, those of one kind; all where it says none. */
function listen({ listenAddresses }: Server, isKind: (address: string) => boolean) {
  const own = listenAddresses.filter(isKind);
  return mkIf(listenAddresses.length > 0, own.length === 0 ? ["none"] : own);
}

function bindPrimary(zone: ServedZone) {
  const notified = [
    ...zone.secondaries.flatMap(({ addresses }) => addresses.map((address) => withKey(address, zone.key))),
    ...zone.outside.map(({ address, key }) => withKey(address, key)),
  ];
  const keys = zone.secondaries.length === 0 || zone.key === null ? [] : [`key ${zone.key}`];
  const outside = zone.outside.map(({ address, key }) => (key === null ? address : `key ${key}`));
  return {
    name: nameOf(zone),
    file: primaryFile("bind", zone),
    master: true,
    slaves: [...new Set([...keys, ...outside])],
    extraConfig: `notify explicit;\nalso-notify {${notified.map((one) => ` ${one};`).join("")} };\n`,
  };
}

function bindSecondary(zone: ServedZone) {
  return {
    name: nameOf(zone),
    file: secondaryFile("bind", zone),
    master: false,
    masters: zone.primary.addresses.map((address) => withKey(address, zone.key)),
    // A primary with several addresses may say from any of them that the zone has changed.
    extraConfig: `allow-notify { key ${zone.key}; };\nallow-transfer { none; };\nnotify no;\n`,
  };
}

const withKey = (address: string, key: string | null) => (key === null ? address : `${address} key ${key}`);

/** `services.nsd` of both platforms. Its zones are no `zones`, whose text would have to be in the store. */
export const nsdOptions: Options = {
  enable: () => true,
  interfaces: ({ server: { listenAddresses } }) =>
    listenAddresses.length === 0 ? ["0.0.0.0", "::0"] : listenAddresses,
  ipFreebind: () => true,
  keys: (zones, keys) =>
    Object.fromEntries(
      keysOfNode(zones).map((key) => [
        key,
        { algorithm: () => keys(key).algorithm, keyFile: () => keys(key).file },
      ]),
    ),
  extraConfig: ({ primary, secondary }) =>
    [...primary.map(nsdPrimary), ...secondary.map(nsdSecondary)].join(""),
};

/**
 * NixOS makes no configuration of NSD without `zones`, and looks at the text of each when it builds: so it gets one that
 * nobody asks for (RFC 6761, section 6.4).
 */
export const nixosZone = { "nixus.invalid": { data: "@ SOA . . 1 1 1 1 1\n@ NS .\n" } };

function nsdPrimary(zone: ServedZone): string {
  const notified = [
    ...zone.secondaries.flatMap(({ addresses }) => addresses.map((address) => `${address} ${zone.key}`)),
    ...zone.outside.map(({ address, key }) => `${address} ${key ?? "NOKEY"}`),
  ];
  const transfers = [
    ...(zone.secondaries.length === 0 ? [] : anywhere(zone.key)),
    ...zone.outside.flatMap(({ address, key }) => (key === null ? [`${address} NOKEY`] : anywhere(key))),
  ];
  return nsdZone(zone, primaryFile("nsd", zone), { notify: notified, "provide-xfr": transfers });
}

function nsdSecondary(zone: ServedZone): string {
  return nsdZone(zone, secondaryFile("nsd", zone), {
    "request-xfr": zone.primary.addresses.map((address) => `${address} ${zone.key}`),
    "allow-notify": anywhere(zone.key),
  });
}

/** The key alone tells who it is. */
const anywhere = (key: string | null) => [`0.0.0.0/0 ${key}`, `::0/0 ${key}`];

function nsdZone(zone: ServedZone, file: string, lists: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries(lists).flatMap(([name, values]) =>
    [...new Set(values)].map((value) => `  ${name}: ${value}\n`),
  );
  return `zone:\n  name: "${nameOf(zone)}"\n  zonefile: "${file}"\n${lines.join("")}`;
}

const serials = readFileSync(new URL("./target/serials.sh", import.meta.url), "utf8");

/** The unit that gives zones their serials, before the server starts and whenever they have changed. */
export function zonesUnit({ server, primary }: NodeZones, toFile: ToFile) {
  const service = `${server.software}.service`;
  return {
    description: "Zones of this network with their serials",
    before: [service],
    wantedBy: ["multi-user.target"],
    serviceConfig: { Type: "oneshot", RemainAfterExit: true },
    script: () =>
      concatText([
        `${serials}\n`,
        ...primary.map((zone) => {
          const stored = toFile(`zone-${nameOf(zone)}`, renderZone(zone.zone));
          return text`publish '${nameOf(zone)}' ${stored} '${primaryFile(server.software, zone)}'\n`;
        }),
        `finish ${service}\n`,
      ]),
  };
}

/** What the server's own unit does in addition before it starts. */
export function preStart(zones: NodeZones, keys: Keys): Text {
  switch (zones.server.software) {
    case "nsd":
      return `install -d -m 0755 ${places.nsd} ${places.nsd}/primary\ninstall -d -m 0755 -o nsd ${places.nsd}/secondary\n`;
    case "bind":
      return concatText([bindDirectories, ...keysOfNode(zones).map((key) => bindKey(key, keys))]);
  }
}

/** A machine that is no server any more does not keep the keys. */
export function postStop({ server }: NodeZones): string {
  return server.software === "bind" ? `rm -rf ${places.bind}/keys\n` : "";
}

const bindDirectories = `if id -u bind >/dev/null 2>&1; then nixus_user=bind; else nixus_user=named; fi
install -d -m 0755 ${places.bind} ${places.bind}/primary
install -d -m 0755 -o "$nixus_user" ${places.bind}/secondary
install -d -m 0700 -o "$nixus_user" ${places.bind}/keys
`;

/** In BIND's own form; the secret is in no argument and no environment. */
function bindKey(name: string, keys: Keys): Text {
  const { algorithm, file } = keys(name);
  return text`(
  umask 077
  nixus_secret=$(cat -- '${file}')
  printf 'key "%s" { algorithm %s; secret "%s"; };\\n' '${name}' '${algorithm}' "$nixus_secret" >'${places.bind}/keys/${name}'
  chown "$nixus_user" '${places.bind}/keys/${name}'
)
`;
}

type ToFile = (name: string, contents: Text) => Text;

/** `lib` is that of the network: NixOS's has no such function. */
export function storeWriter(lib: ModuleArgs["lib"]): ToFile {
  return lib["toFile"] as ToFile;
}
