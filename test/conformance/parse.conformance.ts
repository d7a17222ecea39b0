/**
 * The parser's part of Nix's own language tests (tests/functional/lang of its source, NIXUS_NIX_SRC): what has to
 * parse to a given tree, and what has to fail with a given message.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { families } from "../../src/lang/builtins/index.ts";
import { createEvaluator, NixError, showError } from "../../src/lang/index.ts";
import { createNodeHost } from "../../src/lang/node-host.ts";
import { type ParseOptions, parse } from "../../src/lang/syntax/parser.ts";
import { printExpr } from "../../src/lang/syntax/printer.ts";
import { fromBytes, toText } from "../../src/store/bytes.ts";
import { suite } from "./lib/expected-failures.ts";
import { caseFile, cases, caseText, flagsOf } from "./lib/lang-cases.ts";
import { nixSource, skipSuite } from "./lib/settings.ts";

const basePath = "/pwd";
const origin = { kind: "stdin" } as const;

function textOf(name: string): string {
  return fromBytes(readFileSync(caseFile(name, ".nix")));
}

function optionsOf(name: string): ParseOptions {
  const pipeOperators = flagsOf(name).experimentalFeatures.has("pipe-operators");
  return { basePath, home: "/fake-home", pipeOperators };
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

if (nixSource === undefined) {
  skipSuite("Nix's parser tests", "NIXUS_NIX_SRC does not name a source tree of Nix");
} else {
  const { check, checkNames } = suite("parse");
  const okay = cases("parse-okay-");
  const fail = cases("parse-fail-");
  checkNames([...okay, ...fail]);

  describe("parses", () => {
    test.each(okay)("%s", (name) =>
      check(name, () => {
        const printed = printExpr(parse(textOf(name), origin, optionsOf(name)));
        expect(`${toText(printed)}\n`).toBe(caseText(name, ".exp"));
      }),
    );
  });

  describe("refuses", () => {
    test.each(fail)("%s", (name) =>
      check(name, () => {
        expect(failure(name)).toBe(caseText(name, ".err.exp"));
      }),
    );
  });
}
