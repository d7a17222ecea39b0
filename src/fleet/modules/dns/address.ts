/** Addresses in records and in the names of reverse zones (RFC 1035, section 3.5; RFC 3596, section 2.5). */
import ipaddr from "ipaddr.js";
import type { Name } from "./name.ts";
import { DnsProblem } from "./problem.ts";

/** Four decimal numbers without leading zeros. */
export function ipv4(text: string): string {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) || /(^|\.)0[0-9]/.test(text))
    throw new DnsProblem(`'${text}' is not an IPv4 address`);
  return ipaddr.IPv4.parse(text).toString();
}

/** In the form of RFC 5952. */
export function ipv6(text: string): string {
  if (!ipaddr.IPv6.isValid(text) || text.includes("%"))
    throw new DnsProblem(`'${text}' is not an IPv6 address`);
  return ipaddr.IPv6.parse(text).toRFC5952String();
}

/** The name whose PTR record says what the address is called. */
export function reverseName(address: string): Name {
  const parsed = ipaddr.parse(address);
  return [...digits(parsed).reverse(), ...reverseDomain(parsed)];
}

/** The reverse zone of a prefix, `192.0.2.0/24` or `2001:db8::/48`, that ends between two labels of its names. */
export function reverseZone(prefix: string): Name {
  const address4 = /^([^:/]*)\//.exec(prefix)?.[1];
  if (
    !ipaddr.isValidCIDR(prefix) ||
    (address4 !== undefined && !ipaddr.IPv4.isValidFourPartDecimal(address4))
  )
    throw new DnsProblem(`'${prefix}' is not a prefix; write ADDRESS/LENGTH, e.g. 192.0.2.0/24`);
  const [address, length] = ipaddr.parseCIDR(prefix);
  const bits = address.kind() === "ipv4" ? 8 : 4;
  if (length % bits !== 0 || length === 0)
    throw new DnsProblem(
      `the length of '${prefix}' must be a multiple of ${bits}: names of reverse zones have no others`,
    );
  const all = digits(address);
  if (all.slice(length / bits).some((digit) => digit !== "0"))
    throw new DnsProblem(`'${prefix}' has bits behind its length; write the first address of the prefix`);
  return [...all.slice(0, length / bits).reverse(), ...reverseDomain(address)];
}

/** Whether the name is one of reverse zones. */
export function isReverse(name: Name): boolean {
  const [second, top] = name.slice(-2).map((label) => label.toLowerCase());
  return top === "arpa" && (second === "in-addr" || second === "ip6");
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function reverseDomain(address: Address): Name {
  return [address.kind() === "ipv4" ? "in-addr" : "ip6", "arpa"];
}

/** Decimal numbers of an IPv4 address, hexadecimal digits of an IPv6 address. */
function digits(address: Address): string[] {
  const bytes = address.toByteArray();
  if (address.kind() === "ipv4") return bytes.map(String);
  return bytes.flatMap((byte) => [...byte.toString(16).padStart(2, "0")]);
}
