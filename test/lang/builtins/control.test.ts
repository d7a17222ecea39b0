import { describe, expect, test } from "vitest";
import { lab } from "../eval/lab.ts";

describe("import", () => {
  const files = {
    "/base/a.nix": "x: x + 1",
    "/base/dir/default.nix": "import ../value.nix",
    "/base/value.nix": 'builtins.trace "read" { file = ./here; pos = __curPos.line; }',
    "/base/self.nix": "import ./self.nix",
    "/base/free.nix": "x + y",
  };
  const links = { "/base/link.nix": "dir/target.nix", "/base/loop": "loop" };

  test("of a file, and of a directory", () => {
    const { printStrict } = lab({ files });
    expect(printStrict("import ./a.nix 1")).toBe("2");
    expect(printStrict("import ./dir")).toBe("{ file = /base/here; pos = 1; }");
  });

  test("evaluates each file once", () => {
    const { printStrict, messages } = lab({ files });
    printStrict("[ (import ./dir) (import ./value.nix) (import ./dir/../value.nix) ]");
    expect(messages).toEqual(["trace: read"]);
  });

  test("follows links, and relative paths start from where the file really is", () => {
    const { print } = lab({ files: { ...files, "/base/dir/target.nix": "./x" }, links });
    expect(print("import ./link.nix")).toBe("/base/dir/x");
  });

  test("of a loop of links, of itself", () => {
    const { fail } = lab({ files, links });
    expect(fail("import ./loop").message).toContain("too many symbolic links");
    expect(fail("import ./self.nix").kind).toBe("infiniteRecursion");
  });

  test("with a scope", () => {
    const { print, fail } = lab({ files });
    expect(print("scopedImport { x = 1; y = 2; } ./free.nix")).toBe("3");
    expect(fail("import ./free.nix").kind).toBe("undefinedVariable");
  });
});

describe("the search path", () => {
  const options = {
    files: { "/p/lib/default.nix": "1", "/q/x.nix": "2" },
    nixPath: [
      { prefix: "nixpkgs", path: "/p" },
      { prefix: "", path: "/q" },
    ],
    reservedPath: (name: string) => (name.startsWith("nix/") ? "/reserved.nix" : undefined),
  };

  test.each([
    ["<nixpkgs>", "/p"],
    ["<nixpkgs/lib>", "/p/lib"],
    ["<x.nix>", "/q/x.nix"],
    ["<nix/fetchurl.nix>", "/reserved.nix"],
    ["(builtins.tryEval <nixpkgs/absent>).success", "false"],
    ['builtins.findFile [ { path = "/p"; prefix = "a"; } ] "a/lib"', "/p/lib"],
    [
      'builtins.findFile [ { path = "/p/lib"; prefix = "a"; } ] "a/.././../default.nix"',
      "/p/lib/default.nix",
    ],
    ["map (e: e.path) builtins.nixPath == null", "false"],
  ])("%s", (expression, expected) => {
    const map = { name: "map", arity: 2, doc: "", global: true, fn: () => [] } as const;
    expect(lab({ ...options, families: [() => [map]] }).print(expression)).toBe(expected);
  });
});

describe("values", () => {
  test.each([
    ["builtins.tryEval (assert false; 1)", "{ success = false; value = false; }"],
    ["builtins.tryEval 1", "{ success = true; value = 1; }"],
    ['(builtins.tryEval { a = throw "x"; }).success', "true"],
    ['toString [ 1 [ 2.5 ] [ ] true false null ./a "b" ]', '"1 2.500000 1   /base/a b"'],
    [
      'builtins.typeOf (x: x) + builtins.typeOf 1 + builtins.typeOf ./a + builtins.typeOf ""',
      '"lambdaintpathstring"',
    ],
    ["builtins.isFunction { __functor = s: x: x; }", "false"],
    ["isNull null && builtins.isAttrs { } && builtins.isList [ ]", "true"],
    ["builtins.functionArgs ({ a, b ? 1, ... }: a)", "{ a = false; b = true; }"],
    ["builtins.functionArgs (x: x)", "{ }"],
    ['builtins.seq { a = throw "x"; } 1', "1"],
    ['builtins.getEnv "LANGUAGE" + builtins.getEnv "ABSENT"', '"nix"'],
    ['builtins.unsafeGetAttrPos "a" { a = 1; }', "null"],
    ["builtins.langVersion", "6"],
    ["builtins.currentSystem", '"x86_64-linux"'],
    ["builtins.currentTime", "1700000000"],
    ["__langVersion == builtins.builtins.langVersion", "true"],
    ["builtins.break 1", "1"],
  ])("%s", (expression, expected) => {
    expect(lab().printStrict(expression)).toBe(expected);
  });

  test("positions of attributes", () => {
    const { printStrict } = lab({ files: { "/f.nix": "{\n  abc = 1;\n}" } });
    expect(printStrict('builtins.unsafeGetAttrPos "abc" (import /f.nix)')).toBe(
      '{ column = 3; file = "/f.nix"; line = 2; }',
    );
  });

  test("deepSeq reaches everything, also in cycles", () => {
    const { fail, print } = lab();
    expect(fail('builtins.deepSeq { a = [ (throw "deep") ]; } 1').message).toBe("deep");
    expect(print("let x = { y = x; }; in builtins.deepSeq x 1")).toBe("1");
  });
});

describe("failures and warnings", () => {
  test("a path in a message is copied to the store", () => {
    const { fail } = lab();
    const copy = "/nix/store/00000000000000000000000000000000-a";
    expect(fail("throw ./a").message).toBe(copy);
    expect(fail("abort { outPath = ./a; }").message).toContain(`message: '${copy}'`);
  });

  test("a warning may refer to store paths", () => {
    const { print, messages } = lab();
    expect(print('builtins.warn "careful: ${./a}" 1')).toBe("1");
    expect(messages).toEqual(["evaluation warning: careful: /nix/store/00000000000000000000000000000000-a"]);
  });
});

describe("genericClosure", () => {
  const closure = (start: string, operator: string): string =>
    `let c = builtins.genericClosure { startSet = ${start}; operator = ${operator}; }; in c`;

  test("finds each key once, in order", () => {
    const graph = "e: if e.key == 1 then [ { key = 2; } { key = 3; } ] else [ { key = 1; } { key = 4.0; } ]";
    expect(lab().printStrict(closure("[ { key = 1; } ]", graph))).toBe(
      "[ { key = 1; } { key = 2; } { key = 3; } { key = 4; } ]",
    );
  });

  test("keys must be comparable", () => {
    const error = lab().fail(closure('[ { key = 1; } { key = "a"; } ]', "e: [ ]"));
    expect(error.message).toContain("cannot compare a string with an integer");
  });
});
