/** The members of a VPN, and names of the options that say so. */
import { showOption } from "../../../modules/show.ts";
import { fromText, toText } from "../../../store/bytes.ts";
import type { MemberSettings, VpnSettings } from "./options.ts";

export interface Member {
  readonly node: string;
  readonly role: "server" | "client";
  /** Its place below `vpn.networks.<name>`. */
  readonly path: readonly string[];
  readonly settings: MemberSettings;
  readonly internetGateway: boolean;
}

/** The server first, then the clients in the order of their names. */
export function membersOf({ server, clients }: VpnSettings): Member[] {
  const others = Object.entries(clients).map(
    ([node, settings]): Member => ({
      node,
      role: "client",
      path: ["clients", node],
      settings,
      internetGateway: settings.internetGateway,
    }),
  );
  if (server === null) return others;
  const first: Member = {
    node: server.node,
    role: "server",
    path: ["server"],
    settings: server,
    internetGateway: false,
  };
  return [first, ...others];
}

/** The name of an option below `vpn.networks`. */
export function vpnOption(...path: readonly string[]): string {
  return toText(showOption(["vpn", "networks", ...path].map(fromText)));
}

/** The names of a member in hosts files. */
export function namesOf(network: string, { node, settings }: Member): readonly string[] {
  return settings.hostNames ?? [`${node}.${network}`, node];
}

export function interfaceOf(network: string, settings: VpnSettings): string {
  return settings.interface ?? network;
}
