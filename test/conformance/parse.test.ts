/**
 * The parser's part of Nix's own language tests (tests/functional/lang of its source, NIXUS_NIX_SRC): what has to
 * parse to a given tree, and what has to fail with a given message.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { families } from "../../src/lang/builtins/index.ts";
import { createEvaluator, NixError, showError } from "../../src/lang/index.ts";
import { createNodeHost } from "../../src/lang/node-host.ts";
import { type ParseOptions, parse } from "../../src/lang/syntax/parser.ts";
import { printExpr } from "../../src/lang/syntax/printer.ts";
import { fromBytes, toText } from "../../src/store/bytes.ts";
import { expectedFailures } from "./expected-failures.ts";

const source = process.env["NIXUS_NIX_SRC"];
const suite = source === undefined ? "" : join(source, "tests/functional/lang");
const known = expectedFailures("parse");
const basePath = "/pwd";
const origin = { kind: "stdin" } as const;

function textOf(name: string): string {
  return fromBytes(readFileSync(join(suite, `${name}.nix`)));
}

function optionsOf(name: string): ParseOptions {
  const file = join(suite, `${name}.flags`);
  const flags = existsSync(file) ? readFileSync(file, "utf8").replace(/#.*/g, "") : "";
  return { basePath, home: "/fake-home", pipeOperators: flags.includes("pipe-operators") };
}

/** The message that Nix would print: of the parser or, for undefined variables, of the scope analysis. */
function failure(name: string): string {
  const evaluator = createEvaluator({
    host: createNodeHost({ env: {}, onMessage: () => {} }),
    settings: { pureEval: false, restrictEval: false, nixPath: [], currentSystem: "x86_64-linux" },
    families,
  });
  try {
    evaluator.evalString(textOf(name), origin, basePath);
  } catch (error) {
    if (error instanceof NixError) return `${toText(showError(error, { showTrace: true }))}\n`;
    throw error;
  }
  throw new Error(`${name} does not fail`);
}

/** Runs a case, which has to come out as the list of expected failures says. */
function check(name: string, run: () => void): void {
  const reason = known.get(name);
  if (reason === undefined) run();
  else expect(run, `${name} passes, but expected-failures.txt says: ${reason}`).toThrow();
}

function cases(prefix: string): string[] {
  const names = readdirSync(suite)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".nix"))
    .map((file) => file.slice(0, -".nix".length));
  if (names.length === 0) throw new Error(`no ${prefix}*.nix in ${suite}`);
  return names;
}

if (source === undefined) {
  test.skip("Nix's parser tests: NIXUS_NIX_SRC does not name a source tree of Nix", () => {});
} else {
  describe("parses", () => {
    test.each(cases("parse-okay-"))("%s", (name) => {
      check(name, () => {
        const printed = printExpr(parse(textOf(name), origin, optionsOf(name)));
        expect(`${toText(printed)}\n`).toBe(readFileSync(join(suite, `${name}.exp`), "utf8"));
      });
    });
  });

  describe("refuses", () => {
    test.each(cases("parse-fail-"))("%s", (name) => {
      check(name, () => {
        expect(failure(name)).toBe(readFileSync(join(suite, `${name}.err.exp`), "utf8"));
      });
    });
  });

  test("the list of expected failures names only cases that exist", () => {
    const all = [...cases("parse-okay-"), ...cases("parse-fail-")];
    expect([...known.keys()].filter((name) => !all.includes(name))).toEqual([]);
  });
}
