import { describe } from "vitest";
import { agreesWithNix, evaluates, fails } from "./support.ts";

const file = "/nix/store/00000000000000000000000000000000-file";
const drv = "/nix/store/11111111111111111111111111111111-x.drv";
const append = (text: string, context: string) => `(builtins.appendContext "${text}" ${context})`;
const everything = `{ "${file}".path = true; "${drv}" = { path = true; allOutputs = true; outputs = [ "out" "dev" ]; }; }`;
const described = `{ "${file}" = { path = true; }; "${drv}" = { allOutputs = true; outputs = [ "dev" "out" ]; path = true; }; }`;
const deep = append("x", `{ "${drv}".allOutputs = true; }`);
const constant = append("x", `{ "${drv}".path = true; }`);

describe("values", () => {
  evaluates([
    ['builtins.getContext "x"', "{ }"],
    ['builtins.hasContext "x"', "false"],
    [`builtins.hasContext ${constant}`, "true"],
    [`builtins.getContext ${append("x", everything)}`, described],
    [
      `builtins.getContext (builtins.appendContext ${constant} { "${file}".path = true; "${drv}" = { }; })`,
      `{ "${file}" = { path = true; }; "${drv}" = { path = true; }; }`,
    ],
    [`builtins.unsafeDiscardStringContext ${append("x", everything)}`, '"x"'],
    [`builtins.hasContext (builtins.unsafeDiscardStringContext ${deep})`, "false"],
    [
      `builtins.getContext (builtins.unsafeDiscardOutputDependency ${deep})`,
      `{ "${drv}" = { path = true; }; }`,
    ],
    [
      `builtins.getContext (builtins.addDrvOutputDependencies ${constant})`,
      `{ "${drv}" = { allOutputs = true; }; }`,
    ],
    [
      `builtins.getContext (builtins.addDrvOutputDependencies ${deep})`,
      `{ "${drv}" = { allOutputs = true; }; }`,
    ],
  ]);
});

describe("failures", () => {
  fails([
    [append("x", '{ "/etc".path = true; }'), `context key '"/etc"' is not a store path`],
    [append("x", `{ "${file}/sub".path = true; }`), `context key '"${file}/sub"' is not a store path`],
    [
      append("x", `{ "${file}".allOutputs = true; }`),
      `tried to add all-outputs context of "${file}", which is not a derivation, to a string`,
    ],
    [
      append("x", `{ "${file}".outputs = [ "out" ]; }`),
      `tried to add derivation output context of "${file}", which is not a derivation, to a string`,
    ],
    [
      append("x", `{ "${file}".path = 1; }`),
      "expected a Boolean but found an integer: 1",
      "while evaluating the `path` attribute of a string context",
    ],
    [
      'builtins.addDrvOutputDependencies "x"',
      "context of string 'x' must have exactly one element, but has 0",
    ],
    [
      `builtins.addDrvOutputDependencies ${append("x", `{ "${drv}".outputs = [ "out" ]; }`)}`,
      "`addDrvOutputDependencies` can only act on derivations, not on a derivation output such as 'out'",
    ],
    [
      `builtins.addDrvOutputDependencies ${append("x", `{ "${file}".path = true; }`)}`,
      `path '${file}' is not a derivation`,
    ],
    [
      "builtins.hasContext 1",
      "expected a string but found an integer: 1",
      "while evaluating the argument passed to builtins.hasContext",
    ],
  ]);
});

// Without store paths, which Nix would look up.
agreesWithNix([
  'builtins.getContext "x"',
  'builtins.hasContext "x"',
  'builtins.unsafeDiscardStringContext "x"',
]);
