import { describe } from "vitest";
import { agreesWithNix, evaluates, fails } from "./support.ts";

const min = "(-9223372036854775807 - 1)";

describe("values", () => {
  evaluates([
    ["builtins.add 1 2", "3"],
    ["map toString [ 0.0078125 0.0234375 (-1.0078125) ]", '[ "0.007812" "0.023438" "-1.007812" ]'],
    ["[ 0.1640625 1.140625 100000.5 1000005.0 1.000015e6 ]", "[ 0.164062 1.14062 100000 1e+06 1.00002e+06 ]"],
    ["builtins.add 1 0.5", "1.5"],
    ["builtins.sub 1 2", "-1"],
    ["builtins.mul 3 0.5", "1.5"],
    ["builtins.div 7 2", "3"],
    ["builtins.div (-7) 2", "-3"],
    ["builtins.div 7 2.0", "3.5"],
    ["builtins.bitAnd (-1) 255", "255"],
    ["builtins.bitOr 5 (-8)", "-3"],
    ["builtins.bitXor 5 3", "6"],
    ["builtins.ceil 1.2", "2"],
    ["builtins.ceil (-1.2)", "-1"],
    ["builtins.floor (-1.2)", "-2"],
    ["builtins.floor 5", "5"],
    ["builtins.floor (-9223372036854775807 - 1)", "-9223372036854775808"],
    ["builtins.lessThan 1 1.5", "true"],
    ['builtins.lessThan "b" "a"', "false"],
    ["builtins.lessThan [ 1 2 ] [ 1 3 ]", "true"],
    ["builtins.add 9223372036854775806 1", "9223372036854775807"],
  ]);
});

describe("failures", () => {
  const future = "Future Nix versions might implement the correct behavior.";
  const bug = "Due to a bug (see https://github.com/NixOS/nix/issues/12899)";
  fails([
    ["builtins.add 9223372036854775807 1", "integer overflow in adding 9223372036854775807 + 1"],
    [`builtins.sub ${min} 1`, "integer overflow in subtracting -9223372036854775808 - 1"],
    ["builtins.mul 4294967296 4294967296", "integer overflow in multiplying 4294967296 * 4294967296"],
    [`builtins.div ${min} (-1)`, "integer overflow in dividing -9223372036854775808 / -1"],
    ["builtins.div 1 0", "division by zero"],
    ['builtins.div "foo" 0', "division by zero"],
    ["builtins.div 1.0 0.0", "division by zero"],
    [
      'builtins.div "foo" 1',
      'expected an integer but found a string: "foo"',
      "while evaluating the first operand of the division",
    ],
    [
      'builtins.div 1 "foo"',
      'expected a float but found a string: "foo"',
      "while evaluating the second operand of the division",
    ],
    [
      'builtins.sub 1 "foo"',
      'expected an integer but found a string: "foo"',
      "while evaluating the second argument of the subtraction",
    ],
    [
      'builtins.add 1.0 "foo"',
      'expected a float but found a string: "foo"',
      "while evaluating the second argument of the addition",
    ],
    [
      "builtins.bitAnd 1.1 2",
      "expected an integer but found a float: 1.1",
      "while evaluating the first argument passed to builtins.bitAnd",
    ],
    [
      'builtins.ceil "foo"',
      'expected a float but found a string: "foo"',
      "while evaluating the first argument passed to builtins.ceil",
    ],
    ["builtins.floor 1.0e30", "NixFloat argument 1e+30 is not in the range of NixInt"],
    [
      "builtins.ceil 9223372036854775807",
      `${bug} the NixInt argument 9223372036854775807 caused undefined behavior in previous Nix versions.\n\t${future}`,
    ],
    [
      "builtins.floor 9007199254740993",
      `${bug} a loss of precision occurred in previous Nix versions because the NixInt argument 9007199254740993 was rounded to 9007199254740992.\n\t${future}`,
    ],
    [
      "builtins.lessThan { } { }",
      "cannot compare a set with a set; values of that type are incomparable (values are { } and { })",
    ],
  ]);
});

const numbers = ["0", "7", "(-7)", "0.5", "(-2.25)", "1.0e10", "1048576"];
agreesWithNix([
  ...numbers.flatMap((a) => [`builtins.ceil ${a}`, `builtins.floor ${a}`, `toString ${a}`]),
  ...numbers.flatMap((a) =>
    numbers.flatMap((b) => [
      ...["add", "sub", "mul", "lessThan"].map((operation) => `builtins.${operation} ${a} ${b}`),
      ...(b === "0" ? [] : [`builtins.div ${a} ${b}`]),
    ]),
  ),
  ...["bitAnd", "bitOr", "bitXor"].flatMap((operation) =>
    ["0", "12345", "(-1)", "(-98765)", min].flatMap((a) => [
      `builtins.${operation} ${a} 255`,
      `builtins.${operation} (-3) ${a}`,
    ]),
  ),
]);
