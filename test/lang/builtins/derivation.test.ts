import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromBytes, fromText } from "../../../src/store/bytes.ts";
import { hasNix, runNix, scratchDirectory } from "../../store/installed-nix.ts";
import { storeLab } from "./store-lab.ts";

/** `d` makes a derivation of what every one needs and the given attributes; `src` is a directory. */
const prelude = `
  d = args: derivation ({ name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; } // args);
  tool = d { name = "tool"; outputs = [ "out" "dev" "man" ]; };
  fixed = d { name = "fixed.tar.gz"; outputHash = "${"ab".repeat(32)}"; outputHashAlgo = "sha256"; };
  floating = d { name = "floating"; __contentAddressed = true; outputs = [ "out" "lib" ]; };
  file = builtins.toFile "file" "contents";
  referring = builtins.toFile "referring" "see \${file}";`;

const sri = "sha256-q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";

const derivations: readonly string[] = [
  "d { }",
  'd { name = "a-b.c_d+e?f=g"; }',
  'd { args = [ "-c" "echo hi > $out" ]; }',
  'd { a = true; b = false; c = null; d = 12; e = 1.5; f = [ 1 "two" [ ] [ [ ] 3 ] null true ]; }',
  'd { text = "tab\\t newline\\n return\\r quote\\" backslash\\\\ dollar$ \u00fc \x01"; "odd name \\"" = "x"; }',
  'd { outputs = [ "out" "dev" ]; }',
  'd { outputs = [ "lib" "bin" ]; a = "b"; }',
  'derivationStrict { name = "x"; system = "s"; builder = "b"; outputs = "out dev"; }',
  "d { buildInputs = [ tool tool.dev ]; }",
  "d { path = tool.outPath; man = tool.man; }",
  'd { a = "${tool}/bin/x"; b = "${tool.dev}/include:${tool}"; }',
  "d { builder = tool; args = [ tool.dev ]; }",
  "d { whole = tool.drvPath; }",
  "d { whole = (d { a = tool; b = fixed; c = referring; }).drvPath; }",
  "d { only = builtins.unsafeDiscardOutputDependency tool.drvPath; }",
  "d { text = builtins.unsafeDiscardStringContext tool.outPath; }",
  "d { src = fixed; }",
  "d { a = d { src = fixed; }; b = fixed; }",
  "d { src = src; }",
  'd { src = src + "/file"; }',
  'd { src = "${src}/file"; }',
  'd { src = builtins.path { path = src; name = "other"; filter = p: t: t == "regular"; }; }',
  'd { src = builtins.filterSource (p: t: baseNameOf p != "file") src; }',
  'd { src = builtins.path { path = src + "/file"; recursive = false; name = "flat"; }; }',
  "d { inherit file referring; }",
  'd { self = builtins.placeholder "out"; dev = builtins.placeholder "dev"; }',
  "fixed",
  `d { outputHash = "${sri}"; }`,
  `d { outputHash = "${sri}"; outputHashAlgo = "sha256"; outputHashMode = "recursive"; }`,
  `d { outputHash = "${sri}"; outputHashMode = "flat"; src = tool; }`,
  'd { outputHash = "sha1:0000000000000000000000000000000000000000"; outputHashMode = "recursive"; }',
  'd { outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "md5"; }',
  `d { outputHash = "${"ab".repeat(64)}"; outputHashAlgo = "sha512"; }`,
  'd { outputHash = ""; outputHashAlgo = "sha256"; }',
  "d { __ignoreNulls = true; a = null; b = 1; }",
  "d { __structuredAttrs = false; a = [ 1 2 ]; }",
  'd { __structuredAttrs = true; a = [ 1 2 { b = null; } ]; z = { "\u00fc" = 1.5; t = true; }; s = "q\\"\\n"; }',
  'd { __structuredAttrs = true; outputs = [ "out" "dev" ]; src = src; inherit tool; args = [ "x" tool ]; }',
  `d { __structuredAttrs = true; outputHash = "${sri}"; outputHashMode = "recursive"; }`,
  "d { __structuredAttrs = true; __ignoreNulls = true; a = null; }",
  'd { allowedReferences = [ "out" tool ]; disallowedRequisites = [ fixed ]; exportReferencesGraph = [ "graph" tool ]; }',
  'd { passAsFile = [ "big" ]; big = "text"; preferLocalBuild = true; requiredSystemFeatures = [ "kvm" ]; }',
  'd { a = { __toString = self: "shown"; }; }',
  "d { a = { outPath = tool; }; b = { outPath = src; }; }",
  "floating",
  'd { __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; a = tool; }',
  "d { a = floating; b = floating.lib; }",
  "d { __contentAddressed = true; a = floating; }",
  "d { a = d { b = floating; }; }",
];

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("makes the same derivations, byte for byte", () => {
    using scratch = scratchDirectory();
    const src = join(scratch.path, "src");
    mkdirSync(join(src, "sub"), { recursive: true });
    writeFileSync(join(src, "file"), "contents\n");
    writeFileSync(join(src, "sub", "file"), "more\n");
    const expression = `let src = ${src}; ${prelude} in map (x: x.drvPath) [\n${derivations
      .map((each) => `(${each})`)
      .join("\n")}\n]`;
    const lab = storeLab();
    const ours = lab.print(expression);
    const file = join(scratch.path, "expression.nix");
    writeFileSync(file, expression);
    const features = ["--option", "experimental-features", "ca-derivations"];
    const args = ["--eval", "--strict", "--json", "--read-write-mode", ...features, file];
    const theirs = JSON.parse(runNix(scratch.path, "nix-instantiate", args).toString()) as string[];
    const paths = [...ours.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
    const table = (found: readonly string[]) => derivations.map((each, index) => [each, found[index]]);
    expect(table(paths)).toEqual(table(theirs));
    for (const path of paths) {
      const text = fromBytes(readFileSync(join(scratch.path, path)));
      expect(fromBytes(lab.host.readFile(path))).toBe(text);
    }
  });

  test("gives outputs the same paths and contexts", () => {
    using scratch = scratchDirectory();
    const expression = `let ${prelude}
      show = s: { text = builtins.unsafeDiscardStringContext s; context = builtins.getContext s; };
      all = x: { out = show x.outPath; drv = show x.drvPath; };
      in [ (all tool) (all tool.dev) (all fixed) (all floating.lib) (all (d { a = floating; })) ]`;
    const features = ["--option", "experimental-features", "ca-derivations"];
    const args = ["--eval", "--strict", "--read-write-mode", ...features, "-E", expression];
    const theirs = runNix(scratch.path, "nix-instantiate", args).toString().trim();
    expect(storeLab().print(expression)).toBe(theirs);
  });
});

