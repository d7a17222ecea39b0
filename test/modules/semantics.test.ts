/** What modules mean: values. The expectations follow the NixOS manual and what nixpkgs' own module tests assert. */
import { describe, expect, test } from "vitest";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();
const int = "{ options.a = o t.int; }";
const list = "{ options.l = o (t.listOf t.str); }";

type Case = readonly [name: string, modules: readonly string[], config: string];

const table: Readonly<Record<string, readonly Case[]>> = {
  priorities: [
    ["a plain definition beats mkDefault", [int, "{ a = lib.mkDefault 1; }", "{ a = 2; }"], "{ a = 2; }"],
    ["mkForce beats a plain one", [int, "{ a = lib.mkForce 1; }", "{ a = 2; }"], "{ a = 1; }"],
    [
      "mkVMOverride beats mkForce",
      [int, "{ a = lib.mkForce 1; }", "{ a = lib.mkVMOverride 3; }"],
      "{ a = 3; }",
    ],
    [
      "mkDefault beats the option's default",
      ["{ options.a = lib.mkOption { type = t.int; default = 1; }; }", "{ a = lib.mkDefault 2; }"],
      "{ a = 2; }",
    ],
    [
      "mkOptionDefault of equal priority has to agree with the default",
      ["{ options.a = lib.mkOption { type = t.int; default = 1; }; }", "{ a = lib.mkOptionDefault 1; }"],
      "{ a = 1; }",
    ],
    [
      "of several properties the outermost priority counts",
      [int, "{ a = lib.mkForce (lib.mkDefault 1); }", "{ a = 2; }"],
      "{ a = 1; }",
    ],
    [
      "a priority around a set applies to its attributes",
      [
        "{ options.g.a = o t.int; options.g.b = o t.int; }",
        "{ g = lib.mkForce { a = 1; }; }",
        "{ g = { a = 2; b = 3; }; }",
      ],
      "{ g = { a = 1; b = 3; }; }",
    ],
    [
      "a condition inside of a priority",
      [int, "{ a = lib.mkForce (lib.mkIf false 1); }", "{ a = 2; }"],
      "{ a = 2; }",
    ],
  ],
  conditions: [
    [
      "mkIf false is no definition",
      [int, '{ a = lib.mkIf false (throw "unused"); }', "{ a = 2; }"],
      "{ a = 2; }",
    ],
    [
      "a condition may depend on an option that the module defines",
      [
        "{ options.a = o t.bool; options.b = o t.int; }",
        "{ config, ... }: { config = lib.mkMerge [ { a = lib.mkDefault false; } (lib.mkIf config.a { b = 1; }) ]; }",
        "{ a = true; }",
      ],
      "{ a = true; b = 1; }",
    ],
    [
      "mkMerge",
      [
        "{ options.l = o (t.listOf t.int); }",
        "{ config = lib.mkMerge [ { l = [ 1 ]; } (lib.mkIf true { l = [ 2 ]; }) (lib.mkIf false { l = [ 3 ]; }) ]; }",
      ],
      "{ l = [ 1 2 ]; }",
    ],
    [
      "mkIf inside of a list element",
      ["{ options.l = o (t.listOf t.int); }", "{ l = [ 1 (lib.mkIf false 2) (lib.mkIf true 3) ]; }"],
      "{ l = [ 1 3 ]; }",
    ],
    [
      "attributes whose conditions all fail are not there",
      ["{ options.s = o (t.attrsOf t.int); }", "{ s.a = lib.mkIf false 1; s.b = 2; }"],
      "{ s = { b = 2; }; }",
    ],
    ["a module may be a property", [int, "lib.mkIf true { a = 1; }"], "{ a = 1; }"],
  ],
  order: [
    [
      "mkBefore and mkAfter",
      [
        list,
        '{ l = [ "c" ]; }',
        '{ l = lib.mkAfter [ "z" ]; }',
        '{ l = lib.mkBefore [ "a" ]; }',
        '{ l = lib.mkOrder 900 [ "b" ]; }',
      ],
      '{ l = [ "a" "b" "c" "z" ]; }',
    ],
    [
      "imports come before the importing module",
      [list, '{ imports = [ { l = [ "imported" ]; } ]; l = [ "importing" ]; }'],
      '{ l = [ "imported" "importing" ]; }',
    ],
    [
      "lines",
      ["{ options.t = o t.lines; }", '{ t = lib.mkBefore "first"; }', '{ t = "last"; }'],
      '{ t = "first\\nlast"; }',
    ],
  ],
  submodules: [
    [
      "name and own config",
      [
        '{ options.s = o (t.attrsOf (t.submodule ({ name, config, ... }: { options.n = lib.mkOption { type = t.str; default = name; }; options.m = o t.str; config.m = config.n + "!"; }))); }',
        '{ s.x = { }; s.y.n = "why"; }',
      ],
      '{ s = { x = { m = "x!"; n = "x"; }; y = { m = "why!"; n = "why"; }; }; }',
    ],
    [
      "several definitions",
      [
        "{ options.s = o (t.submodule { options.a = o t.int; options.b = o t.int; }); }",
        "{ s.a = 1; }",
        "{ config, ... }: { s.b = config.s.a + 1; }",
      ],
      "{ s = { a = 1; b = 2; }; }",
    ],
    [
      "a definition may be a module",
      [
        "{ options.s = o (t.submodule { options.a = o t.int; }); }",
        "{ s = { config, ... }: { options.b = o t.int; config = { a = 1; b = config.a; }; }; }",
      ],
      "{ s = { a = 1; b = 1; }; }",
    ],
    [
      "in shorthand form a set is definitions, even of an option named config",
      ["{ options.s = o (t.submodule { options.config = o t.int; }); }", "{ s.config = 3; }"],
      "{ s = { config = 3; }; }",
    ],
    [
      "submoduleWith takes full modules",
      [
        "{ options.s = o (t.submoduleWith { modules = [ { options.a = o t.int; } ]; }); }",
        "{ s = { config.a = 3; }; }",
      ],
      "{ s = { a = 3; }; }",
    ],
    [
      "special arguments of a submodule",
      [
        "{ options.s = o (t.submoduleWith { modules = [ ({ x, ... }: { options.a = o t.int; config.a = x; }) ]; specialArgs.x = 4; }); }",
      ],
      "{ s = { a = 4; }; }",
    ],
    [
      "declared twice, the modules of both count",
      [
        "{ options.s = o (t.submodule { options.a = o t.int; }); }",
        "{ options.s = o (t.submodule { options.b = o t.int; }); config.s = { a = 1; b = 2; }; }",
      ],
      "{ s = { a = 1; b = 2; }; }",
    ],
    [
      "an option declared below a submodule joins it",
      [
        "{ options.s = o (t.submodule { options.a = o t.int; }); }",
        "{ options.s.b = o t.int; config.s = { a = 1; b = 2; }; }",
      ],
      "{ s = { a = 1; b = 2; }; }",
    ],
    [
      "a submodule that no one defines",
      [
        "{ options.s = lib.mkOption { type = t.submodule { options.a = lib.mkOption { default = 1; }; }; }; }",
      ],
      "{ s = { a = 1; }; }",
    ],
    [
      "nested in lists",
      [
        "{ options.s = o (t.listOf (t.submodule { options.a = o t.int; })); }",
        "{ s = [ { a = 1; } { a = 2; } ]; }",
      ],
      "{ s = [ { a = 1; } { a = 2; } ]; }",
    ],
    [
      "extended by all definitions of one name",
      [
        "{ options.s = o (t.attrsOf (t.submodule { options.l = o (t.listOf t.int); })); }",
        "{ s.x.l = [ 1 ]; }",
        "{ s.x.l = lib.mkBefore [ 2 ]; }",
      ],
      "{ s = { x = { l = [ 2 1 ]; }; }; }",
    ],
  ],
  imports: [
    [
      "a key is used once",
      [int, '{ imports = [ { key = "k"; a = 1; } ]; }', '{ imports = [ { key = "k"; a = 1; } ]; }'],
      "{ a = 1; }",
    ],
    [
      "disabledModules by key",
      [int, '{ imports = [ { key = "k"; a = 3; } ]; }', '{ disabledModules = [ { key = "k"; } ]; a = 4; }'],
      "{ a = 4; }",
    ],
    ["functions and _module.args", [int, "{ x, ... }: { a = x; }", "{ _module.args.x = 7; }"], "{ a = 7; }"],
    [
      "_module.args may depend on config",
      [
        "{ options.a = o t.int; options.b = o t.int; }",
        "{ x, ... }: { a = x; }",
        "{ config, ... }: { _module.args.x = config.b + 1; b = 1; }",
      ],
      "{ a = 2; b = 1; }",
    ],
    ["require is imports", [int, "{ require = [ { a = 1; } ]; }"], "{ a = 1; }"],
  ],
  freeform: [
    [
      "takes what no option matches",
      ["{ freeformType = t.attrsOf t.int; options.a = o t.int; }", "{ a = 1; b = 2; }"],
      "{ a = 1; b = 2; }",
    ],
    [
      "nested",
      ["{ freeformType = t.attrsOf t.anything; options.a.b = o t.int; }", "{ a.b = 1; a.c.d = 2; }"],
      "{ a = { b = 1; c = { d = 2; }; }; }",
    ],
    [
      "conditions and priorities reach it",
      [
        "{ freeformType = t.attrsOf t.int; }",
        "{ config = lib.mkIf true { a = lib.mkDefault 1; b = 1; }; }",
        "{ a = 2; }",
      ],
      "{ a = 2; b = 1; }",
    ],
    [
      "_module.check = false drops them",
      ["{ options.a = o t.int; config = { a = 1; b = 2; }; }", "{ _module.check = false; }"],
      "{ a = 1; }",
    ],
  ],
  types: [
    [
      "anything merges sets deeply",
      ["{ options.x = o t.anything; }", "{ x = { a.b = 1; }; }", "{ x = { a.c = [ 1 ]; }; }"],
      "{ x = { a = { b = 1; c = [ 1 ]; }; }; }",
    ],
    [
      "either takes the first that fits",
      ["{ options.x = o (t.either (t.listOf t.int) (t.attrsOf t.int)); }", "{ x.a = 1; }", "{ x.b = 2; }"],
      "{ x = { a = 1; b = 2; }; }",
    ],
    [
      "coercedTo",
      ["{ options.x = o (t.listOf (t.coercedTo t.int toString t.str)); }", '{ x = [ 1 "a" ]; }'],
      '{ x = [ "1" "a" ]; }',
    ],
    [
      "nullOr",
      [
        "{ options.x = o (t.nullOr (t.listOf t.int)); options.y = o (t.nullOr t.int); }",
        "{ x = [ 1 ]; }",
        "{ x = [ 2 ]; }",
      ],
      "{ x = [ 2 1 ]; y = null; }",
    ],
    [
      "lazyAttrsOf uses the element's empty value",
      ["{ options.x = o (t.lazyAttrsOf (t.nullOr t.int)); }", "{ x.a = lib.mkIf false 1; }"],
      "{ x = { a = null; }; }",
    ],
    [
      "attrTag",
      ["{ options.x = o (t.attrTag { a = o t.int; b = o t.str; }); }", "{ x.a = 1; }"],
      "{ x = { a = 1; }; }",
    ],
    ["boolByOr", ["{ options.x = o t.boolByOr; }", "{ x = false; }", "{ x = true; }"], "{ x = true; }"],
    [
      "singleLineStr loses its line end",
      ["{ options.x = o t.singleLineStr; }", '{ x = "a\\n"; }'],
      '{ x = "a"; }',
    ],
    [
      "json is recursive",
      ["{ options.x = o t.json; }", "{ x = { a = [ 1 null { b = true; } ]; }; }"],
      "{ x = { a = [ 1 null { b = true; } ]; }; }",
    ],
    [
      "unspecified merges as suits",
      ["{ options.x = lib.mkOption { }; }", "{ x = [ 1 ]; }", "{ x = [ 2 ]; }"],
      "{ x = [ 2 1 ]; }",
    ],
    [
      "a type with another check, made with //",
      ["{ options.x = o (t.int // { check = x: x == 3; }); }", "{ x = 3; }"],
      "{ x = 3; }",
    ],
    [
      "a type made with mkOptionType",
      [
        '{ options.x = o (lib.mkOptionType { name = "sum"; check = builtins.isInt; merge = loc: defs: lib.foldl (a: d: a + d.value) 0 defs; }); }',
        "{ x = 1; }",
        "{ x = 2; }",
      ],
      "{ x = 3; }",
    ],
    ["addCheck", ["{ options.x = o (t.addCheck t.int (x: x > 1)); }", "{ x = 2; }"], "{ x = 2; }"],
    [
      "enums of two declarations are joined",
      ['{ options.x = o (t.enum [ "a" ]); }', '{ options.x = o (t.enum [ "b" ]); config.x = "b"; }'],
      '{ x = "b"; }',
    ],
  ],
  options: [
    [
      "apply",
      ["{ options.a = lib.mkOption { type = t.int; apply = x: x * 2; }; }", "{ a = 2; }"],
      "{ a = 4; }",
    ],
    [
      "a default may depend on config",
      [
        "{ config, ... }: { options.a = o t.int; options.b = lib.mkOption { default = config.a + 1; }; }",
        "{ a = 1; }",
      ],
      "{ a = 1; b = 2; }",
    ],
    [
      "options tells of definitions",
      [
        "{ options, ... }: { options.a = o t.int; options.info = lib.mkOption { }; config.info = { inherit (options.a) isDefined highestPrio loc; n = builtins.length options.a.definitions; }; }",
        "{ a = lib.mkForce 1; }",
      ],
      '{ a = 1; info = { highestPrio = 50; isDefined = true; loc = [ "a" ]; n = 1; }; }',
    ],
    [
      "renamed",
      [
        '{ imports = [ (lib.mkRenamedOptionModule [ "old" ] [ "new" ]) ]; options.new = o t.int; options.warnings = o (t.listOf t.str); }',
        "{ old = 3; }",
      ],
      "{ new = 3; old = 3; warnings = [ \"The option `old' defined in `/b.nix' has been renamed to `new'.\" ]; }",
    ],
    [
      "renaming keeps priorities",
      [
        '{ imports = [ (lib.mkAliasOptionModule [ "old" ] [ "new" ]) ]; options.new = o t.int; }',
        "{ old = lib.mkForce 3; }",
        "{ new = 1; }",
      ],
      "{ new = 3; old = 3; }",
    ],
    [
      "changed",
      [
        '{ imports = [ (lib.mkChangedOptionModule [ "old" ] [ "new" ] (config: config.old + 1)) ]; options.new = o t.int; options.warnings = lib.mkOption { apply = builtins.length; }; }',
        "{ config._module.args = { }; config.old = 1; }",
      ],
      "{ new = 2; old = 1; warnings = 1; }",
    ],
    [
      "dagOf",
      [
        "{ options.d = o (t.dagOf t.int); options.sorted = lib.mkOption { }; }",
        '{ config, ... }: { d.b = 1; d.a = lib.dag.entryAfter [ "b" ] 2; sorted = map (e: e.name) (lib.dag.topoSort config.d).result; d.c = lib.dag.entryBetween [ "b" ] [ ] 0; }',
      ],
      '{ d = { a = { _type = "dagEntry"; after = [ "b" ]; before = [ ]; data = 2; }; b = { _type = "dagEntry"; after = [ ]; before = [ ]; data = 1; }; c = { _type = "dagEntry"; after = [ ]; before = [ "b" ]; data = 0; }; }; sorted = [ "c" "b" "a" ]; }',
    ],
  ],
};

