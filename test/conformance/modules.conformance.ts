/**
 * The assertions of nixpkgs' tests of the module system (lib/tests/modules.sh, NIXUS_NIXPKGS_LIB), with our `lib` in
 * the place of nixpkgs'. The script itself says what is asserted: its assertions are recorded and carried out here.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseAttrPath } from "../../src/fleet/attr-path.ts";
import { createSession } from "../../src/fleet/session.ts";
import { NixError } from "../../src/lang/eval/errors.ts";
import { showError } from "../../src/lang/eval/show-error.ts";
import { type Attrs, force, type Slot } from "../../src/lang/eval/value.ts";
import { noPos } from "../../src/lang/syntax/positions.ts";
import { fromText, toText } from "../../src/store/bytes.ts";
import { suite as conformanceSuite } from "./lib/expected-failures.ts";
import { nixpkgsLib, skipSuite } from "./lib/settings.ts";

const hint = /if you get an infinite recursion here/i;

interface Assertion {
  readonly kind: "output" | "error" | "expression";
  /** A pattern of grep: -E for output, -P over everything for errors. */
  readonly pattern: string;
  /** Attribute path; the file of an expression. */
  readonly subject: string;
  readonly modules: readonly string[];
  readonly strict: boolean;
  readonly abortOnWarn: boolean;
  readonly needsHint: boolean;
}

/** Our recorders take the place of the functions that the script defines. */
const recorder = String.raw`
record() { printf '%s\0' "$1" "\${STRICT_EVAL-}" "\${ABORT_ON_WARN-}" "\${REQUIRE_INFINITE_RECURSION_HINT-}" "$(($# - 1))" "\${@:2}" >&3; }
checkConfigOutput() { record output "$@"; }
checkConfigError() { record error "$@"; }
checkExpression() { record expression "" "$1"; }
`;

function assertionsOf(script: string, directory: string): Assertion[] {
  const recording = readFileSync(script, "utf8").replaceAll(
    /^(check(?:ConfigOutput|ConfigError|Expression))\(\)/gm,
    "unused-$1()",
  );
  const file = join(directory, "lib/tests/recording.sh");
  writeFileSync(file, recorder.replaceAll("\\${", "${") + recording);
  const { output, status, stderr } = spawnSync("bash", [file], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(`the script fails: ${String(stderr)}`);
  const words = String(output[3]).split("\0");
  const found: Assertion[] = [];
  for (let at = 0; at + 5 < words.length; ) {
    const [kind, strict, abortOnWarn, needsHint, count] = words.slice(at, at + 5);
    const [pattern, subject, ...modules] = words.slice(at + 5, at + 5 + Number(count));
    at += 5 + Number(count);
    found.push({
      kind: kind as Assertion["kind"],
      pattern: pattern!,
      subject: subject!,
      modules,
      strict: strict === "1",
      abortOnWarn: abortOnWarn === "1",
      needsHint: needsHint !== "",
    });
  }
  return found;
}

/** What `nix-instantiate --eval --json` would print. */
interface Outcome {
  readonly output: string | undefined;
  readonly errors: string;
}

function run(directory: string, assertion: Assertion): Outcome {
  let errors = "";
  const { evaluator } = createSession({
    env: {},
    onMessage: (kind, text) => {
      errors += `${kind}: ${toText(text)}\n`;
      if (kind !== "trace" && assertion.abortOnWarn) throw new NixError("abort", "aborted on a warning");
    },
  });
  const base = join(directory, "lib/tests/modules");
  const expression =
    assertion.kind === "expression"
      ? `import ${assertion.subject}`
      : `import ./default.nix { lib = import <nixus/lib>; modules = [ ${assertion.modules.join(" ")} ]; }`;
  try {
    let slot: Slot = evaluator.evalString(fromText(expression), { kind: "string" }, fromText(base));
    if (assertion.kind !== "expression") {
      for (const name of parseAttrPath(fromText(assertion.subject))) {
        const value = force(slot);
        slot = Array.isArray(value)
          ? (value[Number(name)] as Slot)
          : (evaluator.forceAttrs(value, noPos, "a value") as Attrs).getByName(name)!;
        if (slot === undefined) {
          throw new NixError(
            "missingAttribute",
            `attribute '${name}' in selection path '${fromText(assertion.subject)}' not found`,
          );
        }
      }
    }
    if (assertion.strict || assertion.kind === "expression") evaluator.deepForce(slot);
    const json = evaluator.call(evaluator.builtins.getByName("toJSON")!, slot);
    return { output: toText(evaluator.forceString(json, noPos, "the JSON", new Set())), errors };
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return { output: undefined, errors: errors + toText(showError(error, { showTrace: true })) };
  }
}

/** Bash's `$(...)` ends without a line break, and `echo` adds one. */
function grep(flags: readonly string[], pattern: string, text: string): boolean {
  const { status } = spawnSync("grep", [...flags, "-q", "-e", pattern], {
    input: `${text}\n`,
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  return status === 0;
}

function check(directory: string, assertion: Assertion): void {
  const { output, errors } = run(directory, assertion);
  switch (assertion.kind) {
    case "expression":
      expect(output, errors).toBeDefined();
      break;
    case "output":
      expect(output, errors).toBeDefined();
      expect(grep(["-E"], assertion.pattern, output!), `${output} matches ${assertion.pattern}`).toBe(true);
      break;
    case "error":
      expect(output, "it has to fail").toBeUndefined();
      expect(grep(["-zP"], assertion.pattern, errors), `it matches ${assertion.pattern}:\n${errors}`).toBe(
        true,
      );
      expect(hint.test(errors), "whether it says where a recursion may come from").toBe(assertion.needsHint);
  }
}

/** Names that do not change when assertions come and go elsewhere in the script. */
function named(assertions: readonly Assertion[]): Map<string, Assertion> {
  const all = new Map<string, Assertion>();
  for (const assertion of assertions) {
    const words = [
      assertion.kind,
      assertion.subject,
      ...assertion.modules.map((module) => module.replace(/^\.\//, "")),
    ];
    const name = words.join(",").replaceAll(/[\s:/]+/g, "_");
    let unique = name;
    for (let copy = 2; all.has(unique); copy++) unique = `${name},${copy}`;
    all.set(unique, assertion);
  }
  return all;
}

if (nixpkgsLib === undefined) skipSuite("nixpkgs' lib/tests/modules.sh", "NIXUS_NIXPKGS_LIB is not set");
else {
  const directory = mkdtempSync(join(tmpdir(), "nixus-modules-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(nixpkgsLib, "tests/modules"), join(directory, "lib/tests/modules"), { recursive: true });
  // `import ../..` in the tests means the library.
  writeFileSync(join(directory, "lib/default.nix"), "import <nixus/lib>\n");
  const cases = named(assertionsOf(join(nixpkgsLib, "tests/modules.sh"), directory));
  const suite = conformanceSuite("modules");
  describe("nixpkgs' lib/tests/modules.sh with our lib", () => {
    test.each([...cases.keys()])("%s", (name) => suite.check(name, () => check(directory, cases.get(name)!)));
    suite.checkNames([...cases.keys()]);
  });
}
