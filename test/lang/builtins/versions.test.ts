import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, parseDrvName, splitVersion } from "../../../src/lang/builtins/versions.ts";
import { agreesWithNix, evaluates, fails, quoted } from "./support.ts";

describe("values", () => {
  evaluates([
    ['builtins.splitVersion "1.2.3"', '[ "1" "2" "3" ]'],
    ['builtins.splitVersion "10.0pre-3a.."', '[ "10" "0" "pre" "3" "a" ]'],
    ['builtins.splitVersion ""', "[ ]"],
    ['builtins.compareVersions "1.0" "1.0.0"', "-1"],
    ['builtins.compareVersions "2.3pre1" "2.3"', "-1"],
    ['builtins.compareVersions "2.3.1" "2.3a"', "1"],
    ['builtins.compareVersions "10" "9"', "1"],
    ['builtins.compareVersions "01" "1"', "0"],
    ['builtins.parseDrvName "nix-0.12pre12876"', '{ name = "nix"; version = "0.12pre12876"; }'],
    ['builtins.parseDrvName "a-b--1"', '{ name = "a-b"; version = "-1"; }'],
    ['builtins.parseDrvName "a-"', '{ name = "a-"; version = ""; }'],
  ]);
});

describe("failures", () => {
  fails([
    [
      'builtins.compareVersions "a" { }',
      "expected a string but found a set: { }",
      "while evaluating the second argument passed to builtins.compareVersions",
    ],
    [
      "builtins.parseDrvName 1",
      "expected a string but found an integer: 1",
      "while evaluating the first argument passed to builtins.parseDrvName",
    ],
  ]);
});

describe("laws", () => {
  const version = fc.string({
    unit: fc.constantFrom("0", "1", "9", ".", "-", "pre", "a", "rc"),
    maxLength: 6,
  });

  test("the order is antisymmetric", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
      }),
    );
  });

  test("equal components are equal versions", () => {
    fc.assert(
      fc.property(version, (a) => {
        expect(compareVersions(a, splitVersion(a).join("."))).toBe(0);
      }),
    );
  });

  test("numeric versions are ordered by their numbers", () => {
    const numbers = fc.array(fc.nat(2 ** 31 - 1), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const different = a.findIndex((component, i) => component !== b[i]);
        const expected = different < 0 ? 0 : Math.sign(a[different]! - b[different]!);
        expect(compareVersions(a.join("."), b.join("."))).toBe(expected);
      }),
    );
  });

  test("name and version make up the whole", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "1", "-", "."), maxLength: 8 }), (text) => {
        const { name, version: found } = parseDrvName(text);
        expect(found === "" ? name : `${name}-${found}`).toBe(text);
      }),
    );
  });
});

const versions = [
  "",
  "1",
  "1.0",
  "1.a",
  "1.0pre1",
  "1.0rc2",
  "01",
  "1-2",
  "2147483648",
  "99999999999",
  "a",
  "pre",
  "1..2",
  "1+2",
];
agreesWithNix([
  ...versions.flatMap((version) => [
    `builtins.splitVersion ${quoted(version)}`,
    `builtins.parseDrvName ${quoted(`x-${version}`)}`,
  ]),
  ...versions.flatMap((a) => versions.map((b) => `builtins.compareVersions ${quoted(a)} ${quoted(b)}`)),
]);
