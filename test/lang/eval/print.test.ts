import { describe, expect, test } from "vitest";
import { showBriefly, showValue } from "../../../src/lang/eval/print.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";
import { lab } from "./lab.ts";

describe("as nix-instantiate prints", () => {
  test.each([
    ["1", "1"],
    ["1.0", "1"],
    ["0.1 + 0.2", "0.3"],
    ["1.5e20", "1.5e+20"],
    ["1.0e-7", "1e-07"],
    ["123456.0", "123456"],
    ["1234567.0", "1.23457e+06"],
    ["true", "true"],
    ["null", "null"],
    ["/a/b", "/a/b"],
    [`"a\\n\\t\\"\\\${x} $y \\\\"`, `"a\\n\\t\\"\\\${x} $y \\\\"`],
    ['"\u00e9"', '"\u00e9"'],
    ["[ 1 [ ] { } ]", "[ 1 [ ] { } ]"],
    ["{ b = 1; a = { c = 2; }; }", "{ a = { c = 2; }; b = 1; }"],
    ["[ (x: x) toString (builtins.seq 1) ]", "[ <LAMBDA> <PRIMOP> <PRIMOP-APP> ]"],
    ["let x = { y = x; }; in x", "{ y = \u00abrepeated\u00bb; }"],
    ["let x = [ x ]; in x", "[ [ \u00abrepeated\u00bb ] ]"],
    ["let l = [ 1 ]; in [ l l ]", "[ [ 1 ] \u00abrepeated\u00bb ]"],
    [
      '{ "a b" = 1; "let" = 2; or = 3; a-b = 4; a\' = 5; }',
      '{ "a b" = 1; a\' = 5; a-b = 4; "let" = 2; or = 3; }',
    ],
  ])("%s", (expression, expected) => {
    expect(lab().printStrict(expression)).toBe(expected);
  });
});

describe("as messages show", () => {
  const show = (expression: string, print = showValue): string =>
    toText(print(lab().evaluator.evalString(fromText(expression), { kind: "string" }, "/")));

  test.each([
    ["let f = x: x; in f", "\u00ablambda f @ \u00abstring\u00bb:1:9\u00bb"],
    ["x: x", "\u00ablambda @ \u00abstring\u00bb:1:1\u00bb"],
    ["toString", "\u00abprimop toString\u00bb"],
    ["builtins.seq 1", "\u00abpartially applied primop seq\u00bb"],
    ["{ a = 1 + 1; }", "{ a = \u00abthunk\u00bb; }"],
  ])("%s", (expression, expected) => {
    expect(show(expression)).toBe(expected);
  });

  test("errors show the beginning of large values", () => {
    expect(show("[ 1 2 3 4 5 6 7 8 9 10 11 12 ]", showBriefly)).toBe(
      "[ 1 2 3 4 5 6 7 8 9 10 \u00ab2 items elided\u00bb ]",
    );
    expect(show('{ a = 1; type = "t"; }', showBriefly)).toBe('{ type = "t"; a = 1; }');
  });
});

describe("traced values", () => {
  test("a value that is being computed", () => {
    const { print, messages } = lab();
    print("let x = builtins.trace { x = x; } true; in x");
    expect(messages).toEqual(["trace: { x = \u00abpotential infinite recursion\u00bb; }"]);
  });
});