test("a known derivation, without any Nix", () => {
  const lab = storeLab();
  const foo = `derivation { name = "foo"; builder = "a"; system = "b"; }`;
  expect(lab.text(`(${foo}).drvPath`)).toBe("/nix/store/9irmkf1pd0c3slqhsrjd77a5id0k12gj-foo.drv");
  expect(lab.text(`(${foo}).outPath`)).toBe("/nix/store/3yq5rbvjg1073nhjfj05mrnr2p908m4q-foo");
});

describe("__json", () => {
  const of = (json: string) =>
    `(derivation { name = "x"; system = "s"; builder = "b"; __json = ${json}; }).drvPath`;

  test("is written in one way, as Nix 2.34 does", () => {
    const lab = storeLab();
    const json = String.raw`"{ \"b\": 1, \"a\": [1.0, 2e3, \"\\u00e9\"] , \"outPath\": \"p\", \"b\": 2}"`;
    const path = lab.text(of(json));
    expect(lab.host.store.readDerivation(path).env.get("__json")).toBe(
      fromText('{"a":[1.0,2000.0,"\u00e9"],"b":2,"outPath":"p"}'),
    );
    expect(lab.text(of('"{ }"'))).toBe("/nix/store/2c8rln8lri5yamx7clwvand50g9sc6a6-x.drv");
    expect(lab.messages[0]).toBe(
      "warning: In derivation 'x': setting structured attributes via '__json' is deprecated, and may be disallowed in future versions of Nix. Set '__structuredAttrs = true' instead.",
    );
  });

  test.each([
    [
      '"x"',
      "[json.exception.parse_error.101] parse error at line 1, column 1: syntax error while parsing value",
    ],
    ['"[ ]"', "[json.exception.type_error.302] type must be object, but is array"],
    ['"null"', "[json.exception.type_error.302] type must be object, but is null"],
    ["1", "[json.exception.type_error.302] type must be object, but is number"],
    ["''\"s\"''", "[json.exception.type_error.302] type must be object, but is string"],
    ['"true"', "[json.exception.type_error.302] type must be object, but is boolean"],
  ])("fails: %s", (json, why) => {
    expect(storeLab().fail(of(json)).message).toContain(`cannot process __json attribute: ${why}`);
  });
});

