/**
 * Nix's own language tests (NIXUS_NIX_SRC): what has to evaluate to a given text, and what has to fail.
 */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { families } from "../../src/lang/builtins/index.ts";
import {
  createEvaluator,
  force,
  NixError,
  NixString,
  printValue,
  showError,
  type Value,
} from "../../src/lang/index.ts";
import { createNodeHost } from "../../src/lang/node-host.ts";
import { fromBytes, fromText, toText } from "../../src/store/bytes.ts";
import { suite } from "./lib/expected-failures.ts";
import { caseFile, cases, caseText, directory, flagsOf, MessageCount } from "./lib/lang-cases.ts";
import { nixSource, skipSuite } from "./lib/settings.ts";

interface Outcome {
  /** Absent: it failed. */
  readonly value?: { readonly printed: string; readonly xml: () => string };
  /** What is said meanwhile, and why it failed. */
  readonly stderr: string;
}

function searchPathEntry(text: string): { prefix: string; path: string } {
  const equals = text.indexOf("=");
  const [prefix, path] = equals < 0 ? ["", text] : [text.slice(0, equals), text.slice(equals + 1)];
  return { prefix: fromText(prefix), path: fromText(`${directory}/${path}`) };
}

function evaluate(name: string): Outcome {
  const flags = flagsOf(name);
  const messages: string[] = [];
  const evaluator = createEvaluator({
    host: createNodeHost({
      env: { HOME: "/fake-home", TEST_VAR: "foo" },
      onMessage: (kind, text) => messages.push(`${kind}: ${toText(text)}\n`),
    }),
    settings: {
      pureEval: false,
      restrictEval: false,
      nixPath: [...flags.searchPath, "lang/dir3", "lang/dir4"].map(searchPathEntry),
      currentSystem: "x86_64-linux",
      experimentalFeatures: flags.experimentalFeatures,
      literalLint: flags.literalLint,
    },
    families,
  });
  const evalText = (text: string): Value =>
    evaluator.evalString(fromText(text), { kind: "string" }, fromText(directory));
  const run = (): Value => {
    const file = caseFile(name, ".nix");
    const origin = { kind: "file", path: fromText(file) } as const;
    const value = evaluator.evalString(fromBytes(readFileSync(file)), origin, fromText(dirname(file)));
    if (flags.attribute === undefined) return evaluator.deepForce(value);
    const args = [...flags.args].map(([arg, expression]) => `${arg} = ${expression};`).join(" ");
    const select = `fn: (fn (builtins.intersectAttrs (builtins.functionArgs fn) { ${args} })).${flags.attribute}`;
    return evaluator.deepForce(evaluator.call(evalText(select), value));
  };
  try {
    const value = run();
    const xml = (): string => {
      const text = evaluator.call(evalText("builtins.toXML"), value);
      return toText(text instanceof NixString ? text.text : String(force(text)));
    };
    return { value: { printed: `${toText(printValue(value))}\n`, xml }, stderr: messages.join("") };
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    const shown = toText(showError(error, { showTrace: flags.showTrace }));
    return { stderr: `${messages.join("")}${shown}\n` };
  }
}

if (nixSource === undefined) {
  skipSuite("Nix's language tests", "NIXUS_NIX_SRC does not name a source tree of Nix");
} else {
  const { check, checkNames } = suite("lang");
  const okay = cases("eval-okay-").filter((name) => caseText(name, ".exp-disabled") === undefined);
  const fail = cases("eval-fail-");
  checkNames([...okay, ...fail]);
  const messages = new MessageCount();

  describe("evaluates", () => {
    test.each(okay)("%s", (name) =>
      check(name, () => {
        const { value, stderr } = evaluate(name);
        expect(value, stderr).toBeDefined();
        messages.compare(name, stderr);
        const expectedXml = caseText(name, ".exp.xml");
        if (expectedXml !== undefined) {
          expect(value!.xml()).toBe(expectedXml);
          return;
        }
        expect(value!.printed.replaceAll(directory, "/pwd")).toBe(caseText(name, ".exp"));
      }),
    );
  });

  describe("fails", () => {
    test.each(fail)("%s", (name) =>
      check(name, () => {
        const { value, stderr } = evaluate(name);
        expect(value).toBeUndefined();
        messages.compare(name, stderr);
      }),
    );
  });
}
