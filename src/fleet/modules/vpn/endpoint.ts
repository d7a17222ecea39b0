/** Where members are reached from outside the network. */
import { isIp, isIpv6 } from "../../../modules/ip.ts";
import type { NodeConfig } from "../../network/define.ts";
import { hostOf } from "../ssh/host-names.ts";
import type { Member } from "./members.ts";

/**
 * An address or a name; null: no one can reach the member but those that it reaches itself. `from`: who asks, where that
 * is known.
 */
export function endpointOf(member: Member, node: NodeConfig | undefined, from?: NodeConfig): string | null {
  if (member.settings.endpoint !== null) return member.settings.endpoint;
  if (node === undefined) return null;
  const { ipv4, ipv6 } = node.configuration.networking.public;
  const address =
    ipv4 !== null && ipv6 !== null && from !== undefined && speaksIpv6(from) ? ipv6 : (ipv4 ?? ipv6);
  if (address !== null) return address;
  return member.role === "server" && node.host !== null ? publicHost(node.host) : null;
}

/** What is reached by IPv6 alone may have no IPv4 at all, but IPv6 it has. All others are sure to have IPv4. */
function speaksIpv6({ configuration }: NodeConfig): boolean {
  const { hasIpv4, hasIpv6 } = configuration.networking.public;
  return hasIpv6 && !hasIpv4;
}

/** A bare name may mean something in the deployer's ssh_config alone. */
function publicHost(destination: string): string | null {
  const host = hostOf(destination);
  return isIp(host) || host.includes(".") ? host : null;
}

/** `host:port`, an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return `${isIpv6(host) ? `[${host}]` : host}:${port}`;
}
