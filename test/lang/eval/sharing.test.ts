import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attrsFamily } from "../../../src/lang/builtins/attrs.ts";
import { listsFamily } from "../../../src/lang/builtins/lists.ts";
import type { SharedPlace } from "../../../src/lang/eval/sharing.ts";
import { lab } from "./lab.ts";

const places: readonly SharedPlace[] = [
  { file: "/pkgs.nix", expression: { kind: "body" } },
  { file: "/node.nix", expression: { kind: "call", of: "document" } },
];

/** Says "computed" each time that its body is. */
const pkgs = `{ a ? 0, b ? 0, ... }@args: builtins.trace "computed" { inherit a args; deep = builtins.deepSeq b b; }`;

function sharingLab(files: Readonly<Record<string, string>>, sharedPlaces = places) {
  return lab({ files, families: [attrsFamily, listsFamily], sharedPlaces });
}

/** Names for the arguments in the tables. */
const around = `let
  g = x: x;
  f = n: { a = x: x + n; };
  cyclic = { self = cyclic; };
  cycle = n: let set = { a = set // { b = n; }; }; in set;
in `;

describe("a function is computed once for arguments that mean the same", () => {
  test.each([
    "{ }",
    "{ a = 1 + 1; }",
    "{ a = { x = [ 1 2 ]; }; }",
    '{ b = "a" + "b"; }',
    "(f 1)",
    "{ a = builtins.map; }",
    "{ a = builtins.map g; }",
    "cyclic",
    "(cycle 1)",
    "{ a = x: cycle (x + 1); }",
    "{ a = builtins.mapAttrs (name: g) { b = 1; }; }",
  ])("%s", (argument) => {
    const { printStrict, messages } = sharingLab({ "/pkgs.nix": pkgs });
    printStrict(`${around} map (_: (import /pkgs.nix ${argument}).a == 0) [ 1 2 ]`);
    expect(messages).toEqual(["trace: computed"]);
  });
});

describe("a function is computed for each of arguments that can be told apart", () => {
  test.each([
    ["{ }", "{ a = 0; }"],
    ["{ a = 1; }", "{ a = 2; }"],
    ["{ a = 1; }", "{ a = 1.0; }"],
    ['{ a = "x"; }', "{ a = /x; }"],
    ["{ a = 1; }", "{ a = 1; c = 2; }"],
    ["{ a = [ 1 2 ]; }", "{ a = [ 2 1 ]; }"],
    ["{ a = x: x; }", "{ a = y: y; }"],
    ["(f 1)", "(f 2)"],
    ["{ a = builtins.map (f 1).a; }", "{ a = builtins.map (f 2).a; }"],
    ["(cycle 1)", "(cycle 2)"],
    [
      '{ a = { type = "derivation"; outPath = "/x"; m = 1; }; }',
      '{ a = { type = "derivation"; outPath = "/x"; m = 2; }; }',
    ],
    // At different places, and `unsafeGetAttrPos` would say so.
    ["{ a = 1; }", "{ a = 1; }"],
  ])("%s %s", (first, second) => {
    const { print, messages } = sharingLab({ "/pkgs.nix": pkgs });
    print(`${around} builtins.seq (import /pkgs.nix ${first}) (import /pkgs.nix ${second})`);
    expect(messages).toEqual(["trace: computed", "trace: computed"]);
  });
});

describe("comparing has no effect of its own", () => {
  const call = (argument: string) => `(import /pkgs.nix ${argument}).a`;

  test("an argument that nothing asks for may fail", () => {
    const { printStrict } = sharingLab({ "/pkgs.nix": pkgs });
    expect(printStrict(`map (n: ${call(`{ a = 1; b = throw "no"; }`)}) [ 1 2 ]`)).toBe("[ 1 1 ]");
  });

  test("and its messages are not shown", () => {
    const { printStrict, messages } = sharingLab({ "/pkgs.nix": pkgs });
    printStrict(`map (n: ${call(`{ a = 1; b = builtins.trace "unasked" n; }`)}) [ 1 2 ]`);
    expect(messages).not.toContain("trace: unasked");
  });

  test("an endless argument is not followed", () => {
    const { printStrict } = sharingLab({ "/pkgs.nix": pkgs });
    const endless = "{ a = n; b = let count = n: { inherit n; next = count (n + 1); }; in count n; }";
    expect(printStrict(`map (n: ${call(endless)}) [ 1 2 ]`)).toBe("[ 1 2 ]");
  });

  test("one that is being computed is not waited for", () => {
    const { printStrict } = sharingLab({ "/pkgs.nix": pkgs });
    expect(printStrict(`map (n: let x = ${call("{ a = n; b = x; }")}; in x) [ 1 2 ]`)).toBe("[ 1 2 ]");
  });
});

