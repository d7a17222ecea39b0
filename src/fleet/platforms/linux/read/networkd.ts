/** `systemd.network.*` as files of systemd-networkd (systemd.network(5), systemd.netdev(5)). */
import type { Attrs } from "../../../../lang/eval/value.ts";
import { joinTexts, type Reader } from "../../../reader.ts";
import type { Network, StoreText } from "../system.ts";
import { line, renderSection, renderSections, type SectionLine, sectionLines } from "./sections.ts";

type NetworkFile = Network["files"][number];

/** null when no network is described: then the machine's network is its own affair. */
export function readNetwork(reader: Reader, config: Attrs): Network | null {
  const kinds: readonly (readonly [option: string, read: typeof readNetworkFile])[] = [
    ["networks", readNetworkFile],
    ["netdevs", readNetdevFile],
  ];
  const files = kinds.flatMap(([option, read]) =>
    reader
      .entries(reader.at(config, "systemd", "network", option), (name, slot) => {
        const unit = reader.attrs(slot);
        return reader.bool(reader.at(unit, "enable")) ? read(reader, name, unit) : null;
      })
      .filter((file) => file !== null),
  );
  return files.length === 0 ? null : { files };
}

/** Options that are lists of words, and the lines of `[Network]` that they become, one for each word. */
const networkLists: readonly (readonly [option: string, key: string])[] = [
  ["address", "Address"],
  ["gateway", "Gateway"],
  ["dns", "DNS"],
  ["ntp", "NTP"],
  ["bridge", "Bridge"],
  ["bond", "Bond"],
  ["vlan", "VLAN"],
  ["macvlan", "MACVLAN"],
];

function readNetworkFile(reader: Reader, name: string, network: Attrs): NetworkFile {
  const option = `systemd.network.networks.${name}`;
  const lines = (key: string) => sectionLines(reader, reader.at(network, key), `${option}.${key}`);
  const textOrNull = (key: string) =>
    reader.nullOr(reader.at(network, key), (slot) => reader.plain(slot, `${option}.${key}`));

  const match: SectionLine[] = [];
  const interfaceName = textOrNull("name");
  if (interfaceName !== null) match.push(line("Name", interfaceName));
  match.push(...lines("matchConfig"));

  const settings: SectionLine[] = [...lines("networkConfig")];
  const dhcp = textOrNull("DHCP");
  if (dhcp !== null) settings.push(line("DHCP", dhcp));
  for (const [key, lineKey] of networkLists) {
    for (const word of reader.strings(reader.at(network, key), `${option}.${key}`)) {
      settings.push(line(lineKey, word));
    }
  }
  const domains = reader.nullOr(reader.at(network, "domains"), (slot) =>
    reader.strings(slot, `${option}.domains`),
  );
  if (domains !== null) settings.push(line("Domains", domains.join(" ")));

  const repeated = (key: string, section: string): StoreText[] =>
    reader.list(reader.at(network, key), (slot) =>
      renderSection(section, sectionLines(reader, slot, `${option}.${key}`)),
    );
  const sections = renderSections([
    renderSection("Match", match),
    renderSection("Link", lines("linkConfig")),
    renderSection("Network", settings),
    ...repeated("addresses", "Address"),
    ...repeated("routingPolicyRules", "RoutingPolicyRule"),
    ...repeated("routes", "Route"),
    renderSection("DHCPv4", lines("dhcpV4Config")),
    renderSection("DHCPv6", lines("dhcpV6Config")),
  ]);
  return { name: `${name}.network`, text: withExtra(reader, network, sections) };
}

function readNetdevFile(reader: Reader, name: string, netdev: Attrs): NetworkFile {
  const option = `systemd.network.netdevs.${name}`;
  const section = (title: string, key: string) =>
    renderSection(title, sectionLines(reader, reader.at(netdev, key), `${option}.${key}`));
  const sections = renderSections([
    section("NetDev", "netdevConfig"),
    section("VLAN", "vlanConfig"),
    section("Bridge", "bridgeConfig"),
    section("Bond", "bondConfig"),
  ]);
  return { name: `${name}.netdev`, text: withExtra(reader, netdev, sections) };
}

function withExtra(reader: Reader, unit: Attrs, sections: StoreText): StoreText {
  const extra = reader.text(reader.at(unit, "extraConfig"));
  return extra.text === "" ? sections : joinTexts([sections, "\n", extra]);
}
