import fc from "fast-check";
import { parse as parseWithLibrary, stringify } from "smol-toml";
import { describe, expect, test } from "vitest";
import { valueOfToml } from "../../../src/lang/builtins/toml.ts";
import { parseToml, TomlDate, TomlTable, type TomlValue } from "../../../src/lang/builtins/toml-parse.ts";
import { printValue } from "../../../src/lang/eval/print.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";
import { agreesWithNix, evaluates, fails, quoted } from "./support.ts";

/** The printed value of a document. */
function value(text: string, timestamps = false): string {
  return toText(printValue(valueOfToml(fromText(text), timestamps)));
}

const documents: readonly (readonly [text: string, printed: string])[] = [
  ["", "{ }"],
  ["a = 1 # comment\nb.c = 2\nb.d = 3\n", "{ a = 1; b = { c = 2; d = 3; }; }"],
  ["[a.b]\nc = 1\n[a]\nd = 2", "{ a = { b = { c = 1; }; d = 2; }; }"],
  [
    "[[p]]\nx = 1\n[p.q]\ny = 2\n[[p]]\nx = 3\n[[p.r]]",
    "{ p = [ { q = { y = 2; }; x = 1; } { r = [ { } ]; x = 3; } ]; }",
  ],
  ['"" = 1\n"a.b" = 2\n\'c d\' = 3', '{ "" = 1; "a.b" = 2; "c d" = 3; }'],
  ["a = { b = 1, c.d = [ 2, ] }", "{ a = { b = 1; c = { d = [ 2 ]; }; }; }"],
  ["a = [\n 1, # one\n\n [ 2 ],\n]", "{ a = [ 1 [ 2 ] ]; }"],
  [
    "a = 9223372036854775807\nb = -9223372036854775808",
    "{ a = 9223372036854775807; b = -9223372036854775808; }",
  ],
  ["a = 0xDEAD_beef\nb = 0o17\nc = 0b1_0\nd = +1_000", "{ a = 3735928559; b = 15; c = 2; d = 1000; }"],
  [
    "a = 1.5\nb = 1e3\nc = -2E-2\nd = 1_0.2_5\ne = -inf",
    "{ a = 1.5; b = 1000; c = -0.02; d = 10.25; e = -inf; }",
  ],
  ["a = \"t\\t\\u00e9\\U0001F600\"\nb = 'c:\\d'", '{ a = "t\\té😀"; b = "c:\\\\d"; }'],
  ['a = """\n x\\\n\n   y"""""', '{ a = " xy\\"\\""; }'],
  ["a = '''\nx'y''z'''''", "{ a = \"x'y''z''\"; }"],
  ["[a]\r\nb = 1\r\n", "{ a = { b = 1; }; }"],
  [
    "[fruit]\napple.color = 1\n[fruit.apple.texture]\nsmooth = true",
    "{ fruit = { apple = { color = 1; texture = { smooth = true; }; }; }; }",
  ],
];

