/** `lib.ip`: addresses and subnets for the Nix language (docs/reference/lib-ip.md). Failures are those of `throw`. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, force, PrimOp, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { characters, isString } from "../check.ts";
import {
  addressText,
  containsAddress,
  containsSubnet,
  IpError,
  isIp,
  isIpv4,
  isIpv6,
  isSubnet,
  netmask,
  networkOf,
  nthHost,
  parseAddress,
  parseSubnet,
  reverseName,
  subnetsOverlap,
  subnetText,
} from "../ip.ts";
import { shaped } from "../names.ts";
import type { ModuleSystem } from "../system.ts";

const parsedShape = shaped("address", "prefixLength", "version");

export function ipFunctions(system: ModuleSystem): Attrs {
  const { evaluator } = system;
  const table: Readonly<Record<string, readonly [arity: number, fn: (...args: Slot[]) => Value]>> = {
    isIp: [1, (value) => test(value!, isIp)],
    isIpv4: [1, (value) => test(value!, isIpv4)],
    isIpv6: [1, (value) => test(value!, isIpv6)],
    isSubnet: [1, (value) => test(value!, isSubnet)],
    parse: [1, (value) => parse(text(value!))],
    canonical: [1, (value) => canonical(text(value!))],
    network: [1, (subnet) => subnetText(networkOf(parseSubnet(text(subnet!))))],
    prefixLength: [1, (subnet) => BigInt(parseSubnet(text(subnet!)).prefixLength)],
    netmask: [1, (subnet) => addressText(netmask(parseSubnet(text(subnet!))))],
    contains: [2, (subnet, other) => contains(text(subnet!), text(other!))],
    overlaps: [2, (a, b) => subnetsOverlap(parseSubnet(text(a!)), parseSubnet(text(b!)))],
    nthHost: [
      2,
      (subnet, n) => {
        const index = evaluator.forceInt(n!, noPos, "the second argument of lib.ip.nthHost");
        return addressText(nthHost(parseSubnet(text(subnet!)), index));
      },
    ],
    reverseName: [1, (address) => reverseName(parseAddress(text(address!)))],
  };
  return Attrs.fromEntries(
    Object.entries(table).map(
      ([name, [arity, fn]]) => [name, new PrimOp(name, arity, throwing(fn))] as const,
    ),
  );

  function text(slot: Slot): string {
    return evaluator.forceString(slot, noPos, "an argument of a function of lib.ip", new Set());
  }
}

/** Predicates answer for any value, as those of `lib` do. */
function test(slot: Slot, predicate: (text: string) => boolean): boolean {
  const value = force(slot);
  return isString(value) && predicate(characters(value));
}

function parse(text: string): Attrs {
  if (!text.includes("/")) {
    const address = parseAddress(text);
    return parsedShape(addressText(address), null, BigInt(address.version));
  }
  const { address, prefixLength, version } = parseSubnet(text);
  return parsedShape(addressText(address), BigInt(prefixLength), BigInt(version));
}

function canonical(text: string): string {
  return text.includes("/") ? subnetText(parseSubnet(text)) : addressText(parseAddress(text));
}

function contains(subnet: string, other: string): boolean {
  const outer = parseSubnet(subnet);
  return other.includes("/")
    ? containsSubnet(outer, parseSubnet(other))
    : containsAddress(outer, parseAddress(other));
}

function throwing<Args extends readonly Slot[]>(fn: (...args: Args) => Value): (...args: Args) => Value {
  return (...args) => {
    try {
      return fn(...args);
    } catch (error) {
      if (error instanceof IpError) throw new NixError("throw", error.message, { cause: error });
      throw error;
    }
  };
}
