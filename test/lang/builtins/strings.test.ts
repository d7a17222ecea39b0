import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { baseNameOf, replaceAll } from "../../../src/lang/builtins/strings.ts";
import { agreesWithNix, builtinsLab, evaluates, fails, quoted } from "./support.ts";

const path = "/nix/store/00000000000000000000000000000000-a";
/** A string that refers to {@link path}. */
const referring = (text: string) => `(builtins.appendContext ${quoted(text)} { "${path}".path = true; })`;

describe("values", () => {
  evaluates([
    ['builtins.stringLength "é"', "2"],
    ['builtins.stringLength { outPath = "abc"; }', "3"],
    ['builtins.substring 0 3 "nixos"', '"nix"'],
    ['builtins.substring 3 100 "nixos"', '"os"'],
    ['builtins.substring 3 (-1) "nixos"', '"os"'],
    ['builtins.substring 100 1 "nixos"', '""'],
    ['builtins.substring 9223372036854775807 9223372036854775807 "nixos"', '""'],
    ['builtins.concatStringsSep ", " [ "a" "b" { outPath = "c"; } ]', '"a, b, c"'],
    ['builtins.concatStringsSep ", " [ ]', '""'],
    ['builtins.replaceStrings [ "oo" "a" ] [ "a" "i" ] "foobar"', '"fabir"'],
    ['builtins.replaceStrings [ "" ] [ "X" ] "abc"', '"XaXbXcX"'],
    ['builtins.replaceStrings [ "" ] [ "X" ] ""', '"X"'],
    ['builtins.replaceStrings [ "a" "" ] [ "1" "2" ] "ab"', '"12b2"'],
    ['builtins.replaceStrings [ "" "a" ] [ "1" "2" ] "ab"', '"1a1b1"'],
    ['builtins.replaceStrings [ "oo" "XX" ] [ "u" (throw "not needed") ] "foobar"', '"fubar"'],
    ['baseNameOf "a/b/"', '"b"'],
    ['baseNameOf "a/b//"', '""'],
    ["baseNameOf /a/b.nix", '"b.nix"'],
    ['baseNameOf "/"', '""'],
    ['dirOf "a/b/c"', '"a/b"'],
    ['dirOf "a"', '"."'],
    ['dirOf "/a"', '"/"'],
    ["dirOf /a/b", "/a"],
    ["dirOf /.", "/"],
    ['builtins.toPath "/a/../b"', '"/b"'],
  ]);
});

describe("contexts", () => {
  evaluates([
    [`builtins.hasContext (builtins.substring 0 0 ${referring("abc")})`, "true"],
    [`builtins.hasContext (builtins.concatStringsSep ${referring(",")} [ ])`, "true"],
    [`builtins.hasContext (builtins.replaceStrings [ "a" ] [ ${referring("x")} ] "abc")`, "true"],
    [`builtins.hasContext (builtins.replaceStrings [ "z" ] [ ${referring("x")} ] "abc")`, "false"],
    [`builtins.hasContext (builtins.replaceStrings [ ${referring("a")} ] [ "x" ] "abc")`, "false"],
    [`builtins.hasContext (builtins.head (builtins.split "x" ${referring("abc")}))`, "true"],
    [`builtins.hasContext (builtins.head (builtins.split "b" ${referring("abc")}))`, "false"],
    [`builtins.hasContext (builtins.head (builtins.match "(.*)" ${referring("abc")}))`, "false"],
    [`builtins.hasContext (dirOf ${referring("a/b")})`, "true"],
    [`builtins.hasContext (baseNameOf ${referring("a/b")})`, "true"],
  ]);

  test("paths are copied to the store by what makes strings of them, and not by what names them", () => {
    const evaluation = builtinsLab();
    evaluation.printStrict("[ (baseNameOf /etc/a) (dirOf /etc/b) ]");
    expect(evaluation.copied).toEqual([]);
    evaluation.printStrict('[ (builtins.substring 0 3 /etc/c) (builtins.concatStringsSep "" [ /etc/d ]) ]');
    expect(evaluation.copied).toEqual(["/etc/c", "/etc/d"]);
  });
});

describe("failures", () => {
  fails([
    ['builtins.substring (-3) 3 "abc"', "negative start position in 'substring'"],
    [
      "builtins.substring 0 3 { }",
      "cannot coerce a set to a string: { }",
      "while evaluating the third argument (the string) passed to builtins.substring",
    ],
    [
      "builtins.concatStringsSep 1 { }",
      "expected a string but found an integer: 1",
      "while evaluating the first argument (the separator string) passed to builtins.concatStringsSep",
    ],
    [
      'builtins.concatStringsSep "foo" [ 1 ]',
      "cannot coerce an integer to a string: 1",
      "while evaluating one element of the list of strings to concat passed to builtins.concatStringsSep",
    ],
    [
      "builtins.replaceStrings [ 0 ] [ ] { }",
      "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths",
    ],
    [
      'builtins.replaceStrings [ 1 ] [ "new" ] { }',
      "expected a string but found an integer: 1",
      "while evaluating one of the strings to replace passed to builtins.replaceStrings",
    ],
    [
      'builtins.replaceStrings [ "oo" ] [ true ] "foo"',
      "expected a string but found a Boolean: true",
      "while evaluating one of the replacement strings passed to builtins.replaceStrings",
    ],
    ['builtins.toPath "foo"', "string 'foo' doesn't represent an absolute path"],
    [
      "baseNameOf [ ]",
      "cannot coerce a list to a string: [ ]",
      "while evaluating the first argument passed to builtins.baseNameOf",
    ],
  ]);
});

/** Byte after byte, by the letter of the manual. */
function naiveReplace(text: string, from: readonly string[], to: readonly string[]): string {
  let result = "";
  let place = 0;
  while (place <= text.length) {
    const index = from.findIndex((part) => text.slice(place, place + part.length) === part);
    if (index >= 0) result += to[index]!;
    const length = index < 0 ? 0 : from[index]!.length;
    if (length === 0) result += text.slice(place, place + 1);
    place += length === 0 ? 1 : length;
  }
  return result;
}

describe("laws", () => {
  const short = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 3 });

  test("replaceStrings is what a naive replacement is", () => {
    const pairs = fc.array(fc.tuple(short, short), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }),
        pairs,
        (text, replacements) => {
          const from = replacements.map(([sought]) => sought);
          const to = replacements.map(([, replacement]) => replacement);
          expect(replaceAll(text, from, (index) => to[index]!)).toBe(naiveReplace(text, from, to));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("the base name has a slash nowhere", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "/"), maxLength: 6 }), (text) => {
        expect(baseNameOf(text)).not.toContain("/");
      }),
    );
  });
});

const texts = ["", "a", "aa", "ab", "foo/bar", "/", "//", "a/", "a//", "/a/b/", "éa"];
agreesWithNix([
  ...texts.flatMap((text) => [
    `builtins.stringLength ${quoted(text)}`,
    `baseNameOf ${quoted(text)}`,
    `dirOf ${quoted(text)}`,
    `builtins.replaceStrings [ "a" "" "/" ] [ "[a]" "_" "" ] ${quoted(text)}`,
    `builtins.replaceStrings [ "" "aa" ] [ "-" "A" ] ${quoted(text)}`,
    `builtins.replaceStrings [ "aa" "a" "b" ] [ "1" "2" "3" ] ${quoted(text)}`,
    ...[0, 1, 2, 9].flatMap((start) =>
      [0, 1, 5, -1].map((length) => `builtins.substring ${start} (${length}) ${quoted(text)}`),
    ),
  ]),
]);