test("is lazy: the set can be asked for anything but paths", () => {
  const lab = storeLab();
  const broken = `derivation { name = throw "not needed"; outputs = [ "a" "b" ]; version = "1"; }`;
  expect(lab.print(`with ${broken}; [ version outputName type (builtins.length all) b.outputName ]`)).toBe(
    '[ "1" "a" "derivation" 2 "b" ]',
  );
  expect(lab.print(`(${broken}).drvAttrs.version`)).toBe('"1"');
  expect(lab.fail(`(${broken}).outPath`).message).toBe("not needed");
});

test("holds what it makes, with all references, ready to be sent", () => {
  const lab = storeLab();
  const path = lab.text(`let ${prelude} in (d { a = tool; b = referring; }).drvPath`);
  const names = lab.host.objects.closure([path]).map((object) => object.path.slice(44));
  expect(names.sort()).toEqual(["file", "referring", "tool.drv", "x.drv"]);
});

test.each([
  ["{ }", "attribute 'name' missing"],
  ['{ name = "x"; }', "required attribute 'builder' missing"],
  ['{ name = "x"; builder = "b"; }', "required attribute 'system' missing"],
  [
    '{ name = "a b"; builder = "b"; system = "s"; }',
    "invalid derivation name: name 'a b' contains illegal character ' '. Please pass a different 'name'.",
  ],
  [
    '{ name = "x.drv"; builder = "b"; system = "s"; }',
    "derivation names are allowed to end in '.drv' only if they produce a single derivation file",
  ],
  [
    '{ name = "x"; builder = "b"; system = "s"; outputs = [ ]; }',
    "derivation cannot have an empty set of outputs",
  ],
  ['{ name = "x"; builder = "b"; system = "s"; outputs = [ "a" "a" ]; }', "duplicate derivation output 'a'"],
  [
    '{ name = "x"; builder = "b"; system = "s"; outputs = [ "drvPath" ]; }',
    "invalid derivation output name 'drvPath'",
  ],
  [
    '{ name = "x"; builder = "b"; system = "s"; outputHashMode = "odd"; }',
    "invalid value 'odd' for 'outputHashMode' attribute",
  ],
  [
    '{ name = "x"; builder = "b"; system = "s"; outputHash = "abc"; outputHashAlgo = "sha256"; }',
    "hash 'abc' has wrong length for hash algorithm 'sha256'",
  ],
  [
    '{ name = "x"; builder = "b"; system = "s"; outputHash = "abc"; }',
    "hash 'abc' does not include a type, nor is the type otherwise known from context",
  ],
  [
    `{ name = "x"; builder = "b"; system = "s"; outputHash = "${sri}"; outputs = [ "out" "dev" ]; }`,
    "multiple outputs are not supported in fixed-output derivations",
  ],
  [
    '{ name = "x"; builder = "b"; system = "s"; __impure = true; __contentAddressed = true; }',
    "derivation cannot be both content-addressed and impure",
  ],
  [
    '{ name = "x"; builder = "b"; system = "s"; f = x: x; }',
    "cannot coerce a function to a string: \xc2\xablambda f @ ",
  ],
])("refuses %s", (attrs, message) => {
  expect(storeLab().fail(`derivationStrict ${attrs}`).message).toContain(message);
});

test("a failure says in which attribute of which derivation", () => {
  const error = storeLab().fail(`
    (derivation { name = "inner"; builder = "b"; system = "s"; src = throw "gone"; }).outPath`);
  expect(error.message).toBe("gone");
  const trace = error.trace.map((frame) => frame.message);
  expect(trace).toContain("while evaluating attribute 'src' of derivation 'inner'");
  expect(trace).toContain(
    "while evaluating derivation 'inner'\n  whose name attribute is located at \xc2\xabstring\xc2\xbb:2:19",
  );
});

test("warns about an empty hash and about what structured attributes disable", () => {
  const lab = storeLab();
  lab.text(
    `(derivation { name = "x"; builder = "b"; system = "s"; outputHash = ""; outputHashAlgo = "sha256"; }).drvPath`,
  );
  lab.text(
    `(derivation { name = "x"; builder = "b"; system = "s"; __structuredAttrs = true; maxSize = 1; }).drvPath`,
  );
  expect(lab.messages).toEqual([
    "warning: found empty hash, assuming 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='",
    "warning: In a derivation named 'x', 'structuredAttrs' disables the effect of the derivation attribute 'maxSize'; use 'outputChecks.<output>.maxSize' instead",
  ]);
});

test("derivation has a set pattern, as in Nix, where it is a function of the language", () => {
  expect(storeLab().print("builtins.functionArgs builtins.derivation")).toBe("{ outputs = true; }");
});
