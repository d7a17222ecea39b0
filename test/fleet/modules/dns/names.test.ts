import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reverseName, reverseZone } from "../../../../src/fleet/modules/dns/address.ts";
import { type RecordData, type RecordType, showData } from "../../../../src/fleet/modules/dns/data.ts";
import {
  compareNames,
  isWithin,
  longestSuffix,
  type Name,
  nameKey,
  parseName,
  root,
  showName,
  showRelative,
} from "../../../../src/fleet/modules/dns/name.ts";
import { readData } from "../../../../src/fleet/modules/dns/rdata.ts";
import { mailboxName } from "../../../../src/fleet/modules/dns/soa.ts";
import { splitBytes, splitWords } from "../../../../src/fleet/modules/dns/strings.ts";
import { fromText } from "../../../../src/store/bytes.ts";

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = (minLength: number, maxLength: number) =>
  fc.array(byte, { minLength, maxLength }).map((all) => all.join(""));
const name: fc.Arbitrary<Name> = fc.array(bytes(1, 20), { maxLength: 6 });
const origin = parseName("example.com.", root);

describe("names", () => {
  it("of any bytes are read as they are printed, absolute and relative", () => {
    fc.assert(
      fc.property(name, (labels) => {
        expect(parseName(showName(labels), origin)).toEqual(labels);
        expect(parseName(showRelative([...labels, ...origin], origin), origin)).toEqual([
          ...labels,
          ...origin,
        ]);
        expect(showName(labels)).toMatch(/^[!-~]+$/);
      }),
    );
  });

  it("are relative to the origin without a final dot", () => {
    const shown = (text: string) => showName(parseName(text, origin));
    expect(["www", "a.b", "@", "www.example.com.", ".", "*", "_sip._tcp"].map(shown)).toEqual([
      "www.example.com.",
      "a.b.example.com.",
      "example.com.",
      "www.example.com.",
      ".",
      "*.example.com.",
      "_sip._tcp.example.com.",
    ]);
    expect(shown("a\\.b.c")).toBe("a\\.b.c.example.com.");
    expect(shown("\\064.\\@x")).toBe("\\064.\\064x.example.com.");
    expect(shown("１２３.１")).toBe("123.1.example.com.");
    expect(shown("bücher.例え")).toBe("xn--bcher-kva.xn--r8jz45g.example.com.");
  });

  it.each([
    ["a..b", "empty part"],
    ["", "empty part"],
    [".a", "empty part"],
    ["a".repeat(64), "64 bytes; at most 63"],
    [Array(5).fill("a".repeat(60)).join("."), "longer than 255 bytes"],
    ["a\\256", "no byte"],
    ["a\\", "backslash"],
    ["a\\12", "backslash"],
    ["\u{fffd}x", "IDNA"],
    ["a\u{3002}b", "a character that stands for a dot (IDNA)"],
  ])("%s is refused", (text, message) => {
    expect(() => parseName(text, root)).toThrow(message);
  });

  it("the longest name has 255 bytes", () => {
    const labels = [...Array(3).fill("a".repeat(63)), "b".repeat(61)];
    expect(parseName(`${labels.join(".")}.`, root)).toEqual(labels);
    expect(() => parseName(`${labels.join(".")}b.`, root)).toThrow("longer than 255 bytes");
  });

  it("lie in domains without regard to case", () => {
    fc.assert(
      fc.property(name, name, (below, domain) => {
        expect(isWithin([...below, ...domain], domain)).toBe(true);
        expect(isWithin(domain, ["x", ...domain])).toBe(false);
      }),
    );
    expect(isWithin(["www", "EXAMPLE", "Com"], origin)).toBe(true);
    expect(isWithin(["myexample", "com"], origin)).toBe(false);
    expect(nameKey(["WWW", "x"])).toBe("www.x.");
  });

  it("find the longest of the zones", () => {
    const zones = ["example.com.", "a.example.com.", "b.a.example.com.", "com."].map((text) => ({
      name: parseName(text, root),
    }));
    const found = (text: string) => {
      const zone = longestSuffix(parseName(text, root), zones);
      return zone && showName(zone.name);
    };
    expect(["x.b.a.example.com.", "ba.example.com.", "A.example.com", "org.", "net"].map(found)).toEqual([
      "b.a.example.com.",
      "example.com.",
      "a.example.com.",
      undefined,
      undefined,
    ]);
  });

  it("are in a total order in which a name comes before those below it", () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareNames(a, b))).toBe(-Math.sign(compareNames(b, a)) + 0);
        expect(compareNames(a, ["x", ...a])).toBeLessThan(0);
        const [x, y, z] = [a, b, c].toSorted(compareNames);
        expect(compareNames(x!, z!)).toBeLessThanOrEqual(0);
        expect(compareNames(x!, y!)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const hex = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((data) => Buffer.from(data).toString("hex"));
const ownerName = name.filter((labels) => labels.length > 0);
const data: fc.Arbitrary<RecordData> = fc.oneof(
  fc.ipV4().map((address) => ({ type: "A" as const, address })),
  fc
    .constantFrom<RecordType & ("NS" | "CNAME" | "PTR")>("NS", "CNAME", "PTR")
    .chain((type) => ownerName.map((target) => ({ type, target }))),
  fc.record({ type: fc.constant("MX" as const), preference: u16, exchange: ownerName }),
  fc.record({
    type: fc.constant("CAA" as const),
    flags: u8,
    tag: fc.constantFrom("issue", "issuewild", "iodef"),
    value: bytes(0, 30),
  }),
  fc.record({ type: fc.constant("SRV" as const), priority: u16, weight: u16, port: u16, target: ownerName }),
  fc.record({ type: fc.constant("TLSA" as const), usage: u8, selector: u8, matchingType: u8, data: hex }),
  fc.record({ type: fc.constant("SSHFP" as const), algorithm: u8, fingerprintType: u8, fingerprint: hex }),
);

describe("data", () => {
  it("is read from a text as it is printed", () => {
    fc.assert(
      fc.property(data, (record) => {
        expect(readData(record.type, { rdata: showData(record) }, origin)).toEqual(record);
      }),
    );
  });

  it("is one line of ASCII", () => {
    fc.assert(fc.property(data, (record) => /^[ -~]+$/.test(showData(record))));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(showData(readData("TXT", { text }, origin))).toMatch(/^[ -~]+$/);
      }),
    );
  });

  it("long texts are split into strings of 255 bytes, and nothing is lost", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 1200 }), (text) => {
        const strings = splitBytes(fromText(text));
        expect(strings.join("")).toBe(fromText(text));
        expect(strings.slice(0, -1).every((one) => one.length === 255)).toBe(true);
        expect(strings.at(-1)!.length).toBeLessThanOrEqual(255);
        expect(splitWords(showData({ type: "TXT", strings }))).toEqual(strings);
      }),
    );
    expect(splitBytes("")).toEqual([""]);
    expect(splitBytes(fromText("é".repeat(128))).map((one) => one.length)).toEqual([255, 1]);
  });

  it("numbers and names of a text may be relative, quoted, and in groups of digits", () => {
    const shown = (type: RecordType, rdata: string) => showData(readData(type, { rdata }, origin));
    expect(shown("MX", "  10\tmail ")).toBe("10 mail.example.com.");
    expect(shown("SRV", '0 5 25565 "mc.example.org."')).toBe("0 5 25565 mc.example.org.");
    expect(shown("CAA", '0 Issue "letsencrypt.org; x=1"')).toBe('0 issue "letsencrypt.org; x=1"');
    expect(shown("TLSA", "3 1 1 AbCd 0102")).toBe("3 1 1 abcd0102");
  });

  it.each<[RecordType, Record<string, string | number | null>, string]>([
    ["A", { address: "192.0.2.256" }, "'192.0.2.256' is not an IPv4 address"],
    ["A", { address: "192.0.2" }, "'192.0.2' is not an IPv4 address"],
    ["A", { address: "192.0.02.1" }, "'192.0.02.1' is not an IPv4 address"],
    ["A", { address: "2001:db8::1" }, "is not an IPv4 address"],
    ["A", {}, "the record needs 'address'"],
    ["AAAA", { address: "fe80::1%eth0" }, "'fe80::1%eth0' is not an IPv6 address"],
    ["AAAA", { address: "192.0.2.1" }, "is not an IPv6 address"],
    ["MX", { rdata: "mail" }, "'mail' is not the data of the record; write 'PREFERENCE EXCHANGE'"],
    ["MX", { rdata: "70000 mail" }, "'preference' of the record is a number up to 65535, not '70000'"],
    ["SRV", { port: 1, priority: 0, weight: 0 }, "the record needs 'target'"],
    ["CAA", { rdata: '0 issue "x' }, "without an end"],
    ["CAA", { rdata: '0 issue"x"' }, "no blank"],
    ["CAA", { rdata: '0 is-sue "x"' }, "'tag' of the record"],
    ["TLSA", { rdata: "3 1 1 abc" }, "even number of hexadecimal digits, not 'abc'"],
    ["TLSA", { rdata: "3 1 1" }, "USAGE SELECTOR MATCHINGTYPE DATA"],
    ["TXT", { text: "x".repeat(65_001) }, "does not fit"],
  ])("%s of %o is refused", (type, fields, message) => {
    expect(() => readData(type, fields, origin)).toThrow(message);
  });

  it("addresses have one form", () => {
    const address = (text: string) => showData(readData("AAAA", { address: text }, origin));
    expect(["2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1", "2001:db8::0:1"].map(address)).toEqual([
      "2001:db8::1",
      "::ffff:c000:201",
      "2001:db8::1",
    ]);
    fc.assert(fc.property(fc.ipV6(), (text) => address(address(text)) === address(text)));
  });
});

