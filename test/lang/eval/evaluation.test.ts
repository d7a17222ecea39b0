import { describe, expect, test } from "vitest";
import { NixError } from "../../../src/lang/eval/errors.ts";
import { lab } from "./lab.ts";

/** Expressions that need no builtins but those of the evaluator itself, with what `--eval --strict` prints. */
function table(name: string, cases: Readonly<Record<string, string>>): void {
  describe(name, () => {
    test.each(Object.entries(cases))("%s", (expression, expected) => {
      expect(lab().printStrict(expression)).toBe(expected);
    });
  });
}

table("literals and operators", {
  "1 + 2": "3",
  "1 + 2.5": "3.5",
  "2.5 + 1": "3.5",
  '"a" + "b"': '"ab"',
  [`"a\${"b"}c"`]: '"abc"',
  [`"x\${{ outPath = "y"; }}"`]: '"xy"',
  [`"x\${{ __toString = self: self.n; n = "z"; }}"`]: '"xz"',
  './a + "/b"': "/base/a/b",
  "./a + ./b": "/base/a/base/b",
  [`./\${"x"}/y`]: "/base/x/y",
  '{ outPath = "/o"; } + "/x"': '"/o/x"',
  "[ 1 2 ] ++ [ ] ++ [ 3 ]": "[ 1 2 3 ]",
  "{ a = 1; b = 2; } // { b = 3; c = 4; }": "{ a = 1; b = 3; c = 4; }",
  "true -> false": "false",
  'false && throw "no"': "false",
  'true || throw "no"': "true",
  "!false": "true",
  "if 1 == 1.0 then 1 else 2": "1",
  "[ 1 { a = null; } ] == [ 1.0 { a = null; } ]": "true",
  '{ type = "derivation"; outPath = "x"; a = 1; } == { type = "derivation"; outPath = "x"; }': "true",
});

table("sets", {
  "{ a.b = 1; a.c = 2; }": "{ a = { b = 1; c = 2; }; }",
  "rec { b = a; a = 1; }": "{ a = 1; b = 1; }",
  [`let n = "x y"; in { \${n} = 1; \${null} = 2; }`]: '{ "x y" = 1; }',
  [`rec { \${"a" + "b"} = c; c = 1; }`]: "{ ab = 1; c = 1; }",
  "let x = 1; in { inherit x; }": "{ x = 1; }",
  "let x = 1; in rec { inherit x; y = x; }": "{ x = 1; y = 1; }",
  "let s = { a = 1; b = 2; }; in { inherit (s) a b; }": "{ a = 1; b = 2; }",
  "rec { inherit (s) a; s = { a = 1; }; }": "{ a = 1; s = { a = 1; }; }",
  "rec { a = 1; b = a; __overrides = { a = 2; c = 3; }; }.b": "2",
  "rec { x = y; y = 1; __overrides = { y = 2; }; }.x": "2",
  "(rec { a = 1; __overrides = { c = 3; }; }).c": "3",
  "{ a = { b = 1; }; }.a.b": "1",
  "{ a = { }; }.a.b or 2": "2",
  "{ a = 1; }.a.b or 2": "2",
  "{ a.b = 1; } ? a.b": "true",
  "{ a = 1; } ? a.b": "false",
  '{ a = throw "x"; } ? a': "true",
  [`let a = "x"; in { x = 1; }.\${a}`]: "1",
  '{ a = 1; "b c" = 2; "if" = 3; "" = 4; }': '{ "" = 4; a = 1; "b c" = 2; "if" = 3; }',
});

table("scopes", {
  "let a = b; b = 1; in a": "1",
  "let a = 1; in with { a = 2; }; a": "1",
  "with { a = 1; b = 1; }; with { a = 2; }; [ a b ]": "[ 2 1 ]",
  'with throw "lazy"; 1': "1",
  "let f = { a, b ? a + 1, ... }@args: [ a b (args ? b) ]; in f { a = 1; c = 2; }": "[ 1 2 false ]",
  "let f = { a ? b, b ? 3 }: a; in f { }": "3",
  "(args@{ a, ... }: args.b) { a = 1; b = 2; }": "2",
  "let f = a: b: c: [ a b c ]; in f 1 2 3": "[ 1 2 3 ]",
  "let s = { __functor = self: x: self.n + x; n = 1; }; in s 2": "3",
  "let true = 1; in true": "1",
  'let __sub = a: b: "mine"; in 3 - 1': '"mine"',
  "let x = 1; in let y = x; x = 2; in y": "2",
  "let inherit (s) a; s = { a = 1; }; in a": "1",
});

