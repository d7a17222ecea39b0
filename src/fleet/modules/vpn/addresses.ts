/** The addresses of the members: said by options, or assigned once and kept in `nixus.lock`; pure. */
import { NixError } from "../../../lang/eval/errors.ts";
import {
  addressText,
  bitsOf,
  containsAddress,
  type IpSubnet,
  isIp,
  isSubnet,
  nthHost,
  parseAddress,
  parseSubnet,
  subnetSize,
} from "../../../modules/ip.ts";
import { fromText } from "../../../store/bytes.ts";
import type { VpnLock } from "./lock-section.ts";
import { type Member, membersOf, vpnOption } from "./members.ts";
import type { VpnSettings } from "./options.ts";

/** A subnet of a network, and the option of a member that holds its address there. */
export interface SubnetOption {
  readonly option: "subnet" | "subnet6";
  readonly addressOption: "subnetIp" | "subnetIp6";
  readonly subnet: IpSubnet;
}

/** Those that are set and can be read; problems.ts says what is wrong with the others. */
export function subnetsOf(settings: VpnSettings): SubnetOption[] {
  const all = [
    ["subnet", "subnetIp"],
    ["subnet6", "subnetIp6"],
  ] as const;
  return all.flatMap(([option, addressOption]) => {
    const text = settings[option];
    return text !== null && isSubnet(text) ? [{ option, addressOption, subnet: parseSubnet(text) }] : [];
  });
}

/** By node: its addresses, each in one of the subnets. One that is missing fails when it is read. */
export function finalAddresses(
  network: string,
  settings: VpnSettings,
  lock: VpnLock,
): Record<string, () => string[]> {
  return Object.fromEntries(
    membersOf(settings).map((member) => [
      member.node,
      () =>
        subnetsOf(settings).map(({ addressOption }) => {
          const address = addressOf(network, member, addressOption, lock);
          if (address !== undefined) return isIp(address) ? addressText(parseAddress(address)) : address;
          throw new NixError("module", fromText(missingAddress(network, member, addressOption)));
        }),
    ]),
  );
}

/** As it is written in the option or the lock file. */
export function addressOf(
  network: string,
  { node, settings }: Member,
  option: SubnetOption["addressOption"],
  lock: VpnLock,
): string | undefined {
  return settings[option] ?? lock.addresses[network]?.[node]?.[option];
}

export function missingAddress(
  network: string,
  member: Member,
  option: SubnetOption["addressOption"],
): string {
  return (
    `'${vpnOption(network, ...member.path, option)}' is not set, and nixus.lock has no address for it; ` +
    "run 'nixus lock', which assigns one and keeps it, or set the option"
  );
}

/** Whether a machine can have the address: the first of a subnet names it, the last of an IPv4 subnet means all. */
export function isHostAddress(subnet: IpSubnet, text: string): boolean {
  const address = parseAddress(text);
  if (!containsAddress(subnet, address)) return false;
  const spare = bitsOf(subnet.version) - subnet.prefixLength;
  if (spare < 2) return true;
  const isFirst = address.value === nthHost(subnet, 0n).value;
  const isLast = subnet.version === 4 && address.value === nthHost(subnet, -1n).value;
  return !isFirst && !isLast;
}

/** What `nixus lock` did for one address. */
export interface AddressChange {
  readonly network: string;
  readonly node: string;
  readonly option: SubnetOption["addressOption"];
  readonly address: string;
  readonly change: "assigned" | "removed";
}

/** A subnet has no address left. */
export class SubnetFull extends Error {
  override readonly name = "SubnetFull";
}

/**
 * The addresses that belong into the lock file: those that are there and still good stay, missing ones are
 * assigned, the smallest free one first, and what no member needs any more goes. Fails with {@link SubnetFull}.
 */
export function assignAddresses(
  networks: Readonly<Record<string, VpnSettings>>,
  before: VpnLock["addresses"],
): { readonly addresses: VpnLock["addresses"]; readonly changes: readonly AddressChange[] } {
  const addresses: Record<string, Record<string, Record<string, string>>> = {};
  const changes: AddressChange[] = [];
  const keep = (network: string, node: string, option: string, address: string) => {
    addresses[network] ??= {};
    addresses[network][node] ??= {};
    addresses[network][node][option] = address;
  };
  for (const [network, settings] of Object.entries(networks)) {
    const members = membersOf(settings);
    for (const { subnet, addressOption: option, option: subnetOption } of subnetsOf(settings)) {
      const used = new Set(members.flatMap(({ settings }) => canonical(settings[option])));
      const open: Member[] = [];
      for (const member of members.filter(({ settings }) => settings[option] === null)) {
        const [locked] = canonical(before[network]?.[member.node]?.[option]);
        if (locked !== undefined && isHostAddress(subnet, locked) && !used.has(locked)) {
          used.add(locked);
          keep(network, member.node, option, locked);
        } else open.push(member);
      }
      let next = 0n;
      for (const { node } of open) {
        let address: string;
        do {
          if (next === subnetSize(subnet)) {
            throw new SubnetFull(
              `'${vpnOption(network, subnetOption)}' has no address left for '${node}'; make it larger`,
            );
          }
          address = addressText(nthHost(subnet, next++));
        } while (used.has(address) || !isHostAddress(subnet, address));
        used.add(address);
        keep(network, node, option, address);
        changes.push({ network, node, option, address, change: "assigned" });
      }
    }
  }
  for (const [network, nodes] of Object.entries(before)) {
    for (const [node, options] of Object.entries(nodes)) {
      for (const [option, address] of Object.entries(options)) {
        if (addresses[network]?.[node]?.[option] === address) continue;
        changes.push({
          network,
          node,
          option: option as AddressChange["option"],
          address,
          change: "removed",
        });
      }
    }
  }
  return { addresses, changes };
}

function canonical(text: string | null | undefined): string[] {
  return text !== null && text !== undefined && isIp(text) ? [addressText(parseAddress(text))] : [];
}
