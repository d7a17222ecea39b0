/** `networking.nat`. */
import { NixError } from "../../../../lang/eval/errors.ts";
import { type Attrs, force } from "../../../../lang/eval/value.ts";
import { isIp, isIpv4, isSubnet, parseSubnet } from "../../../../modules/ip.ts";
import type { Reader } from "../../../reader.ts";
import type { Nat, NatFamily, PortForwarding, PortRange } from "../nftables.ts";

const option = "networking.nat";

export function readNat(reader: Reader, nat: Attrs): Nat | null {
  const flag = (key: string) => reader.bool(reader.at(nat, key));
  if (!flag("enable")) return null;
  const text = (key: string) =>
    reader.nullOr(reader.at(nat, key), (slot) => reader.plain(slot, `${option}.${key}`));
  const forwardings = reader.list(reader.at(nat, "forwardPorts"), (slot) =>
    readForwarding(reader, reader.attrs(slot)),
  );
  const withIpv6 = flag("enableIPv6");
  const ipv6Forwarding = forwardings.find(({ address }) => !isIpv4(address));
  if (ipv6Forwarding !== undefined && !withIpv6)
    throw problem(
      "forwardPorts",
      `'${ipv6Forwarding.address}' is an IPv6 address, but '${option}.enableIPv6' is not set`,
    );
  const ipv4: NatFamily = {
    family: "ip",
    internalAddresses: readAddresses(reader, nat, "internalIPs", 4),
    externalAddress: text("externalIP"),
    forwardPorts: forwardings.filter(({ address }) => isIpv4(address)),
    dmzHost: text("dmzHost"),
  };
  const ipv6: NatFamily = {
    family: "ip6",
    internalAddresses: readAddresses(reader, nat, "internalIPv6s", 6),
    externalAddress: text("externalIPv6"),
    forwardPorts: forwardings.filter(({ address }) => !isIpv4(address)),
    dmzHost: null,
  };
  return {
    internalInterfaces: reader.strings(reader.at(nat, "internalInterfaces"), `${option}.internalInterfaces`),
    externalInterface: text("externalInterface"),
    families: withIpv6 ? [ipv4, ipv6] : [ipv4],
  };
}

function readAddresses(reader: Reader, nat: Attrs, key: string, version: 4 | 6): string[] {
  const texts = reader.strings(reader.at(nat, key), `${option}.${key}`);
  for (const text of texts) {
    if (versionOf(text) !== version)
      throw problem(key, `'${text}' is neither an IPv${version} address nor a subnet`);
  }
  return texts;
}

function versionOf(text: string): 4 | 6 | undefined {
  if (isSubnet(text)) return parseSubnet(text).version;
  if (!isIp(text)) return undefined;
  return isIpv4(text) ? 4 : 6;
}

function readForwarding(reader: Reader, forwarding: Attrs): PortForwarding {
  const text = (key: string) => reader.plain(reader.at(forwarding, key), `${option}.forwardPorts.${key}`);
  const sourcePort = reader.at(forwarding, "sourcePort");
  const source =
    typeof force(sourcePort) === "bigint"
      ? { from: reader.integer(sourcePort), to: reader.integer(sourcePort) }
      : parsePorts(text("sourcePort"), ":");
  const destination = text("destination");
  const [, bracketed, plain, ports = ""] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9-]+)$/.exec(destination) ?? [];
  const address = bracketed ?? plain ?? "";
  const version = versionOf(address);
  if (!isIp(address) || version !== (bracketed === undefined ? 4 : 6))
    throw problem(
      "forwardPorts",
      `the destination '${destination}' must be ADDRESS:PORT, e.g. 10.0.0.1:80 or [fc00::1]:80`,
    );
  const loopbackAddresses = reader.strings(
    reader.at(forwarding, "loopbackIPs"),
    `${option}.forwardPorts.loopbackIPs`,
  );
  for (const loopback of loopbackAddresses) {
    if (!isIp(loopback) || versionOf(loopback) !== version)
      throw problem("forwardPorts", `'${loopback}' in loopbackIPs is not an IPv${version} address`);
  }
  const protocol = text("proto") === "udp" ? "udp" : "tcp";
  return { protocol, source, address, ports: parsePorts(ports, "-"), loopbackAddresses };
}

/** `80`, or the first and last of a range. */
function parsePorts(text: string, separator: string): PortRange {
  const [from = Number.NaN, to = from, ...more] = text.split(separator).map(Number);
  const isPort = (port: number) => Number.isInteger(port) && port >= 0 && port <= 65535;
  if (!isPort(from) || !isPort(to) || from > to || more.length > 0)
    throw problem("forwardPorts", `'${text}' is neither a port nor a range of ports`);
  return { from, to };
}

function problem(key: string, message: string): NixError {
  return new NixError("module", `'${option}.${key}': ${message}`);
}
