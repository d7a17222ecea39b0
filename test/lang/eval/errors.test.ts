import { describe, expect, test } from "vitest";
import { showError } from "../../../src/lang/eval/show-error.ts";
import { formatPos } from "../../../src/lang/syntax/positions.ts";
import { toText } from "../../../src/store/bytes.ts";
import { lab } from "./lab.ts";

describe("messages", () => {
  test.each([
    ["undefinedVariable", "x", "undefined variable 'x'"],
    ["undefinedVariable", "{ a = y: z; }", "undefined variable 'z'"],
    ["undefinedVariable", "with { }; x", "undefined variable 'x'"],
    ["missingAttribute", "{ a = 1; }.b", "attribute 'b' missing"],
    ["missingAttribute", "let inherit ({ a = 1; }) b; in b", "attribute 'b' missing"],
    ["type", "(1).a", "expected a set but found an integer: 1"],
    ["type", "if 1 then 2 else 3", "expected a Boolean but found an integer: 1"],
    ["type", "!null", "expected a Boolean but found null: null"],
    ["type", "[ 1 ] // { }", "expected a set but found a list: [ 1 ]"],
    ["type", "{ } ++ [ ]", "expected a list but found a set: { }"],
    ["type", '1 + "a"', "cannot add a string to an integer"],
    ["type", "1.5 + { }", "cannot add a set to a float"],
    ["type", '"" + 1', "cannot coerce an integer to a string: 1"],
    ["type", "{ } + { }", "cannot coerce a set to a string: { }"],
    [
      "type",
      `"\${x: x}"`,
      "cannot coerce a function to a string: \u00ablambda @ \u00abstring\u00bb:1:4\u00bb",
    ],
    ["assertion", "assert 1 == 2.5; 3", "an integer with value '1' is not equal to a float with value '2.5'"],
    ["assertion", 'assert "a" == null; 3', "a string of value '\"a\"' is not equal to null of value 'null'"],
    [
      "assertion",
      'assert { a = [ "x" ]; } == { a = [ "y" ]; }; 3',
      `string '"x"' is not equal to string '"y"'`,
    ],
    [
      "assertion",
      "assert { a = 1; } == { b = 1; }; 3",
      "attribute name 'a' is contained in '{ a = 1; }', but not in '{ b = 1; }'",
    ],
    [
      "assertion",
      "let f = x: x; in assert f == f; 3",
      "distinct functions and immediate comparisons of identical functions compare as unequal",
    ],
    // A method of JavaScript's objects is no operator of the language.
    [
      "type",
      "toString (x: x) 1",
      "cannot coerce a function to a string: \u00ablambda @ \u00abstring\u00bb:1:11\u00bb",
    ],
    ["type", "1 2", "attempt to call something which is not a function but an integer: 1"],
    ["type", "with 1; a", "expected a set but found an integer: 1"],
    [
      "missingArgument",
      "let f = { a, b }: a; in f { a = 1; }",
      "function 'f' called without required argument 'b'",
    ],
    [
      "type",
      "({ value }: value) { value = 1; valve = 2; }",
      "function 'anonymous lambda' called with unexpected argument 'valve'",
    ],
    ["eval", "9223372036854775807 + 1", "integer overflow in adding 9223372036854775807 + 1"],
    ["assertion", "assert 1 != 1; 1", "assertion '(1 != 1)' failed"],
    ["throw", 'throw "no"', "no"],
    ["abort", 'abort "no"', "evaluation aborted with the following error message: 'no'"],
    ["infiniteRecursion", "let x = x; in x", "infinite recursion encountered"],
    ["infiniteRecursion", "rec { a = b; b = a; }.a", "infinite recursion encountered"],
    [
      "eval",
      `let a = "x"; in { \${a} = 1; x = 2; }`,
      "dynamic attribute 'x' already defined at \u00abstring\u00bb:1:29",
    ],
    [
      "throw",
      "<nowhere>",
      "file 'nowhere' was not found in the Nix search path (add it using $NIX_PATH or -I)",
    ],
    ["io", "import ./absent.nix", "path '/base/absent.nix' does not exist"],
  ])("%s: %s", (kind, expression, message) => {
    const error = lab().fail(expression);
    expect(toText(error.message)).toBe(message);
    expect(error.kind).toBe(kind);
  });

  test("name what may have been meant", () => {
    const { fail } = lab();
    expect(fail("{ enable = 1; }.enabel").suggestions).toEqual(["enable"]);
    expect(fail("({ value }: value) { value = 1; valve = 2; }").suggestions).toEqual(["value"]);
  });

  test("have the position", () => {
    const { fail } = lab({ files: { "/a.nix": "{\n  a = { }.b;\n}\n" } });
    expect(formatPos(fail("(import /a.nix).a").pos!)).toBe("/a.nix:2:7");
  });
});

