import { expect, test } from "vitest";
import { NixError } from "../../src/lang/eval/errors.ts";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();

function failure(expression: string): string {
  try {
    lab.print(lab.eval(expression));
  } catch (error) {
    if (error instanceof NixError) return error.message;
    throw error;
  }
  throw new Error("it evaluates");
}

test.each([
  ["lib.gvariant", "The lib of Nixus has no `lib.gvariant'", "(import <nixpkgs/lib>).gvariant'"],
  ["let inherit (lib) fileset; in fileset", "has no `lib.fileset'", "(import <nixpkgs/lib>).fileset'"],
  ["lib.strings.nothing", "has no `lib.strings.nothing'", "(import <nixpkgs/lib>).strings.nothing'"],
])("%s: says what is missing and where it may be", (expression, ...parts) => {
  const message = failure(expression);
  for (const part of parts) expect(message).toContain(part);
});

test("what is missing is not there for those who ask", () => {
  expect(lab.print(lab.eval('lib ? gvariant || builtins.hasAttr "fileset" lib'))).toBe("false");
  expect(lab.print(lab.eval("lib.gvariant or 1"))).toBe("1");
});