describe("documents", () => {
  test.each(documents)("%j", (text, printed) => {
    expect(value(text)).toBe(printed);
  });

  test.each([
    "a",
    "a =",
    "= 1",
    "a = 1 b = 2",
    "a = 1\na = 2",
    "a = 1\na.b = 2",
    "[a]\n[a]",
    "[a]\nb.c = 1\n[a.b]",
    "[a.b]\n[a]\nb.c = 1",
    "a = { b = 1 }\na.c = 2",
    "a = { b = 1 }\n[a.c]",
    "a = { b = 1, }",
    "a = { b = 1\n}",
    "a = [ { b = 1 } ]\n[[a]]",
    "a = [ ]\n[[a]]",
    "[a]\n[[a]]",
    "[[a]]\n[a]",
    "a = 01",
    "a = 1_",
    "a = 1__0",
    "a = 1.",
    "a = .5",
    "a = +0x1",
    "a = 0x",
    "a = tru",
    "a = inf1",
    'a = "x',
    'a = "x\ny"',
    'a = "\\x41"',
    'a = "\\e"',
    'a = "\\ud800"',
    "a = 'x\x01'",
    "# \x01",
    "a = 1\rb = 2",
    "[a",
    "[ [a]]",
    "a = [1",
    "a = [1 2]",
    'a = """x',
    "a = 1979-13-01",
    "a = 1979-02-29",
    "a = 24:00:00",
    "a = 07:32",
    "a.b. = 1",
    "é = 1",
  ])("%j is no TOML", (text) => {
    expect(() => value(text)).toThrow("while parsing TOML: [error] ");
  });

  test("bytes that are not UTF-8", () => {
    expect(() => parseToml('a = "\xff"')).toThrow("the text is not UTF-8");
  });

  test("the message shows the place", () => {
    expect(() => value("x = 1\n[a\n")).toThrow(
      "while parsing TOML: [error] expected ']'\n --> fromTOML\n   |\n 2 | [a\n   |   ^-- here",
    );
  });

  fails([
    ['builtins.fromTOML "a = 1979-05-27"', "while parsing TOML: Dates and times are not supported"],
    [
      String.raw`builtins.fromTOML ''a = "a\u0000b"''`,
      "while parsing TOML: error: input string 'a␀b' cannot be represented as Nix string because it contains null bytes",
    ],
    [
      'builtins.fromTOML "attr = 9223372036854775808"',
      "while parsing TOML: [error] toml::parse_dec_integer: too large integer: current max digits = 2^63\n --> fromTOML\n   |\n 1 | attr = 9223372036854775808\n   |        ^-- here",
    ],
    [
      'builtins.fromTOML "a = -1e400"',
      "while parsing TOML: [error] the float is too large\n --> fromTOML\n   |\n 1 | a = -1e400\n   |     ^-- here",
    ],
    [
      "fromTOML 1",
      "expected a string but found an integer: 1",
      "while evaluating the argument passed to builtins.fromTOML",
    ],
  ]);
  evaluates([
    ['fromTOML "a = 1"', "{ a = 1; }"],
    ['fromTOML "a = 1e-400"', "{ a = 0; }"],
  ]);
});

test.each([
  ["1979-05-27T07:32:00Z", "1979-05-27T07:32:00Z"],
  ["1979-05-27t00:32:00.999999-07:00", "1979-05-27T00:32:00.999999-07:00"],
  ["1979-05-27 07:32:00.1z", "1979-05-27T07:32:00.100Z"],
  ["1979-05-27 07:32:00+00:00", "1979-05-27T07:32:00Z"],
  ["1979-05-27T07:32:00.1234", "1979-05-27T07:32:00.123400"],
  ["2000-02-29", "2000-02-29"],
  ["00:32:00.1234567891", "00:32:00.123456789"],
  ["00:32:00.000", "00:32:00"],
])("the date %s with the experimental feature", (date, printed) => {
  expect(value(`a = ${date} # end`, true)).toBe(`{ a = { _type = "timestamp"; value = "${printed}"; }; }`);
});

/** Comparable with what the library gives. */
function plain(toml: TomlValue): unknown {
  if (toml instanceof TomlTable) {
    return Object.fromEntries([...toml.entries].map(([name, member]) => [toText(name), plain(member)]));
  }
  if (Array.isArray(toml)) return toml.map(plain);
  if (toml instanceof TomlDate) return toml.text;
  return typeof toml === "string" ? toText(toml) : toml;
}

test("agrees with another parser on what that prints", () => {
  const name = fc
    .oneof(fc.constantFrom("a", "b-1", "c d", ""), fc.string({ unit: "grapheme", maxLength: 5 }))
    .filter((text) => text !== "__proto__");
  const document = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "grapheme", maxLength: 10 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true }).filter((number) => !Number.isInteger(number)),
      fc.boolean(),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("table"),
    ),
    table: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  })).table;
  fc.assert(
    fc.property(document, (table) => {
      const text = stringify(table as Record<string, unknown>);
      const expected = parseWithLibrary(text, { integersAsBigInt: true });
      expect(plain(parseToml(fromText(text)))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

agreesWithNix(documents.map(([text]) => `builtins.fromTOML ${quoted(text)}`));
