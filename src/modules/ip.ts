/**
 * IP addresses and subnets. Texts are what RFC 4291 (section 2.2) and dotted decimals of four parts allow, without a
 * zone; what is printed is canonical: RFC 5952, with the dotted form for IPv4-mapped addresses (section 5).
 */
import ipaddr from "ipaddr.js";

export interface IpAddress {
  readonly version: 4 | 6;
  /** The 32 or 128 bits. */
  readonly value: bigint;
}

export interface IpSubnet {
  readonly version: 4 | 6;
  /** The address as it was written, which need not be the first of the subnet. */
  readonly address: IpAddress;
  /** How many bits all its addresses share. */
  readonly prefixLength: number;
}

/** A text is no address or subnet, or a subnet has no such address. The message says which. */
export class IpError extends Error {
  override readonly name = "IpError";
}

/** 32 or 128. */
export function bitsOf(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

export function isIpv4(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

export function isIpv6(text: string): boolean {
  return text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text);
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** Whether the text is an address with a prefix length, `10.0.0.0/24`. */
export function isSubnet(text: string): boolean {
  return subnetOf(text) !== undefined;
}

export function parseAddress(text: string): IpAddress {
  const address = addressOf(text);
  if (address === undefined) throw new IpError(`'${text}' is not an IP address`);
  return address;
}

/** `10.0.0.0/24`; an address that is not the first of the subnet is kept. */
export function parseSubnet(text: string): IpSubnet {
  const subnet = subnetOf(text);
  if (subnet !== undefined) return subnet;
  throw new IpError(`'${text}' is not a subnet; write ADDRESS/PREFIXLENGTH, e.g. 10.0.0.0/24 or fd00::/64`);
}

function addressOf(text: string): IpAddress | undefined {
  if (!isIp(text)) return undefined;
  const bytes = ipaddr.parse(text).toByteArray();
  const value = bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  return { version: bytes.length === 4 ? 4 : 6, value };
}

function subnetOf(text: string): IpSubnet | undefined {
  const [, written = "", digits = ""] = /^([^/]*)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const address = addressOf(written);
  const prefixLength = Number(digits);
  if (address === undefined || prefixLength > bitsOf(address.version)) return undefined;
  return { version: address.version, address, prefixLength };
}

export function addressText({ version, value }: IpAddress): string {
  const bytes: number[] = [];
  for (let shift = bitsOf(version) - 8; shift >= 0; shift -= 8) {
    bytes.push(Number((value >> BigInt(shift)) & 0xffn));
  }
  const address = ipaddr.fromByteArray(bytes);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return address.isIPv4MappedAddress() ? `::ffff:${address.toIPv4Address()}` : address.toRFC5952String();
}

/** With the address as it is. */
export function subnetText({ address, prefixLength }: IpSubnet): string {
  return `${addressText(address)}/${prefixLength}`;
}

/** How many addresses it has. */
export function subnetSize({ version, prefixLength }: IpSubnet): bigint {
  return 1n << BigInt(bitsOf(version) - prefixLength);
}

/** The same subnet written with its first address. */
export function networkOf(subnet: IpSubnet): IpSubnet {
  return { ...subnet, address: { version: subnet.version, value: firstOf(subnet) } };
}

function firstOf(subnet: IpSubnet): bigint {
  const size = subnetSize(subnet);
  return (subnet.address.value / size) * size;
}

/** `255.255.255.0`; of IPv6 the same bits as an address. */
export function netmask(subnet: IpSubnet): IpAddress {
  const all = 1n << BigInt(bitsOf(subnet.version));
  return { version: subnet.version, value: all - subnetSize(subnet) };
}

export function containsAddress(subnet: IpSubnet, { version, value }: IpAddress): boolean {
  const first = firstOf(subnet);
  return version === subnet.version && value >= first && value < first + subnetSize(subnet);
}

/** Whether the second is the first or a part of it. */
export function containsSubnet(outer: IpSubnet, inner: IpSubnet): boolean {
  return outer.prefixLength <= inner.prefixLength && containsAddress(outer, inner.address);
}

export function subnetsOverlap(a: IpSubnet, b: IpSubnet): boolean {
  return containsSubnet(a, b) || containsSubnet(b, a);
}

/** The address number `n`, from 0; a negative one counts from the end, -1 being the last. */
export function nthHost(subnet: IpSubnet, n: bigint): IpAddress {
  const size = subnetSize(subnet);
  const index = n < 0n ? size + n : n;
  if (index < 0n || index >= size) {
    throw new IpError(`subnet ${subnetText(subnet)} has ${size} addresses, and none with the number ${n}`);
  }
  return { version: subnet.version, value: firstOf(subnet) + index };
}

/**
 * The name at which PTR records of the address stand, with the final dot: `1.2.0.192.in-addr.arpa.` (RFC 1035,
 * section 3.5), or its nibbles below `ip6.arpa.` (RFC 3596, section 2.5).
 */
export function reverseName({ version, value }: IpAddress): string {
  const [step, base] = version === 4 ? [8n, 10] : [4n, 16];
  const labels: string[] = [];
  for (let shift = 0n; shift < BigInt(bitsOf(version)); shift += step) {
    labels.push(((value >> shift) & ((1n << step) - 1n)).toString(base));
  }
  return `${labels.join(".")}.${version === 4 ? "in-addr" : "ip6"}.arpa.`;
}