describe("reverse names", () => {
  it("of addresses", () => {
    expect(showName(reverseName("192.0.2.1"))).toBe("1.2.0.192.in-addr.arpa.");
    expect(showName(reverseName("2001:db8::a"))).toBe(`a.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`);
  });

  it("of prefixes", () => {
    const zone = (prefix: string) => showName(reverseZone(prefix));
    expect(["192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32", "2001:db8:10::/44"].map(zone)).toEqual([
      "2.0.192.in-addr.arpa.",
      "10.in-addr.arpa.",
      "8.b.d.0.1.0.0.2.ip6.arpa.",
      "1.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
    ]);
    expect(() => zone("192.0.2.0/25")).toThrow("multiple of 8");
    expect(() => zone("192.0.2.1/24")).toThrow("behind its length");
    expect(() => zone("192.0.2/24")).toThrow("is not a prefix");
  });

  it("an address lies in the zone of its prefix", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom(8, 16, 24), (address, length) => {
        const prefix = address
          .split(".")
          .map((part, index) => (index < length / 8 ? part : "0"))
          .join(".");
        expect(isWithin(reverseName(address), reverseZone(`${prefix}/${length}`))).toBe(true);
      }),
    );
  });
});

it("mail addresses become names", () => {
  const shown = (text: string) => showName(mailboxName(text, origin));
  expect(
    [
      "hostmaster@example.org",
      "jane.doe@example.org.",
      "a+b@example.org",
      "admin.example.org.",
      "hostmaster",
    ].map(shown),
  ).toEqual([
    "hostmaster.example.org.",
    "jane\\.doe.example.org.",
    "a+b.example.org.",
    "admin.example.org.",
    "hostmaster.example.com.",
  ]);
  expect(() => shown("a b@example.org")).toThrow("is not a mail address");
  expect(() => shown("a@[192.0.2.1]")).toThrow("is not a mail address");
});
