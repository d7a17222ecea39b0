import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonFloat } from "../../../src/lang/builtins/json-float.ts";
import { parseJson } from "../../../src/lang/builtins/json-parse.ts";
import { printJson } from "../../../src/lang/builtins/json-print.ts";
import { Attrs, force, type Slot } from "../../../src/lang/eval/value.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";
import { agreesWithNix, builtinsLab, evaluates, fails, quoted } from "./support.ts";

describe("toJSON", () => {
  evaluates([
    [
      'builtins.toJSON { b = [ true null ]; a = "x\\n\\"\\\\"; }',
      String.raw`"{\"a\":\"x\\n\\\"\\\\\",\"b\":[true,null]}"`,
    ],
    ["builtins.toJSON { }", '"{}"'],
    ["builtins.toJSON [ ]", '"[]"'],
    ["builtins.toJSON 9223372036854775807", '"9223372036854775807"'],
    ["builtins.toJSON [ 1.0 1.5 0.1 (-0.25) 1.0e30 ]", '"[1.0,1.5,0.1,-0.25,1e+30]"'],
    ['builtins.toJSON { outPath = "hello"; }', String.raw`"\"hello\""`],
    ["builtins.toJSON { outPath = { a = 1; }; }", String.raw`"{\"a\":1}"`],
    [
      'builtins.toJSON { __toString = self: self.a; a = "x"; outPath = throw "unused"; }',
      String.raw`"\"x\""`,
    ],
    ["builtins.toJSON { __toString = self: /etc/a; }", String.raw`"\"/etc/a\""`],
    ['builtins.toJSON "é"', String.raw`"\"é\""`],
  ]);

  test("a path is copied to the store, and the text refers to it", () => {
    const evaluation = builtinsLab();
    const storePath = "/nix/store/00000000000000000000000000000000-a";
    expect(evaluation.printStrict("builtins.getContext (builtins.toJSON [ /etc/a ])")).toBe(
      `{ "${storePath}" = { path = true; }; }`,
    );
    expect(evaluation.copied).toEqual(["/etc/a"]);
  });

  test("control characters are escaped, and DEL is not", () => {
    const evaluation = builtinsLab();
    const print = (text: string) =>
      printJson(evaluation.evaluator, text, { context: new Set(), copyToStore: false });
    expect(print("\x01\b\x1f\x7f")).toBe('"\\u0001\\b\\u001f\x7f"');
  });

  test.each([
    ["\xff", "invalid UTF-8 byte at index 0: 0xFF"],
    ["ab\xc0\x80", "invalid UTF-8 byte at index 2: 0xC0"],
    ["\xe0\x80\x80", "invalid UTF-8 byte at index 1: 0x80"],
    ["\xed\xa0\x80", "invalid UTF-8 byte at index 1: 0xA0"],
    ["\xf4\x90\x80\x80", "invalid UTF-8 byte at index 1: 0x90"],
    ["a\xe2\x82", "incomplete UTF-8 string; last byte: 0x82"],
    ["\xc3(", "invalid UTF-8 byte at index 1: 0x28"],
  ])("text that is not UTF-8: %j", (text, problem) => {
    const { evaluator } = builtinsLab();
    expect(() => printJson(evaluator, [text], { context: new Set(), copyToStore: false })).toThrow(
      `JSON serialization error: [json.exception.type_error.316] ${problem}`,
    );
  });

  fails([
    [
      "builtins.toJSON { a = [ (x: x) ]; }",
      "cannot convert a function to JSON",
      "while evaluating attribute 'a'",
    ],
    [
      "builtins.toJSON [ 1 builtins.map ]",
      "cannot convert the built-in function 'map' to JSON",
      "while evaluating list element at index 1",
    ],
    ["builtins.toJSON { __toString = self: 42; }", "cannot coerce an integer to a string: 42"],
    [
      "builtins.toJSON (builtins.foldl' (tail: head: { inherit head tail; }) null (builtins.genList (x: x) 10001))",
      "stack overflow; max-call-depth exceeded",
    ],
  ]);
});