describe("a call depends on what it takes from around it, and on nothing else there", () => {
  /** How often the call in the file is computed for two nodes. */
  function documented(node: string, first: string, second: string): number {
    const { printStrict, messages } = sharingLab({
      "/node.nix": `{ document, config, ... }@node: let local = config.local or 0; in ${node}`,
    });
    const call = (config: string) => `import /node.nix { inherit document; config = ${config}; }`;
    printStrict(
      `let document = x: builtins.trace "computed" (builtins.deepSeq x x); in [ (${call(first)}) (${call(second)}) ]`,
    );
    return messages.length;
  }

  test.each([
    ["document 1", "1", "2"],
    ["document config.doc", '{ doc = "a"; host = 1; }', '{ doc = "a"; host = 2; }'],
    ["document (config.doc or 3)", "{ host = 1; }", "{ host = 2; }"],
    ["document { inherit (config) doc; }", '{ doc = "a"; host = 1; }', '{ doc = "a"; host = 2; }'],
    ["document { inherit (config.a) doc; }", '{ a.doc = "a"; host = 1; }', '{ a.doc = "a"; host = 2; }'],
    ["document (config.args // { host = 0; })", "{ args.host = 1; }", "{ args.host = 2; }"],
    ["document local", "{ local = 7; host = 1; }", "{ local = 7; host = 2; }"],
    ["document (let config = 1; in config)", "{ host = 1; }", "{ host = 2; }"],
    ["with config.set; document (x: y)", "{ set.y = 1; host = 1; }", "{ set.y = 1; host = 2; }"],
  ])("%s of %s and %s: once", (node, first, second) => {
    expect(documented(node, first, second)).toBe(1);
  });

  test.each([
    ["document config.doc", '{ doc = "a"; }', '{ doc = "b"; }'],
    ["document config.doc.deep", '{ doc.deep = "a"; }', '{ doc.deep = "b"; }'],
    ["document (config.doc or 3)", "{ doc = 2; }", "{ }"],
    ["document (config ? doc)", "{ doc = 2; }", "{ }"],
    ["document config", "{ doc = 1; host = 1; }", "{ doc = 1; host = 2; }"],
    ["document node.config.doc", "{ doc = 1; }", "{ doc = 2; }"],
    ['document config.${"doc"}', "{ doc = 1; }", "{ doc = 2; }"],
    ["document (config.args // { other = 0; })", "{ args.host = 1; }", "{ args.host = 2; }"],
    ["document local", "{ local = 7; }", "{ local = 8; }"],
    ["document (let inherit (config) doc; in doc)", "{ doc = 1; }", "{ doc = 2; }"],
    ["document (rec { config = 1; inherit (node.config) doc; })", "{ doc = 1; }", "{ doc = 2; }"],
    ["with config; document doc", "{ doc = 1; }", "{ doc = 2; }"],
    ["document (with config; doc)", "{ doc = 1; }", "{ doc = 2; }"],
    ["document ((x: config.doc + x) 1)", "{ doc = 1; }", "{ doc = 2; }"],
    ["document (({ x ? config.doc }: x) { })", "{ doc = 1; }", "{ doc = 2; }"],
    ['document "${config.doc}"', '{ doc = "a"; }', '{ doc = "b"; }'],
    ["document [ (if config.doc then 1 else 2) ]", "{ doc = true; }", "{ doc = false; }"],
    ["document (assert config.doc == config.doc; 1)", "{ doc = 1; }", "{ doc = 2; }"],
    ["document { ${config.doc} = 1; }", '{ doc = "a"; }', '{ doc = "b"; }'],
  ])("%s of %s and %s: twice", (node, first, second) => {
    expect(documented(node, first, second)).toBe(2);
  });
});

describe("whatever is shared, the values are those without sharing", () => {
  const value = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("1", "2", "1.0", '"a"', '"b"', "/a", "null", "true", "n", "(x: x)", "(x: x + n)", "id"),
      fc.array(tie("value"), { maxLength: 2 }).map((parts) => `[ ${parts.join(" ")} ]`),
      fc.dictionary(fc.constantFrom("a", "b"), tie("value"), { maxKeys: 2, noNullPrototype: true }).map(
        (set) =>
          `{ ${Object.entries(set)
            .map(([name, part]) => `${name} = ${part};`)
            .join(" ")} }`,
      ),
      tie("value").map((part) => `(let p = ${part}; in { inherit p; q = p; })`),
      tie("value").map((part) => `(import /pkgs.nix { a = ${part}; b = ${part}; })`),
    ),
  })).value;

  const show = `let
    show = x: if builtins.isFunction x then (let r = builtins.tryEval (toString (x 5)); in if r.success then r.value else "?")
      else if builtins.isAttrs x then builtins.mapAttrs (_: show) x
      else if builtins.isList x then map show x else x;
    id = x: x; all = n: `;

  test("of random arguments", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const calls = values
          .map((each) => `(import /pkgs.nix { a = ${each}; b = [ ${each} n ]; })`)
          .join(" ");
        const expression = `${show} [ ${calls} ]; in show [ (all 1) (all 2) (all 1) ]`;
        const result = (sharedPlaces: readonly SharedPlace[]) => {
          const { printStrict } = sharingLab({ "/pkgs.nix": pkgs }, sharedPlaces);
          try {
            return printStrict(expression);
          } catch (error) {
            return error instanceof Error ? error.message : "";
          }
        };
        expect(result(places)).toBe(result([]));
      }),
    );
  });
});
