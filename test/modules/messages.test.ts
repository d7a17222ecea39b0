/** What is said about wrong modules. */
import { describe, expect, test } from "vitest";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();
const int = "{ options.a = o t.int; }";

const table: readonly (readonly [name: string, modules: readonly string[], message: string])[] = [
  [
    "wrong type",
    [int, '{\n  a = "x";\n}'],
    "A definition for option `a' is not of type `signed integer'. Definition values:\n- In `/b.nix:3:3': \"x\"",
  ],
  [
    "only the wrong definitions, in the place of the attribute",
    ["{ options.s = o (t.attrsOf t.port); }", "{ s.ssh = 22; }", "{\n  s.web = 80000;\n}"],
    "A definition for option `s.web' is not of type `16 bit unsigned integer; between 0 and 65535 (both inclusive)'. Definition values:\n- In `/c.nix:3:3': 80000",
  ],
  [
    "unknown option",
    ["{ options.services.enable = o t.bool; }", "{ services.enabel = true; }"],
    "The option `services.enabel' does not exist. Definition values:\n- In `/b.nix:2:6': true\n\nDid you mean `services.enable'?",
  ],
  [
    "several unknown options, behind conditions too",
    [
      "{ options.abc = lib.mkOption { default = 1; }; }",
      "{ config = lib.mkIf false { abd = 1; }; }",
      "{ xyz = 1; }",
    ],
    "The option `xyz' does not exist. Definition values:\n- In `/c.nix:2:6': 1\n\nThe option `abd' does not exist. Definition values:\n- In `/b.nix:2:32': 1\n\nDid you mean `abc'?",
  ],
  [
    "unknown option in a submodule",
    ["{ options.s = o (t.attrsOf (t.submodule { options.user = o t.str; })); }", "{ s.x.usr = 1; }"],
    "The option `s.x.usr' does not exist. Definition values:\n- In `/b.nix:2:6': 1\n\nDid you mean `s.x.user'?",
  ],
  [
    "a module without ...",
    [int, "{ config, lib }: { a = 1; }"],
    "function 'anonymous lambda' called with unexpected argument '_class'\nA module gets more arguments than it names: write `...' behind them, as in `{ config, lib, ... }:'.",
  ],
  [
    "conflicting definitions",
    [int, "{ a = 1; }", "{ a = 2; }"],
    "The option `a' has conflicting definition values:\n- In `/c.nix:2:6': 2\n- In `/b.nix:2:6': 1\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.",
  ],
  [
    "used but not defined",
    [int],
    "The option `a' was accessed but has no value defined. Try setting the option.\nIt takes a value of type `signed integer' and is declared in `/a.nix:2:6'.",
  ],
  [
    "declared twice",
    [int, "{ options.a = o t.str; }"],
    "The option `a' in `/a.nix' is already declared in `/b.nix'. Declarations:\n- /b.nix:2:6\n- /a.nix:2:6",
  ],
  [
    "read-only",
    ["{ options.a = lib.mkOption { readOnly = true; type = t.int; }; }", "{ a = 1; }", "{ a = 1; }"],
    "The option `a' is read-only, but it's set multiple times. Definition values:\n- In `/c.nix:2:6': 1\n- In `/b.nix:2:6': 1",
  ],
  [
    "null and not null",
    ["{ options.a = o (t.nullOr t.int); }", "{ a = null; }", "{ a = 1; }"],
    "The option `a' is defined both null and not null, in `/c.nix:2:6' and `/b.nix:2:6'.",
  ],
  [
    "a group is given a value",
    ["{ options.g.a = o t.int; }", "{ g = 1; }"],
    "In module `/b.nix:2:6', you're trying to define a value of type `int'\nrather than an attribute set for the option `g'!\nThere are options inside `g'; define those: `g.<name> = ...;'",
  ],
  [
    "config and others mixed",
    ["{ options.a = o t.int; a = 1; }"],
    "Module `:anon-1' has an unsupported attribute `a'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: a) into the explicit `config' attribute.",
  ],
  [
    "an argument that no one provides",
    ["{ pkgs, ... }: { options.a = o t.int; config.a = pkgs; }"],
    "The module :anon-1 takes the argument `pkgs', but no one provides it: define `_module.args.pkgs', or pass it in `specialArgs'.",
  ],
  [
    "a type without mkOption",
    ["{ options.x.a = t.int; }"],
    "In module /a.nix: expected an option declaration at option path `x.a` but got an attribute set with type option-type\n\nWhen declaring an option, you must wrap the type in a `mkOption` call: a = lib.mkOption { type = ...; };",
  ],
  [
    "options that need each other",
    ["{ options.a = o t.int; options.b = o t.int; }", "{ config, ... }: { a = config.b; b = config.a; }"],
    "infinite recursion encountered: the value of the option `a' is needed to compute it:\n  `a' needs `b'\n  `b' needs `a'",
  ],
  [
    "through a submodule",
    [
      "{ options.a = o t.int; options.s = o (t.attrsOf (t.submodule { options.x = o t.int; })); }",
      "{ config, ... }: { a = config.s.k.x; s.k.x = config.a; }",
    ],
    "infinite recursion encountered: the value of the option `a' is needed to compute it:\n  `a' needs `s.k.x'\n  `s.k.x' needs `a'",
  ],
  [
    "structure that depends on config",
    ["{ options.a = o t.bool; }", "{ config, ... }: { config = if config.a then { } else { a = true; }; }"],
    "infinite recursion encountered: `config' is read while it is still being found out which options the modules define.\nA module whose very structure depends on `config' cannot be evaluated: write `lib.mkIf condition { ... }' instead of `if condition then { ... } else { }', and move what depends on `config' into the value of an option.",
  ],
  [
    "imports that depend on config",
    ["{ config, ... }: { imports = if config.a then [ ] else [ ]; }"],
    "infinite recursion encountered: `config' is needed while it is still being found out which modules take part.\nIf you get an infinite recursion here, you probably reference `config' in `imports'. `imports' and the names in `options' cannot depend on `config' (or on `_module.args'): import unconditionally and use `lib.mkIf' in the module, or pass a `specialArgs'.",
  ],
  [
    "a cycle in a DAG",
    [
      "{ options.d = lib.mkOption { type = t.dagOf t.int; apply = d: (lib.dag.topoSort d).result; }; }",
      '{ d.a = lib.dag.entryAfter [ "b" ] 1; d.b = lib.dag.entryAfter [ "a" ] 2; }',
    ],
    "the order of these entries is a cycle, each has to come before the next: `a' -> `b' -> `a'",
  ],
  [
    "a removed option that is read",
    [
      '{ imports = [ (lib.mkRemovedOptionModule [ "old" ] "Use new.") ]; options.assertions = lib.mkOption { apply = x: 0; }; }',
      "{ old = 1; }",
    ],
    "The option `old' can no longer be used since it's been removed. Use new.",
  ],
];

describe("messages", () => {
  test.each(table)("%s", (_, modules, message) => {
    expect(lab.fails(...modules).message).toBe(message);
  });
});

test("a long value is shortened", () => {
  const { message } = lab.fails(
    int,
    '{ a = { deep.er.est = 1; text = lib.strings.replicate 200 "x"; list = lib.range 1 100; }; }',
  );
  expect(message).toBe(
    "A definition for option `a' is not of type `signed integer'. Definition values:\n" +
      "- In `/b.nix:2:6': \n    {\n" +
      "      deep = { er = { ... }; };\n" +
      "      list = [ 1 2 3 4 5 ... ];\n" +
      `      text = "${"x".repeat(80)}...";\n` +
      "    }",
  );
});

test("the trace says which options were being evaluated", () => {
  const { trace } = lab.fails(
    "{ options.a = o t.int; options.b = o t.int; }",
    '{ config, ... }: { a = config.b; b = throw "no"; }',
  );
  const frames = trace.map((frame) => frame.message).filter((frame) => frame.includes("option"));
  expect(frames).toEqual(["while evaluating the option `b':", "while evaluating the option `a':"]);
});
