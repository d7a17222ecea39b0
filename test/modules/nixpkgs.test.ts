/** Values of nixpkgs' lib and of ours meet: types, options, properties, modules. Needs NIXUS_NIXPKGS_LIB. */
import { expect, test } from "vitest";
import { modulesLab } from "./lab.ts";

const nixpkgsLib = process.env["NIXUS_NIXPKGS_LIB"];

const table: readonly (readonly [name: string, expression: string, value: string])[] = [
  [
    "their types and properties in our evaluation",
    "ours [ { options.a = theirOption (n.types.attrsOf (n.types.submodule { options.x = theirOption n.types.int; })); } { a.k.x = n.mkForce 3; } { a.k.x = 4; } ]",
    "{ a = { k = { x = 3; }; }; }",
  ],
  [
    "our types and properties in theirs",
    "theirs [ { options.a = o (t.attrsOf (t.submodule { options.x = o t.int; })); } { a.k.x = lib.mkForce 3; } { a.k.x = 4; } ]",
    "{ a = { k = { x = 3; }; }; }",
  ],
  [
    "types made of both",
    "ours [ { options.a = theirOption (n.types.either n.types.int (n.types.listOf t.int)); options.b = o (t.listOf n.types.int); } { a = [ 4 ]; b = [ 5 ]; } ]",
    "{ a = [ 4 ]; b = [ 5 ]; }",
  ],
  [
    "an option that both declare, in ours",
    "ours [ { options.a = o t.int; } { options.a = theirOption n.types.int; config.a = 1; } ]",
    "{ a = 1; }",
  ],
  [
    "an option that both declare, in theirs",
    "theirs [ { options.a = o t.int; } { options.a = theirOption n.types.int; config.a = 1; } ]",
    "{ a = 1; }",
  ],
  [
    "their modules in ours",
    'ours [ (n.mkRenamedOptionModule [ "a" ] [ "b" ]) { options.b = o t.int; } { a = 4; } ]',
    "{ a = 4; b = 4; }",
  ],
  [
    "our modules in theirs",
    'theirs [ (lib.mkRenamedOptionModule [ "a" ] [ "b" ]) { options.b = theirOption n.types.int; } { a = 4; } ]',
    "{ a = 4; b = 4; }",
  ],
  [
    "their documentation of our options",
    "map (d: d.name) (builtins.filter (d: !d.internal) (n.optionAttrSetToDocList (lib.evalModules { modules = [ { options.a = o (t.attrsOf (t.submodule { options.x = o t.int; })); } ]; }).options))",
    '[ "a" "a.<name>.x" ]',
  ],
];

test.skipIf(nixpkgsLib === undefined).each(table)("%s", (_, expression, value) => {
  const lab = modulesLab();
  const scope = `let
    n = import ${nixpkgsLib};
    theirOption = type: n.mkOption { inherit type; };
    ours = modules: (lib.evalModules { inherit modules; }).config;
    theirs = modules: (n.evalModules { inherit modules; }).config;
  in`;
  expect(lab.print(lab.eval(`${scope} ${expression}`))).toBe(value);
});
