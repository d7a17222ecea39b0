import { describe } from "vitest";
import { agreesWithNix, evaluates, fails } from "./support.ts";

describe("values", () => {
  evaluates([
    ['builtins.length [ 1 (throw "lazy") ]', "2"],
    ['builtins.head [ 1 (throw "lazy") ]', "1"],
    ['builtins.tail [ (throw "lazy") 2 3 ]', "[ 2 3 ]"],
    ["builtins.elemAt [ 1 2 3 ] 2", "3"],
    ['builtins.elem 2 [ 1 2 (throw "lazy") ]', "true"],
    ["builtins.elem { a = 1; } [ { a = 1; } ]", "true"],
    ["map (x: x * 2) [ 1 2 ]", "[ 2 4 ]"],
    ['builtins.length (map (x: throw "lazy") [ 1 2 ])', "2"],
    ['map (throw "not needed") [ ]', "[ ]"],
    ["map { __functor = self: x: x + 1; } [ 1 ]", "[ 2 ]"],
    ["builtins.filter (x: x > 1) [ 1 2 3 ]", "[ 2 3 ]"],
    ['builtins.filter (throw "not needed") [ ]', "[ ]"],
    ["builtins.genList (x: x * x) 4", "[ 0 1 4 9 ]"],
    ["builtins.concatLists [ [ 1 [ 2 ] ] [ ] [ 3 ] ]", "[ 1 [ 2 ] 3 ]"],
    ["builtins.concatMap (x: [ x [ x ] ]) [ 1 2 ]", "[ 1 [ 1 ] 2 [ 2 ] ]"],
    ["builtins.foldl' (a: b: a ++ [ b ]) [ 0 ] [ 1 2 ]", "[ 0 1 2 ]"],
    ['builtins.foldl\' (a: b: b) (throw "never used") [ 1 2 ]', "2"],
    ['builtins.foldl\' (_: x: 42) 0 [ (throw "never used") ]', "42"],
    ['builtins.any (x: x == 1) [ 1 (throw "not reached") ]', "true"],
    ["builtins.any (x: true) [ ]", "false"],
    ['builtins.all (x: x == 1) [ 2 (throw "not reached") ]', "false"],
    ["builtins.all (x: false) [ ]", "true"],
    ["builtins.partition (x: x > 10) [ 1 23 9 3 42 ]", "{ right = [ 23 42 ]; wrong = [ 1 9 3 ]; }"],
    [
      'builtins.groupBy (builtins.substring 0 1) [ "foo" "bar" "baz" ]',
      '{ b = [ "bar" "baz" ]; f = [ "foo" ]; }',
    ],
    ["builtins.sort builtins.lessThan [ 3 1.5 2 ]", "[ 1.5 2 3 ]"],
    ['builtins.sort (throw "not needed") [ ]', "[ ]"],
    [
      "map (x: x.v) (builtins.sort (a: b: a.k < b.k) [ { k = 2; v = 1; } { k = 1; v = 2; } { k = 2; v = 3; } { k = 1; v = 4; } ])",
      "[ 2 4 1 3 ]",
    ],
    ["builtins.length (builtins.genList (x: x) 100000)", "100000"],
    ["builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 100000)", "4999950000"],
  ]);
});

describe("failures", () => {
  fails([
    ["builtins.head [ ]", "'builtins.head' called on an empty list"],
    ["builtins.tail [ ]", "'builtins.tail' called on an empty list"],
    [
      "builtins.head 1",
      "expected a list but found an integer: 1",
      "while evaluating the first argument passed to 'builtins.head'",
    ],
    ["builtins.elemAt [ 1 ] 1", "'builtins.elemAt' called with index 1 on a list of size 1"],
    ["builtins.elemAt [ ] (-1)", "'builtins.elemAt' called with index -1 on a list of size 0"],
    ["builtins.genList (x: x) (-1)", "cannot create list of size -1"],
    ["builtins.genList (x: x) 9223372036854775807", "cannot create list of size 9223372036854775807"],
    [
      "builtins.filter (_: 5) [ 1 ]",
      "expected a Boolean but found an integer: 5",
      "while evaluating the return value of the filtering function passed to builtins.filter",
    ],
    [
      "builtins.concatMap (x: 1) [ 2 ]",
      "expected a list but found an integer: 1",
      "while evaluating the return value of the function passed to builtins.concatMap",
    ],
    [
      "builtins.foldl' 1 2 [ ]",
      "expected a function but found an integer: 1",
      "while evaluating the first argument passed to builtins.foldlStrict",
    ],
    ['builtins.foldl\' (a: b: b) 0 [ 1 (throw "forced") 2 ]', "forced"],
    ["map 1 [ 1 ]", "expected a function but found an integer: 1"],
    ['builtins.any (_: 1) "foo"', 'expected a list but found a string: "foo"'],
    [
      'builtins.sort builtins.lessThan [ 1 "a" ]',
      'cannot compare a string with an integer; values are "a" and 1',
      "while evaluating the ordering function passed to builtins.sort",
    ],
    [
      "builtins.sort (_: _: 1) [ 2 3 ]",
      "expected a Boolean but found an integer: 1",
      "while evaluating the return value of the sorting function passed to builtins.sort",
    ],
    [
      "builtins.groupBy (x: x) [ 1 ]",
      "expected a string but found an integer: 1",
      "while evaluating the return value of the grouping function passed to builtins.groupBy",
    ],
  ]);
});

agreesWithNix([
  "builtins.sort (a: b: a > b) (builtins.genList (x: builtins.bitAnd (x * 7919) 63) 60)",
  "builtins.sort (a: b: builtins.div a 4 < builtins.div b 4) (builtins.genList (x: builtins.bitAnd (x * 7919) 63) 60)",
  "builtins.groupBy (x: toString (builtins.bitAnd x 3)) (builtins.genList (x: x) 20)",
  "builtins.partition (x: builtins.bitAnd x 1 == 1) (builtins.genList (x: x * x) 20)",
  "builtins.concatMap (x: builtins.genList (y: x) x) [ 1 0 3 ]",
  "builtins.elem 1.0 [ 1 ]",
  "builtins.elem null [ ]",
  "builtins.sort builtins.lessThan [ [ 1 2 ] [ ] [ 1 ] [ 0 5 ] ]",
  'builtins.sort builtins.lessThan [ "b" "B" "a" "" "é" "z" ]',
  "builtins.all (x: x) [ true true ]",
]);
