import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { printJson } from "./json.ts";
import { modulesLab } from "./lab.ts";
import { cases } from "./lib-cases.ts";

const lab = modulesLab();
const nixpkgsLib = process.env["NIXUS_NIXPKGS_LIB"];

describe.each(Object.entries(cases))("lib.%s", (_, table) => {
  test.each(table)("%s", (expression, value) => {
    expect(printJson(lab, expression)).toEqual(value);
  });
});

// The expected values above are ours to state; this proves that they are nixpkgs' as well.
test.skipIf(nixpkgsLib === undefined)(
  "the same values with nixpkgs' lib and Nix (set NIXUS_NIXPKGS_LIB)",
  () => {
    const all = Object.values(cases).flat();
    const expressions = all.map(([expression]) => `(let lib = import ${nixpkgsLib}; in ${expression})`);
    const json = execFileSync(
      "nix-instantiate",
      ["--eval", "--strict", "--json", "--show-trace", "-E", `[ ${expressions.join("\n")} ]`],
      { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] },
    );
    const theirs = JSON.parse(json) as unknown[];
    const shown = (values: readonly unknown[]) =>
      all.map(([expression], index) => [expression, values[index]] as const);
    expect(shown(all.map(([, value]) => value))).toEqual(shown(theirs));
  },
);

test("every function on lib can be had", () => {
  const names = lab.eval("builtins.filter (n: builtins.seq lib.${n} false) (builtins.attrNames lib)");
  expect(names).toEqual([]);
});

test("import <nixus/lib> is the file that names the library", () => {
  const lib = lab.evaluator.importFile(
    new URL("../../src/modules/lib/default.nix", import.meta.url).pathname,
  );
  expect(lib).toBe(lab.system.lib);
});
