/** The same expressions evaluated by an installed Nix: values are printed the same, failures are failures. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { families } from "../../../src/lang/builtins/index.ts";
import { createEvaluator, NixError, printValue } from "../../../src/lang/index.ts";
import { createNodeHost } from "../../../src/lang/node-host.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";

/** Only what Nix 2.8 and Nix 2.34 agree about. */
const values = [
  // Numbers
  "1 + 2 * 3 - 4 / 2",
  "7 / 2",
  "-7 / 2",
  "7.0 / 2",
  "1.0",
  "1.5e300 * 1.0e10",
  "0.1 + 0.2",
  "1.0e-5",
  "123456789.0",
  "- 3",
  "-(-3)",
  "1 < 2 && 2 <= 2 && 3 > 2.5 && 3 >= 3.0",
  "[ (1 == 1.0) (1 < 1.5) (1.5 < 2) ]",
  "builtins.sub 5 (builtins.mul 2 3)",
  // Strings and paths
  '"a" + "b" + "c"',
  `"\${"a"}\${toString 1}b"`,
  `''\n  a\n    \${"b"}\n  c\n''`,
  `''a ''\${x} ''$ ''' $\${y}''`,
  '"a" < "b" && "a" < "aa" && !("b" < "a")',
  '/a/b + "/c"',
  '/a/b + "/../c"',
  '/a/b + "c" + "d"',
  '/. + "a"',
  'toString /a/b + "x"',
  "/a < /b",
  '[ (toString 1.5) (toString true) (toString false) (toString null) (toString [ 1 [ 2 [ ] 3 ] "x" ]) ]',
  'toString { __toString = self: "a" + self.b; b = "c"; }',
  `"\${{ outPath = "/x"; }}/y"`,
  '{ outPath = "/x"; } + "/y"',
  // Lists and sets
  "[ 1 2 ] ++ [ 3 ] ++ [ ]",
  "[ [ ] [ [ 1 ] ] ] == [ [ ] [ [ 1.0 ] ] ]",
  "[ 1 2 ] < [ 1 3 ] && [ 1 ] < [ 1 0 ] && !([ 2 ] < [ 1 5 ])",
  "{ a = 1; } // { b = 2; a = 3; } // { }",
  "{ a.b.c = 1; a.b.d = 2; a.e = 3; }",
  "{ a = { x = 1; }; a.y = 2; }",
  "rec { a = b + 1; b = c; c = 3; }",
  "rec { inherit (x) y; x = { y = 1; }; z = y; }",
  "let a = { inherit b; }; b = 1; in a",
  'let n = "dyn"; in { ${n} = 1; "${n}2" = 2; ${null} = 3; a."${n}".b = 4; }',
  'let n = "dyn"; in rec { ${n} = a; a = 1; }',
  "{ a.b = 1; } ? a.b && !({ a.b = 1; } ? a.c) && !({ a = 1; } ? a.b)",
  "{ a = 1; }.b or 2",
  "{ a.b = 1; }.a.c or ({ d = 3; }.d)",
  '{ a = { b = 1; }; }."a"."b"',
  "{ a = null; }.a.b.c or 5",
  "rec { a = 1; b = a; __overrides = { a = 2; }; }",
  "rec { f = x: x + y; y = 1; r = f 2; __overrides = { y = 10; }; }.r",
  "(rec { __overrides = { z = 1; }; a = 2; })",
  '{ "a b" = 1; "1x" = 2; x-y = 3; z\' = 4; _ = 5; }',
  // Functions and scopes
  "(x: y: x - y) 5 3",
  "({ a, b ? a * 2, ... }: [ a b ]) { a = 1; c = 2; }",
  "({ a ? 1, b ? 2 }@args: args) { a = 5; }",
  "(args@{ a, ... }: args.b) { a = 1; b = 2; }",
  "let f = { __functor = self: x: self.k * x; k = 3; }; in f 4",
  "map (x: x * x) [ 1 2 3 ]",
  "let g = n: if n <= 1 then 1 else n * g (n - 1); in g 20",
  "let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 15",
  "let a = 1; in let b = a; a = 2; in b",
  "with { a = 1; }; with { b = a + 1; }; [ a b ]",
  "let a = 1; in with { a = 2; b = 3; }; a + b",
  "with { a = with { b = 1; }; b; }; a",
  "let x = 1; in rec { inherit x; y = x; }",
  "let { a = b; b = 3; body = a; }",
  "builtins.functionArgs ({ a, b ? 1 }: a)",
  // Identity of slots
  "let f = x: x; in f == f",
  "let f = x: x; in [ f ] == [ f ]",
  "let s = { f = x: x; }; in s == s",
  "let s = { f = x: x; }; in s // { } == s",
  "let f = x: x; in { a = f; } == { a = f; }",
  "let f = x: x; g = f; in [ f ] == [ g ]",
  "let f = x: x; in builtins.elem f [ f ]",
  "let l = [ (x: x) ]; in l ++ [ ] == l",
  "let l = [ (x: x) ]; in map (x: x) l == l",
  "let f = x: x; id = x: x; in [ (id f) ] == [ (id f) ]",
  "let f = x: x; a = { inherit f; }; b = { inherit f; }; in a == b",
  "let f = (if true then (x: x) else null); in builtins.seq f ([ f ] == [ f ])",
  "let g = f; f = x: x; in [ g ] == [ f ]",
  "let f = g; g = x: x; in [ g ] == [ f ]",
  "let t = x: { y = x; }; f = x: x; in (t f) == (t f)",
  // Laziness and failure
  '(builtins.tryEval (throw "a")).success',
  "builtins.tryEval (assert false; 1)",
  '(builtins.tryEval { a = throw "x"; }).success',
  'builtins.length [ (throw "a") (abort "b") ]',
  'let x = throw "x"; in [ (builtins.tryEval x) (builtins.tryEval x) ]',
  'builtins.attrNames { b = throw "x"; a = 1; }',
  'false && abort "x"',
  'true || abort "x"',
  'false -> abort "x"',
  'let l = [ (abort "x") 1 ]; in builtins.elemAt l 1',
  '{ type = "derivation"; outPath = "x"; a = 1; } == { type = "derivation"; outPath = "x"; b = 2; }',
  "builtins.genericClosure { startSet = [ { key = 1; } ]; operator = i: if i.key > 5 then [ ] else [ { key = i.key + 1; } { key = i.key * 2; } ]; }",
  "builtins.typeOf [ ] + builtins.typeOf { } + builtins.typeOf null + builtins.typeOf 1.5",
  "[ (x: x) toString (builtins.add 1) ]",
];

