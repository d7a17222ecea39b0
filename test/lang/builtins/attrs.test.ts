import { describe } from "vitest";
import { agreesWithNix, evaluates, fails } from "./support.ts";

describe("values", () => {
  evaluates([
    ['builtins.attrNames { b = 1; a = throw "x"; B = 2; "" = 3; }', '[ "" "B" "a" "b" ]'],
    ["builtins.attrValues { b = 1; a = 2; }", "[ 2 1 ]"],
    ['builtins.getAttr "a" { a = 1; }', "1"],
    ['builtins.hasAttr "a" { a = throw "lazy"; }', "true"],
    ['builtins.hasAttr "never seen before" { a = 1; }', "false"],
    ['removeAttrs { a = 1; b = 2; c = 3; } [ "a" "c" "zzz" ]', "{ b = 2; }"],
    ['removeAttrs { a = 1; } [ "a" ]', "{ }"],
    ['builtins.attrNames (builtins.removeAttrs { a = throw "lazy"; b = 1; } [ "b" ])', '[ "a" ]'],
    [
      'builtins.listToAttrs [ { name = "b"; value = 1; } { name = "a"; value = 2; } { name = "b"; value = 3; } ]',
      "{ a = 2; b = 1; }",
    ],
    ['(builtins.listToAttrs [ { name = "a"; value = throw "lazy"; } ]) ? a', "true"],
    // The value of a name that is there already is not needed.
    ['builtins.listToAttrs [ { name = "a"; value = 1; } { name = "a"; } ]', "{ a = 1; }"],
    ["builtins.intersectAttrs { a = 1; b = 2; } { b = 3; c = 4; d = 5; }", "{ b = 3; }"],
    ["builtins.intersectAttrs { a = 1; b = 2; c = 3; } { b = 4; }", "{ b = 4; }"],
    ["builtins.intersectAttrs { } { b = 4; }", "{ }"],
    ['builtins.catAttrs "a" [ { a = 1; } { b = 0; } { a = 2; } ]', "[ 1 2 ]"],
    ["builtins.mapAttrs (name: value: name + toString value) { a = 1; b = 2; }", '{ a = "a1"; b = "b2"; }'],
    ['(builtins.mapAttrs (throw "f") { a = 1; }) ? a', "true"],
    ["builtins.mapAttrs { __functor = self: name: value: value + 1; } { a = 1; }", "{ a = 2; }"],
    [
      "builtins.zipAttrsWith (name: values: { inherit name values; }) [ { a = 1; } { b = 2; a = 3; } ]",
      '{ a = { name = "a"; values = [ 1 3 ]; }; b = { name = "b"; values = [ 2 ]; }; }',
    ],
    ["builtins.zipAttrsWith (name: values: 1) [ ]", "{ }"],
  ]);
});

describe("functions in sets keep their identity", () => {
  evaluates([
    ['let s = { f = x: x; a = 1; }; in removeAttrs s [ "a" ] == removeAttrs s [ "a" ]', "true"],
    ["let s = { f = x: x; }; in builtins.intersectAttrs { f = 1; } s == s", "true"],
    [
      'let v = { f = x: x; }; in builtins.listToAttrs [ { name = "v"; value = v; } ] == { inherit v; }',
      "true",
    ],
  ]);
});

describe("failures", () => {
  fails([
    [
      "builtins.attrNames [ ]",
      "expected a set but found a list: [ ]",
      "while evaluating the argument passed to builtins.attrNames",
    ],
    ['builtins.getAttr "foo" { }', "attribute 'foo' missing", "in the attribute set under consideration"],
    [
      "builtins.getAttr 1 { }",
      "expected a string but found an integer: 1",
      "while evaluating the first argument passed to builtins.getAttr",
    ],
    [
      "removeAttrs { } [ 1 ]",
      "expected a string but found an integer: 1",
      "while evaluating the values of the second argument passed to builtins.removeAttrs",
    ],
    ["builtins.listToAttrs [ { } ]", "attribute 'name' missing", "in a {name=...; value=...;} pair"],
    [
      'builtins.listToAttrs [ { name = "a"; } ]',
      "attribute 'value' missing",
      "in a {name=...; value=...;} pair",
    ],
    [
      "builtins.listToAttrs [ { name = 1; } ]",
      "expected a string but found an integer: 1",
      "while evaluating the `name` attribute of an element of the list passed to builtins.listToAttrs",
    ],
    [
      'builtins.catAttrs "foo" [ 1 ]',
      "expected a set but found an integer: 1",
      "while evaluating an element in the list passed as second argument to builtins.catAttrs",
    ],
    [
      'builtins.mapAttrs "" { a = 1; }',
      'attempt to call something which is not a function but a string: ""',
      "while evaluating the attribute 'a'",
    ],
    [
      "builtins.zipAttrsWith [ ] [ 1 ]",
      "expected a function but found a list: [ ]",
      "while evaluating the first argument passed to builtins.zipAttrsWith",
    ],
    [
      "builtins.zipAttrsWith (_: 1) [ 1 ]",
      "expected a set but found an integer: 1",
      "while evaluating a value of the list passed as second argument to builtins.zipAttrsWith",
    ],
  ]);
});

const sets = [
  "{ }",
  "{ a = 1; }",
  "{ b = 2; a = 1; }",
  "{ c = 3; a = 4; z = 5; _ = 6; }",
  '{ "1x" = 1; "é" = 2; }',
];
agreesWithNix([
  ...sets.flatMap((set) => [
    `builtins.attrNames ${set}`,
    `builtins.attrValues ${set}`,
    `builtins.mapAttrs (n: v: [ n v ]) ${set}`,
    `removeAttrs ${set} [ "a" "z" ]`,
  ]),
  ...sets.flatMap((a) =>
    sets.flatMap((b) => [
      `builtins.intersectAttrs ${a} ${b}`,
      `builtins.zipAttrsWith (n: vs: vs) [ ${a} ${b} ${a} ]`,
      `builtins.catAttrs "a" [ ${a} ${b} ]`,
    ]),
  ),
]);