describe("floats", () => {
  test.each([
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [0.1, "0.1"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [123456.789, "123456.789"],
    [1e14, "100000000000000.0"],
    [1e15, "1e+15"],
    [1.5e300, "1.5e+300"],
    [5e-324, "5e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [2.2250738585072014e-308, "2.2250738585072014e-308"],
    [Number.NaN, "null"],
    [Number.NEGATIVE_INFINITY, "null"],
  ])("%d", (value, text) => {
    expect(jsonFloat(value)).toBe(text);
  });

  test("read back as the same float, with at most 17 digits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = jsonFloat(value);
        expect(Object.is(Number(text), value)).toBe(true);
        expect(
          text.replace(/e.*$/, "").replace(/[-.]/g, "").replace(/^0+/, "").replace(/0+$/, "").length,
        ).toBeLessThan(18);
        expect(text).toMatch(/[.e]/);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("fromJSON", () => {
  evaluates([
    ['builtins.fromJSON "[1, -2.5, 1e2, true, false, null, {}]"', "[ 1 -2.5 100 true false null { } ]"],
    ['builtins.isInt (builtins.fromJSON "-0")', "true"],
    ['builtins.isFloat (builtins.fromJSON "1.0")', "true"],
    ['builtins.fromJSON "9223372036854775807"', "9223372036854775807"],
    ['builtins.fromJSON "-9223372036854775808"', "-9223372036854775808"],
    ['builtins.fromJSON "18446744073709551616"', "1.84467e+19"],
    ['builtins.fromJSON "-9223372036854775809"', "-9.22337e+18"],
    [`builtins.fromJSON ''{"a": 1, "b": 2, "a": 3}''`, "{ a = 3; b = 2; }"],
    [String.raw`builtins.fromJSON ''"\ud83d\ude00 \u00e9 \u0041 \/"''`, '"😀 é A /"'],
    ["(builtins.fromJSON (builtins.toJSON { a.b = [ 1 2.5 ]; })).a.b", "[ 1 2.5 ]"],
  ]);

  const error = "[json.exception.parse_error.101] parse error at";
  const value = "'[', '{', or a literal";
  fails([
    [
      'builtins.fromJSON ""',
      `${error} line 1, column 1: attempting to parse an empty input; check that your input string or stream contains the expected JSON`,
    ],
    [
      'builtins.fromJSON " "',
      `${error} line 1, column 2: syntax error while parsing value - unexpected end of input; expected ${value}`,
    ],
    [
      'builtins.fromJSON "[1,]"',
      `${error} line 1, column 4: syntax error while parsing value - unexpected ']'; expected ${value}`,
    ],
    [
      'builtins.fromJSON "[1 2]"',
      `${error} line 1, column 4: syntax error while parsing array - unexpected number literal; expected ']'`,
    ],
    [
      'builtins.fromJSON "{1:2}"',
      `${error} line 1, column 2: syntax error while parsing object key - unexpected number literal; expected string literal`,
    ],
    [
      `builtins.fromJSON ''{"a" 1}''`,
      `${error} line 1, column 6: syntax error while parsing object separator - unexpected number literal; expected ':'`,
    ],
    [
      'builtins.fromJSON "1 2"',
      `${error} line 1, column 3: syntax error while parsing value - unexpected number literal; expected end of input`,
    ],
    [
      'builtins.fromJSON "01"',
      `${error} line 1, column 2: syntax error while parsing value - unexpected number literal; expected end of input`,
    ],
    [
      'builtins.fromJSON "\\n\\n nul"',
      `${error} line 3, column 5: syntax error while parsing value - invalid literal; last read: 'nul'`,
    ],
    [
      'builtins.fromJSON "-x"',
      `${error} line 1, column 2: syntax error while parsing value - invalid number; expected digit after '-'; last read: '-x'`,
    ],
    [
      'builtins.fromJSON "1.e"',
      `${error} line 1, column 3: syntax error while parsing value - invalid number; expected digit after '.'; last read: '1.e'`,
    ],
    [
      'builtins.fromJSON "\\"a"',
      `${error} line 1, column 3: syntax error while parsing value - invalid string: missing closing quote; last read: '"a'`,
    ],
    [
      'builtins.fromJSON "\\"\\t\\""',
      `${error} line 1, column 2: syntax error while parsing value - invalid string: control character U+0009 (HT) must be escaped to \\u0009 or \\t; last read: '"<U+0009>'`,
    ],
    [
      String.raw`builtins.fromJSON ''"\ud800"''`,
      `${error} line 1, column 8: syntax error while parsing value - invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF; last read: '"\\ud800"'`,
    ],
    [
      String.raw`builtins.fromJSON ''"\udc00"''`,
      `${error} line 1, column 7: syntax error while parsing value - invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF; last read: '"\\udc00'`,
    ],
    [
      String.raw`builtins.fromJSON ''"\x"''`,
      `${error} line 1, column 3: syntax error while parsing value - invalid string: forbidden character after backslash; last read: '"\\x'`,
    ],
    ['builtins.fromJSON "1e999"', "[json.exception.out_of_range.406] number overflow parsing '1e999'"],
    [
      'builtins.fromJSON "18446744073709551615"',
      "unsigned json number 18446744073709551615 outside of Nix integer range",
    ],
    [
      String.raw`builtins.fromJSON ''"a\u0000b"''`,
      "input string 'a␀b' cannot be represented as Nix string because it contains null bytes",
    ],
    [
      'builtins.fromJSON "}"',
      `${error} line 1, column 1: syntax error while parsing value - unexpected '}'; expected ${value}`,
      "while decoding a JSON string",
    ],
  ]);

  test("bytes that are not UTF-8", () => {
    expect(() => parseJson('"a\xff"')).toThrow("invalid string: ill-formed UTF-8 byte; last read: '\"a\xff'");
  });

  test("nesting is no problem", () => {
    const depth = 200_000;
    let value: Slot = parseJson("[".repeat(depth) + "]".repeat(depth));
    let levels = 0;
    for (; Array.isArray(value) && value.length > 0; value = value[0]!) levels++;
    expect(levels).toBe(depth - 1);
    expect(() => parseJson('{"a":'.repeat(depth))).toThrow("unexpected end of input");
  });
});

/** A value as JavaScript has it. */
function plain(slot: Slot): unknown {
  const value = force(slot);
  if (value instanceof Attrs) {
    return Object.fromEntries([...value.entries()].map(([name, member]) => [toText(name), plain(member)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" ? toText(value) : value;
}

describe("laws", () => {
  test("parsing is what JSON.parse does, and printing gives the same again", () => {
    const { evaluator } = builtinsLab();
    // Neither NUL in strings nor integers from 2^63 on: Nix refuses both.
    const document = fc
      .jsonValue({ stringUnit: "grapheme" })
      .filter((value) => !/\\u0000|[0-9]{19}/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(document, fc.boolean(), (value, pretty) => {
        const text = JSON.stringify(value, undefined, pretty ? 2 : 0);
        const expected = JSON.parse(text) as unknown;
        const parsed = parseJson(fromText(text));
        expect(plain(parsed)).toEqual(expected);
        const printed = printJson(evaluator, parsed, { context: new Set(), copyToStore: false });
        expect(plain(parseJson(printed))).toEqual(expected);
        expect(JSON.parse(toText(printed))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("what JSON.parse refuses is refused", () => {
    const text = fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ntrue1-.e 0'), maxLength: 8 });
    fc.assert(
      fc.property(text, (source) => {
        const accepts = (parse: (text: string) => unknown) => {
          try {
            parse(source);
            return true;
          } catch {
            return false;
          }
        };
        expect(accepts(parseJson)).toBe(accepts((it) => JSON.parse(it)));
      }),
      { numRuns: 5000 },
    );
  });
});

agreesWithNix([
  ...[
    "1",
    "[1,[],{}]",
    '{"b":1,"a":{"c":"d"}}',
    '"\\u00e9\\n"',
    "1.5e3",
    "-0.0",
    "123456789012",
    '"\\ud83d\\ude00"',
  ].map((text) => `builtins.fromJSON ${quoted(text)}`),
  ...[
    "{ }",
    "[ ]",
    "[ 1 null true ]",
    '{ b = "x\\ty"; a.c = [ ]; }',
    '"\\\\\\" é"',
    "1.5",
    '{ outPath = "/x"; a = 1; }',
  ].map((value) => `builtins.toJSON ${value}`),
]);