describe("identity of slots", () => {
  test.each([
    ["let f = x: x; in f == f", "false"],
    ["let f = x: x; in [ f ] == [ f ]", "true"],
    ["let f = x: x; in { a = f; } == { a = f; }", "true"],
    ["let s = { f = x: x; }; in s == s", "true"],
    ["[ (x: x) ] == [ (x: x) ]", "false"],
    ["let f = x: x; g = (y: y) f; in [ f ] == [ g ]", "false"],
    ["let f = x: x; g = (y: y) f; in builtins.seq g ([ g ] == [ g ])", "true"],
    ["let s = { f = if true then (x: x) else null; }; in builtins.seq s.f (s // { } == s)", "true"],
    ["let l = [ (if true then (x: x) else null) ]; in builtins.deepSeq l (l == l)", "true"],
  ])("%s", (expression, expected) => {
    expect(lab().print(expression)).toBe(expected);
  });
});

describe("laziness", () => {
  test("each thunk is computed once", () => {
    const { print, messages } = lab();
    expect(print('let x = builtins.trace "once" 1; in x + x')).toBe("2");
    expect(messages).toEqual(["trace: once"]);
  });

  test("the set of `inherit (e)` is evaluated once", () => {
    const { printStrict, messages } = lab();
    printStrict('{ inherit (builtins.trace "once" { a = 1; b = 2; }) a b; }');
    expect(messages).toEqual(["trace: once"]);
  });

  test("what failed can be forced again", () => {
    const { printStrict, messages } = lab();
    const expression =
      'let x = builtins.trace "try" (throw "t"); in [ (builtins.tryEval x) (builtins.tryEval x) ]';
    const failed = "{ success = false; value = false; }";
    expect(printStrict(expression)).toBe(`[ ${failed} ${failed} ]`);
    expect(messages).toEqual(["trace: try", "trace: try"]);
  });

  const traced = (name: string, value: string) => `(builtins.trace "${name}" ${value})`;

  test.each([
    [`${traced("l", "{ a = 1; }")} // ${traced("m", "{ }")} // ${traced("r", "{ b = 1; }")}`, "r m l"],
    [`${traced("l", 'throw "l"')} // ${traced("r", "1")}`, "r"],
    [`${traced("l", "1")} ++ ${traced("r", "[ ]")}`, "l r"],
    [`${traced("l", "null")} + ${traced("r", "1")}`, "l"],
    [`${traced("l", "(x: x)")} + ${traced("r", '"r"')} + "s"`, "l"],
    [`${traced("l", "1")} + ${traced("r", "null")}`, "l r"],
    [
      `{ zz = ${traced("zz", "1")}; yy = ${traced("yy", "1")}; type = ${traced("type", "1")}; }`,
      "type zz yy",
    ],
  ])("evaluates in Nix's order: %s", (expression, order) => {
    const { messages, evaluator } = lab();
    try {
      evaluator.deepForce(evaluator.evalString(expression, { kind: "string" }, "/"));
    } catch (error) {
      expect(error).toBeInstanceOf(NixError);
    }
    expect(messages.map((message) => message.replace("trace: ", "")).join(" ")).toBe(order);
  });

  test("what is not needed stays a thunk", () => {
    expect(lab().print("{ a = 1 + 1; b = 2; c = x: x; d = [ ]; }")).toBe(
      "{ a = <CODE>; b = 2; c = <LAMBDA>; d = [ ]; }",
    );
  });
});

describe("copying to the store", () => {
  test("only where the first operand is a string", () => {
    const { print, copied } = lab();
    expect(print('"" + ./a')).toBe('"/nix/store/00000000000000000000000000000000-a"');
    expect(copied).toEqual(["/base/a"]);
    expect(print('./a + ""')).toBe("/base/a");
    expect(print("toString ./a")).toBe('"/base/a"');
    expect(copied).toEqual(["/base/a"]);
    print(`"\${./a}\${./a}"`);
    expect(copied).toEqual(["/base/a"]);
  });

  test("a path does not take up a string that refers to the store", () => {
    const error = lab().fail(`./a + "\${./b}"`);
    expect(error.message).toBe("a string that refers to a store path cannot be appended to a path");
  });
});

describe("deep recursion", () => {
  test("is an error, with a position", () => {
    const error = lab().fail("let f = n: 1 + f (n + 1); in f 0");
    expect(error.kind).toBe("stackOverflow");
    expect(error.message).toBe("stack overflow; max-call-depth exceeded");
    expect(error.pos).toBeDefined();
  });

  test("leaves the evaluation usable", () => {
    const { fail, print } = lab();
    fail("let f = n: [ (f (n + 1)) ] ++ f n; in f 0");
    expect(print("1 + 1")).toBe("2");
  });

  test("without an end inside of one value is infinite recursion", () => {
    const error = lab().fail("let x = { a = x.a; }; in x.a");
    expect(error.kind).toBe("infiniteRecursion");
    expect(error.pos).toBeDefined();
  });
});
