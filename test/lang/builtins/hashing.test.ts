import { describe, expect, test } from "vitest";
import { agreesWithNix, builtinsLab, evaluates, fails, quoted } from "./support.ts";

const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const nix32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";

describe("hashString", () => {
  evaluates([
    ['builtins.hashString "md5" "text 1"', '"6c69ee7f211c640419d5366cc076ae46"'],
    ['builtins.hashString "sha1" "text 1"', '"cd54e8568c1b37cf1e5badb0779bcbf382212189"'],
    ['builtins.hashString "sha256" ""', `"${hex}"`],
  ]);
  fails([
    [
      'builtins.hashString "foo" (throw "the type comes first")',
      "unknown hash algorithm 'foo', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'",
    ],
    [
      'builtins.hashString "sha256" { }',
      "expected a string but found a set: { }",
      "while evaluating the second argument passed to builtins.hashString",
    ],
  ]);
});

describe("convertHash", () => {
  const converted = (hash: string, format: string, algorithm?: string) =>
    `builtins.convertHash { hash = "${hash}"; toHashFormat = "${format}"; ${algorithm ? `hashAlgo = "${algorithm}";` : ""} }`;
  evaluates([
    [converted(hex, "sri", "sha256"), `"${sri}"`],
    [converted(hex, "base64", "sha256"), `"${sri.slice(7)}"`],
    [converted(sri, "base16"), `"${hex}"`],
    [converted(sri, "nix32"), `"${nix32}"`],
    [converted(`sha256:${nix32}`, "base16"), `"${hex}"`],
    [converted(nix32, "base32", "sha256"), `"${nix32}"`],
  ]);
  fails([
    [
      converted(hex, "sri"),
      `hash '${hex}' does not include a type, nor is the type otherwise known from context`,
    ],
    [converted(sri, "sri", "sha512"), `hash '${sri}' should have type 'sha512'`],
    [converted(sri, "base17"), "unknown hash format 'base17', expect 'base16', 'base32', 'base64', or 'sri'"],
    [
      converted(sri, "constructor"),
      "unknown hash format 'constructor', expect 'base16', 'base32', 'base64', or 'sri'",
    ],
    ["builtins.convertHash { }", "attribute 'hash' missing", "while locating the attribute 'hash'"],
  ]);
});

agreesWithNix(
  ["md5", "sha1", "sha256", "sha512"].flatMap((algorithm) =>
    ["", "abc", "é\n", "x".repeat(1000)].map((text) => `builtins.hashString "${algorithm}" ${quoted(text)}`),
  ),
);

test("base32 is an old name of a format", () => {
  const { print, messages } = builtinsLab();
  print('builtins.convertHash { hash = "md5:00000000000000000000000000000000"; toHashFormat = "base32"; }');
  expect(messages).toEqual(['warning: "base32" is a deprecated alias for hash format "nix32".']);
});
