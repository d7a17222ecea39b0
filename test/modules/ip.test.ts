import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { NixError } from "../../src/lang/eval/errors.ts";
import * as ip from "../../src/modules/ip.ts";
import { printJson } from "./json.ts";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();

describe("lib.ip", () => {
  test.each<[expression: string, value: unknown]>([
    [
      'map lib.ip.isIpv4 [ "192.0.2.1" "192.0.2" "0x7f.0.0.1" "01.2.3.4" "256.0.0.1" "::1" "1.2.3.4/8" 1 null ]',
      [true, false, false, false, false, false, false, false, false],
    ],
    [
      'map lib.ip.isIpv6 [ "::1" "2001:DB8::1" "::ffff:1.2.3.4" "fe80::1%eth0" "1.2.3.4" ":::" "1::2::3" "" ]',
      [true, true, true, false, false, false, false, false],
    ],
    ['map lib.ip.isIp [ "::1" "1.2.3.4" "x" ]', [true, true, false]],
    [
      'map lib.ip.isSubnet [ "10.0.0.0/24" "10.0.0.9/24" "fd00::/64" "::/0" "10.0.0.0/33" "fd00::/129" "10.0.0.0" "10.0.0.0/024" "10.0.0.0/-1" ]',
      [true, true, true, true, false, false, false, false, false],
    ],
    ['lib.ip.parse "10.0.0.5/24"', { address: "10.0.0.5", prefixLength: 24, version: 4 }],
    ['lib.ip.parse "FD00::0:1"', { address: "fd00::1", prefixLength: null, version: 6 }],
    [
      'map lib.ip.canonical [ "2001:DB8:0:0:0:0:0:1" "::FFFF:1.2.3.4" "FD00:0::/64" "10.0.0.5/8" ]',
      ["2001:db8::1", "::ffff:1.2.3.4", "fd00::/64", "10.0.0.5/8"],
    ],
    ['map lib.ip.network [ "10.1.2.3/8" "fd00::abcd:1/120" ]', ["10.0.0.0/8", "fd00::abcd:0/120"]],
    ['lib.ip.prefixLength "fd00::/64"', 64],
    [
      'map lib.ip.netmask [ "10.0.0.0/20" "0.0.0.0/0" "fd00::/64" ]',
      ["255.255.240.0", "0.0.0.0", "ffff:ffff:ffff:ffff::"],
    ],
    [
      'map (lib.ip.contains "10.0.0.0/24") [ "10.0.0.255" "10.0.1.0" "10.0.0.128/25" "10.0.0.0/23" "::1" ]',
      [true, false, true, false, false],
    ],
    [
      '[ (lib.ip.overlaps "10.0.0.0/24" "10.0.0.128/25") (lib.ip.overlaps "10.0.0.0/24" "10.0.1.0/24") (lib.ip.overlaps "::/0" "0.0.0.0/0") ]',
      [true, false, false],
    ],
    [
      'map (lib.ip.nthHost "10.0.0.7/24") [ 0 1 255 (-1) (-256) ]',
      ["10.0.0.0", "10.0.0.1", "10.0.0.255", "10.0.0.255", "10.0.0.0"],
    ],
    ['lib.ip.nthHost "fd00::/64" 65536', "fd00::1:0"],
    ['lib.ip.reverseName "192.0.2.1"', "1.2.0.192.in-addr.arpa."],
    [
      'lib.ip.reverseName "2001:db8::567:89ab"',
      "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
    ],
  ])("%s", (expression, value) => {
    expect(printJson(lab, expression)).toEqual(value);
  });

  test.each([
    ['lib.ip.parse "x"', "'x' is not an IP address"],
    ['lib.ip.network "10.0.0.0"', "'10.0.0.0' is not a subnet; write ADDRESS/PREFIXLENGTH"],
    ['lib.ip.nthHost "10.0.0.0/30" 4', "subnet 10.0.0.0/30 has 4 addresses, and none with the number 4"],
    ['lib.ip.nthHost "10.0.0.0/30" (-5)', "none with the number -5"],
  ])("%s fails", (expression, message) => {
    expect(() => lab.eval(expression)).toThrow(NixError);
    expect(() => lab.eval(expression)).toThrow(message);
    expect(lab.eval(`(builtins.tryEval (${expression})).success`)).toBe(false);
  });
});

const address = fc.oneof(
  fc.bigInt(0n, 2n ** 32n - 1n).map((value): ip.IpAddress => ({ version: 4, value })),
  fc.bigInt(0n, 2n ** 128n - 1n).map((value): ip.IpAddress => ({ version: 6, value })),
);
const subnet = address.chain((one) =>
  fc
    .integer({ min: 0, max: ip.bitsOf(one.version) })
    .map((prefixLength): ip.IpSubnet => ({ version: one.version, address: one, prefixLength })),
);

describe("laws", () => {
  it("what is printed is read as the same", () => {
    fc.assert(
      fc.property(address, subnet, fc.ipV6(), fc.ipV4(), (one, net, ipv6, ipv4) => {
        expect(ip.parseAddress(ip.addressText(one))).toEqual(one);
        expect(ip.parseSubnet(ip.subnetText(net))).toEqual(net);
        expect(ip.parseAddress(ipv6).version).toBe(6);
        expect(ip.addressText(ip.parseAddress(ipv4))).toBe(ipv4);
      }),
    );
  });

  it("the first and last hosts are the ends of the subnet", () => {
    fc.assert(
      fc.property(subnet, (one) => {
        const first = ip.nthHost(one, 0n);
        const last = ip.nthHost(one, -1n);
        expect(ip.networkOf(one).address).toEqual(first);
        expect(last.value - first.value + 1n).toBe(ip.subnetSize(one));
        for (const host of [first, last, one.address]) expect(ip.containsAddress(one, host)).toBe(true);
        for (const value of [first.value - 1n, last.value + 1n]) {
          expect(ip.containsAddress(one, { version: one.version, value })).toBe(false);
        }
      }),
    );
  });

  it("two subnets overlap when one has the other's first address", () => {
    fc.assert(
      fc.property(subnet, subnet, (a, b) => {
        const shared = ip.containsAddress(a, ip.nthHost(b, 0n)) || ip.containsAddress(b, ip.nthHost(a, 0n));
        expect(ip.subnetsOverlap(a, b)).toBe(shared);
        expect(ip.subnetsOverlap(b, a)).toBe(shared);
      }),
    );
  });
});
