/**
 * Nix's own language tests (tests/functional/lang of its source, NIXUS_NIX_SRC): what has to evaluate to a given
 * text, and what has to fail.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { families } from "../../src/lang/builtins/index.ts";
import { createEvaluator, force, NixError, NixString, printValue, type Value } from "../../src/lang/index.ts";
import { createNodeHost } from "../../src/lang/node-host.ts";
import { fromText, toText } from "../../src/store/bytes.ts";
import { expectedFailures } from "./expected-failures.ts";

const source = process.env["NIXUS_NIX_SRC"];
/** Paths in the flags and in NIX_PATH are relative to this. */
const directory = source === undefined ? "" : join(source, "tests/functional");
const suite = join(directory, "lang");
const known = expectedFailures("lang");

interface Flags {
  readonly searchPath: readonly string[];
  /** Nix expressions by argument name. */
  readonly args: ReadonlyMap<string, string>;
  readonly attribute: string | undefined;
}

function parseFlags(text: string): Flags {
  const words = text.replace(/#.*/g, "").split(/\s+/).filter(Boolean);
  const searchPath: string[] = [];
  const args = new Map<string, string>();
  let attribute: string | undefined;
  const next = (): string => words.shift() ?? "";
  while (words.length > 0) {
    switch (next()) {
      case "-I":
        searchPath.push(next());
        break;
      case "--arg": {
        const name = next();
        args.set(name, next());
        break;
      }
      case "--argstr": {
        const name = next();
        args.set(name, JSON.stringify(next()));
        break;
      }
      case "-A":
        attribute = next();
        break;
      default:
      // What the flag asks for (experimental features, warnings) is there anyway, or the case fails and is listed.
    }
  }
  return { searchPath, args, attribute };
}

function flagsOf(name: string): Flags {
  const file = join(suite, `${name}.flags`);
  return parseFlags(existsSync(file) ? readFileSync(file, "utf8") : "");
}

function searchPathEntry(text: string): { prefix: string; path: string } {
  const equals = text.indexOf("=");
  const [prefix, path] = equals < 0 ? ["", text] : [text.slice(0, equals), text.slice(equals + 1)];
  return { prefix: fromText(prefix), path: fromText(join(directory, path)) };
}

function evaluate(name: string): { value: Value; xml: () => string } {
  const flags = flagsOf(name);
  const evaluator = createEvaluator({
    host: createNodeHost({ env: { HOME: "/fake-home", TEST_VAR: "foo" }, onMessage: () => {} }),
    settings: {
      pureEval: false,
      restrictEval: false,
      nixPath: [...flags.searchPath, "lang/dir3", "lang/dir4"].map(searchPathEntry),
      currentSystem: "x86_64-linux",
    },
    families,
  });
  const evalText = (text: string): Value =>
    evaluator.evalString(fromText(text), { kind: "string" }, fromText(directory));
  let value = evaluator.importFile(fromText(join(suite, `${name}.nix`)));
  if (flags.attribute !== undefined) {
    const args = [...flags.args].map(([arg, expression]) => `${arg} = ${expression};`).join(" ");
    const select = `fn: (fn (builtins.intersectAttrs (builtins.functionArgs fn) { ${args} })).${flags.attribute}`;
    value = evaluator.call(evalText(select), value);
  }
  evaluator.deepForce(value);
  return {
    value,
    xml: () => {
      const text = evaluator.call(evalText("builtins.toXML"), value);
      return text instanceof NixString ? text.text : String(force(text));
    },
  };
}

/** Runs a case, which has to come out as the list of expected failures says. */
function check(name: string, run: () => void): void {
  const reason = known.get(name);
  if (reason === undefined) {
    run();
    return;
  }
  let passed = false;
  try {
    run();
    passed = true;
  } catch {
    // Listed.
  }
  if (passed) throw new Error(`${name} passes, but expected-failures.txt says: ${reason}`);
}

const cases = (prefix: string): string[] =>
  source === undefined
    ? []
    : readdirSync(suite)
        .filter((file) => file.startsWith(prefix) && file.endsWith(".nix"))
        .map((file) => file.slice(0, -".nix".length));

if (source === undefined) {
  test.skip("Nix's language tests: NIXUS_NIX_SRC does not name a source tree of Nix", () => {});
} else {
  describe("evaluates", () => {
    const okay = cases("eval-okay-").filter((name) => !existsSync(join(suite, `${name}.exp-disabled`)));
    test.each(okay)("%s", (name) => {
      check(name, () => {
        const { value, xml } = evaluate(name);
        const expectedXml = join(suite, `${name}.exp.xml`);
        if (existsSync(expectedXml)) {
          expect(toText(xml())).toBe(readFileSync(expectedXml, "utf8"));
          return;
        }
        const printed = `${toText(printValue(value))}\n`.replaceAll(directory, "/pwd");
        expect(printed).toBe(readFileSync(join(suite, `${name}.exp`), "utf8"));
      });
    });
  });

  describe("fails", () => {
    test.each(cases("eval-fail-"))("%s", (name) => {
      check(name, () => {
        expect(() => evaluate(name)).toThrow(NixError);
      });
    });
  });
}