describe.each(Object.entries(table))("%s", (_, cases) => {
  test.each(cases)("%s", (_name, modules, config) => {
    expect(lab.config(...modules)).toBe(config);
  });
});

test("reading one option computes no other", () => {
  const { config } = lab.modules(
    "{ options.a = o t.int; options.b = o t.int; options.s = o (t.attrsOf t.int); }",
    '{ a = 1; b = throw "b was computed"; s = { x = throw "x was computed"; y = 2; }; }',
  );
  expect(lab.print(config.getByName("a")!)).toBe("1");
  expect(() => lab.print(config.getByName("b")!)).toThrow("b was computed");
});

test("lib.evalModules and extendModules", () => {
  const expression = `let e = lib.evalModules { modules = [ { options.a = o t.int; config.a = 3; } ]; };
    in [ e.config.a (e.extendModules { modules = [ { a = lib.mkForce 5; } ]; }).config.a e._module.check e.options.a.value e.class ]`;
  expect(lab.print(lab.eval(expression))).toBe("[ 3 5 true 3 null ]");
});

test("deferred modules keep what they are until they are imported", () => {
  const outer = lab.modules("{ options.m = o t.deferredModule; }", "{ m = { a = 1; }; }", "{ m.b = 2; }");
  const inner = lab.modules("{ options.a = o t.int; options.b = o t.int; }", {
    kind: "nix",
    value: outer.config.getByName("m")!,
    file: "/m.nix",
  });
  expect(lab.print(inner.config)).toBe("{ a = 1; b = 2; }");
});
