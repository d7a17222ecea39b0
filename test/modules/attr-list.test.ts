/** `attrListOf`, `valueMeta` and the keys of anonymous definitions. */
import { expect, test } from "vitest";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();

test.each([
  [
    "a list keeps its order and names repeat",
    "[ { x = 1; } { y = 2; } { x = 3; } ]",
    "[ { x = 1; } { y = 2; } { x = 3; } ]",
  ],
  [
    "places are those of mkOrder",
    "{ a = lib.mkAfter 1; b = lib.mkBefore 2; c = 3; }",
    "[ { b = 2; } { c = 3; } { a = 1; } ]",
  ],
  [
    "mkForce counts for its name",
    "[ { a = 1; } { a = lib.mkForce 2; } { b = 3; } ]",
    "[ { a = 2; } { b = 3; } ]",
  ],
  ["mkIf", "[ { a = lib.mkIf false 1; } { b = lib.mkIf true 2; } ]", "[ { b = 2; } ]"],
])("attrListOf: %s", (_, definition, value) => {
  expect(lab.config("{ options.l = o (t.attrListOf t.int); }", `{ l = ${definition}; }`)).toBe(
    `{ l = ${value}; }`,
  );
});

test("attrListOf: an element with several names", () => {
  const error = lab.fails("{ options.l = o (t.attrListOf t.int); }", "{ l = [ { a = 1; b = 2; } ]; }");
  expect(error.message).toContain("must be a single-key attribute set, but got 2 keys");
});

test("valueMeta has the evaluations of submodules", () => {
  const { options } = lab.modules(
    "{ options.s = o (t.attrsOf (t.submodule { options.x = o t.int; })); }",
    "{ s.k.x = 5; }",
  );
  const scope = lab.eval("options: options.s.valueMeta.attrs.k.configuration.options.x.value");
  expect(lab.print(lab.evaluator.call(scope, options))).toBe("5");
});

test("several definitions of a submodule that are functions all count", () => {
  const declaration = "{ options.s = o (t.submodule { options.a = o t.int; options.b = o t.int; }); }";
  expect(lab.config(declaration, "{ s = { ... }: { a = 1; }; }", "{ s = { ... }: { b = 2; }; }")).toBe(
    "{ s = { a = 1; b = 2; }; }",
  );
});
