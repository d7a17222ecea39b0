/** `networking.firewall` and `networking.nat` as rules for nft(8). */
import { NixError } from "../../../../lang/eval/errors.ts";
import { type Attrs, force } from "../../../../lang/eval/value.ts";
import type { Reader } from "../../../reader.ts";
import { type Firewall, nftablesRules, type OpenPorts, type PortRange } from "../nftables.ts";
import { readNat } from "./nat.ts";

/** null: neither is in use. */
export function readNftables(reader: Reader, config: Attrs): string | null {
  const firewall = readFirewall(reader, reader.attrs(reader.at(config, "networking", "firewall")));
  const nat = readNat(reader, reader.attrs(reader.at(config, "networking", "nat")));
  return firewall === null && nat === null ? null : nftablesRules(firewall, nat);
}

function readFirewall(reader: Reader, firewall: Attrs): Firewall | null {
  const option = "networking.firewall";
  const flag = (key: string) => reader.bool(reader.at(firewall, key));
  const rules = (key: string) => reader.plain(reader.at(firewall, key), `${option}.${key}`);
  if (!flag("enable")) return null;
  return {
    open: readOpenPorts(reader, firewall, option),
    interfaces: reader.entries(reader.at(firewall, "interfaces"), (name, slot) => ({
      name: checkInterface(name),
      open: readOpenPorts(reader, reader.attrs(slot), `${option}.interfaces.${name}`),
    })),
    trustedInterfaces: reader.strings(
      reader.at(firewall, "trustedInterfaces"),
      `${option}.trustedInterfaces`,
    ),
    allowPing: flag("allowPing"),
    pingLimit: reader.nullOr(reader.at(firewall, "pingLimit"), () => rules("pingLimit")),
    rejectPackets: flag("rejectPackets"),
    logRefusedConnections: flag("logRefusedConnections"),
    logRefusedPackets: flag("logRefusedPackets"),
    logRefusedUnicastsOnly: flag("logRefusedUnicastsOnly"),
    checkReversePath: readReversePath(reader, firewall),
    logReversePathDrops: flag("logReversePathDrops"),
    filterForward: flag("filterForward"),
    extraInputRules: rules("extraInputRules"),
    extraForwardRules: rules("extraForwardRules"),
    extraReversePathFilterRules: rules("extraReversePathFilterRules"),
  };
}

function readReversePath(reader: Reader, firewall: Attrs): Firewall["checkReversePath"] {
  const slot = reader.at(firewall, "checkReversePath");
  const value = force(slot);
  if (typeof value === "boolean") return value ? "strict" : false;
  return reader.plain(slot, "networking.firewall.checkReversePath") === "loose" ? "loose" : "strict";
}

/** The name of an attribute, which no type looks at. */
function checkInterface(name: string): string {
  if (/^[^\s"\\/*]{1,15}\*?$/.test(name)) return name;
  throw new NixError(
    "module",
    `'networking.firewall.interfaces."${name}"': that cannot be the name of an interface (up to 15 characters)`,
  );
}

function readOpenPorts(reader: Reader, set: Attrs, option: string): OpenPorts {
  const ports = (protocol: "TCP" | "UDP"): PortRange[] => [
    ...reader
      .list(reader.at(set, `allowed${protocol}Ports`), (slot) => reader.integer(slot))
      .map((port) => ({ from: port, to: port })),
    ...reader.list(reader.at(set, `allowed${protocol}PortRanges`), (slot) =>
      readRange(reader, reader.attrs(slot), `${option}.allowed${protocol}PortRanges`),
    ),
  ];
  return { tcp: ports("TCP"), udp: ports("UDP") };
}

function readRange(reader: Reader, range: Attrs, option: string): PortRange {
  const [from, to] = ["from", "to"].map((key) => {
    const slot = range.getByName(key);
    return slot === undefined ? undefined : reader.integer(slot);
  });
  if (from === undefined || to === undefined || [...range.entries()].length !== 2)
    throw new NixError("module", `'${option}': a range has the attributes 'from' and 'to'`);
  if (from > to) throw new NixError("module", `'${option}': the range from ${from} to ${to} is empty`);
  return { from, to };
}