describe("layout", () => {
  test("message, place, suggestion", () => {
    const error = lab().fail("let\n  s.abc = { abc = 1; };\nin s.abc.abd");
    expect(toText(showError(error, { showTrace: false }))).toBe(
      [
        "error:",
        "       \u2026 while evaluating the attribute 'abc.abd'",
        "         at \u00abstring\u00bb:2:3:",
        "            1| let",
        "            2|   s.abc = { abc = 1; };",
        "             |   ^",
        "            3| in s.abc.abd",
        "",
        "       error: attribute 'abd' missing",
        "       at \u00abstring\u00bb:3:4:",
        "            2|   s.abc = { abc = 1; };",
        "            3| in s.abc.abd",
        "             |    ^",
        "       Did you mean abc?",
      ].join("\n"),
    );
  });

  test("without a trace there is one block", () => {
    expect(toText(showError(lab().fail("x"), { showTrace: false }))).toBe(
      [
        "error: undefined variable 'x'",
        "       at \u00abstring\u00bb:1:1:",
        "            1| x",
        "             | ^",
      ].join("\n"),
    );
  });

  test("calls of functions belong to the full trace", () => {
    const error = lab().fail('let f = x: throw "t"; in f 1');
    const brief = showError(error, { showTrace: false });
    const full = showError(error, { showTrace: true });
    expect(brief).not.toContain("while calling 'f'");
    expect(full).toContain("while calling 'f'");
    expect(full.indexOf("from call site")).toBeLessThan(full.indexOf("while calling 'f'"));
    expect(full.indexOf("while calling 'f'")).toBeLessThan(full.indexOf("while calling the 'throw' builtin"));
  });

  test.each([
    ["{ abc = 1; }.abd", []],
    ['{ "a b" = throw "t"; }."a b"', ["attribute '\"a b\"' 1:3", "throw 1:11"]],
    ["let x.y = { }; in x.y.z or x.y.z", ["attribute 'y.z' 1:5"]],
    ["let f = { a }: a; in f { }", ["from call site 1:22"]],
    ["let f = a: { b }: b; in f 1 { }", ["from call site 1:25"]],
    ["let f = { a }: a; in f { a = 1; b = 2; }", ["from call site 1:22"]],
    ["let f = { a }: a; in f 1", ["from call site 1:22", "value passed for the lambda argument 1:9"]],
    ["{ } // 1", ["right operand of the update (//) operator"]],
    ["let x = 1; in x // { }", ["left operand of the update (//) operator 1:15"]],
    ["!1", ["argument of the not operator"]],
    ['{ } // throw "t"', ["right operand of the update (//) operator 1:8", "throw 1:8"]],
    ['throw "t" // { } // { }', ["left operand of the update (//) operator 1:1", "throw 1:1"]],
    ['"a" + { }', ["a path segment 1:7"]],
    [
      "assert { a = 1; } == { a = 2; }; 1",
      [
        "condition of the assertion '({ a = 1; } == { a = 2; })' 1:1",
        "comparing attribute 'a'",
        "where left hand side is 1:10",
      ],
    ],
    [
      "builtins.genericClosure { startSet = [ 1 ]; operator = x: [ ]; }",
      ["genericClosure 1:1", "genericClosure element 1"],
    ],
    ["true && 1", ["right operand of the AND (&&) operator 1:6"]],
  ])("the trace of %s is Nix's", (expression, frames) => {
    const text = toText(showError(lab().fail(expression), { showTrace: false }));
    const shown = [...text.matchAll(/\u2026 (.*)\n(?: +at [^:]*:([0-9:]+):$)?/gm)].map(([, message, place]) =>
      [message!.replace(/^(while )?(evaluating |in )?(the )?/, ""), place].filter(Boolean).join(" "),
    );
    expect(shown.map((each) => each.replace(/calling the '(.*)' builtin/, "$1"))).toEqual(frames);
  });

  test("a long trace is cut, but not what the author of the code added", () => {
    const expression =
      'let s = { a = { b = { c = { d = throw "t"; }; }; }; }; in builtins.addErrorContext "my note" s';
    const text = showError(lab().fail(expression), { showTrace: false });
    expect(text).toContain("my note");
    expect(text).toContain("(stack trace truncated; use '--show-trace' to show the full, detailed trace)");
    expect(text).toContain("error: t");
  });

  test("repeated frames are counted", () => {
    const text = showError(lab().fail("let f = x: f (x + 1); in f 0"), { showTrace: true });
    expect(text).toMatch(/\(\d+ duplicate frames omitted\)/);
    expect(text).toContain("error: stack overflow; max-call-depth exceeded");
  });
});
