/** What the tests of builtins share: evaluating expressions here and, where it is installed, with Nix. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import type { BuiltinFamily } from "../../../src/lang/builtins/builtin.ts";
import { controlFamily } from "../../../src/lang/builtins/control.ts";
import { families } from "../../../src/lang/builtins/index.ts";
import { toText } from "../../../src/store/bytes.ts";
import { type Lab, lab } from "../eval/lab.ts";

/** All builtins; control.ts is part of every lab. */
const pure: readonly BuiltinFamily[] = families.filter((family) => family !== controlFamily);

export function builtinsLab(): Lab {
  return lab({ families: pure });
}

/** One test for each line: an expression, and what it evaluates to as `nix-instantiate --eval --strict` prints it. */
export function evaluates(table: readonly (readonly [expression: string, printed: string])[]): void {
  const evaluation = builtinsLab();
  test.each(table)("%s", (expression, printed) => {
    expect(evaluation.printStrict(expression)).toBe(printed);
  });
}

/** One test for each line: an expression that fails, and the message; with a third string, that is on the trace. */
export function fails(
  table: readonly (readonly [expression: string, message: string, trace?: string])[],
): void {
  const evaluation = builtinsLab();
  for (const [expression, message, trace] of table) {
    test(`${expression} fails`, () => {
      const error = evaluation.fail(expression);
      expect(toText(error.message)).toBe(message);
      if (trace !== undefined) expect(error.trace.map((frame) => toText(frame.message))).toContain(trace);
    });
  }
}

const nixVersion = spawnSync("nix-instantiate", ["--version"], { encoding: "utf8" }).stdout?.trim();

/** Every expression prints the same here and with the installed Nix (one process for all of them). */
export function agreesWithNix(expressions: readonly string[]): void {
  const title = nixVersion ? `agrees with ${nixVersion}` : "agrees with Nix (none is installed)";
  test.skipIf(!nixVersion)(title, () => {
    const evaluation = builtinsLab();
    const ours = expressions.map((expression) => `[ ${evaluation.printStrict(expression)} ]`);
    expect(ours).toEqual(nixPrints(expressions));
  });
}

/** What Nix prints for the values, each in a list so that strings are quoted. */
function nixPrints(expressions: readonly string[]): string[] {
  const list = expressions.map((expression) => `(${expression})`).join("\n");
  const show = "done: value: builtins.deepSeq value (builtins.trace [ value ] done)";
  const result = spawnSync("nix-instantiate", ["--eval", "-"], {
    input: `builtins.foldl' (${show}) null [\n${list}\n]`,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stderr
    .split("\n")
    .filter((line) => line.startsWith("trace: "))
    .map((line) => line.slice("trace: ".length));
}

/** A string of the language with this text. */
export function quoted(text: string): string {
  return `"${text
    .replace(/["\\]|\$\{/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")}"`;
}
