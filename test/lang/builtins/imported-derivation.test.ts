import { expect, test } from "vitest";
import { storeLab } from "./store-lab.ts";

const prelude =
  'd = derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; outputs = [ "out" "dev" ]; };';

test("a derivation in the store is imported as the value that made it", () => {
  const here = storeLab();
  const print = (expression: string) => here.print(`let ${prelude} i = import d.drvPath; in ${expression}`);
  expect(print("builtins.attrNames i")).toBe(
    '[ "all" "dev" "drvPath" "name" "out" "outPath" "outputName" "type" ]',
  );
  expect(print("[ i.outputName i.name i.type (map (x: x.outputName) i.all) ]")).toBe(
    '[ "dev" "x" "derivation" [ "dev" "out" ] ]',
  );
  expect(print('[ (i.drvPath == d.drvPath) (i.out == d) (i.dev == d.dev) ("${i.out}" == "${d}") ]')).toBe(
    "[ true true true true ]",
  );
  expect(print("builtins.getContext i.dev.outPath == builtins.getContext d.dev.outPath")).toBe("true");
  expect(print("builtins.getContext i.drvPath == builtins.getContext d.drvPath")).toBe("true");
  expect(print("(scopedImport { } d.drvPath).dev.outPath == d.dev.outPath")).toBe("true");
});

test.each([
  "import d",
  'import (d + "/default.nix")',
  "scopedImport { } d",
  "builtins.readFile d",
  "builtins.readDir d",
  "builtins.pathExists d",
])("%s needs a build, and says so", (expression) => {
  const error = storeLab().fail(`let ${prelude} in ${expression}`);
  expect(error.message).toMatch(
    /^cannot build '\/nix\/store\/[a-z0-9]{32}-x\.drv\^out' during evaluation: import from derivation needs a Nix that builds it/,
  );
});