const failures = [
  "x",
  "{ a = 1; }.b",
  '1 + "a"',
  "{ } + { }",
  '"a" + 1',
  "1 / 0",
  "[ 1 ] + [ 2 ]",
  "if 1 then 2 else 3",
  "({ a }: a) { a = 1; b = 2; }",
  "({ a, b }: a) { a = 1; }",
  "({ a }: a) 1",
  "1 2",
  "let x = x; in x",
  "rec { a = b; b = a; }.a",
  "[ 1 ] < 2",
  "{ } < { }",
  "assert 1 == 2; 3",
  'abort "x"',
  "builtins.tryEval (1 + { })",
  "with 1; a",
  "let a.b = 1; a.b = 2; in a",
  'let a = "x"; in { ${a} = 1; x = 2; }',
  '"${./does-not-exist}"',
  "!1",
  "null.a",
];

const nix = spawnSync("nix-instantiate", ["--version"]);

function nixPrints(expression: string): string | undefined {
  const args = ["--eval", "--strict", "-E", expression];
  const { status, stdout } = spawnSync("nix-instantiate", args, { encoding: "utf8", cwd: "/" });
  return status === 0 ? stdout.trimEnd() : undefined;
}

function nixusPrints(expression: string): string {
  const evaluator = createEvaluator({
    host: createNodeHost({ env: {}, onMessage: () => {} }),
    settings: { pureEval: false, restrictEval: false, nixPath: [], currentSystem: undefined },
    families,
  });
  const value = evaluator.evalString(fromText(expression), { kind: "string" }, "/");
  return toText(printValue(evaluator.deepForce(value)));
}

if (nix.status !== 0) {
  test.skip("the same with Nix: no nix-instantiate on PATH", () => {});
} else {
  // One process for all values: most of its time is its start.
  const marker = '"@next@" ';
  const all = nixPrints(`[ ${values.map((expression) => `${marker}(${expression})`).join(" ")} ]`);

  test("Nix evaluates the list of values", () => {
    expect(all).toBeDefined();
  });

  const expected = (all ?? "").slice(2, -2).split(marker).slice(1);
  describe("values", () => {
    test.each(values.map((expression, i) => [expression, expected[i]?.trimEnd()]))(
      "%s",
      (expression, value) => {
        expect(nixusPrints(expression!)).toBe(value);
      },
    );
  });

  describe("failures", () => {
    test.each(failures)("%s", (expression) => {
      expect(nixPrints(expression)).toBeUndefined();
      expect(() => nixusPrints(expression)).toThrow(NixError);
    });
  });
}
