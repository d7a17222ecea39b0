import { describe, expect, it } from "vitest";
import { evaluationArguments, evaluationFlags, settingFlag } from "../../../src/cli/arguments/evaluation.ts";
import { describeFlags, type Flag, readFlags } from "../../../src/cli/arguments/flags.ts";
import { wordsOf } from "../../../src/cli/arguments/settings.ts";

interface Draft {
  readonly seen: string[];
}

const note =
  (name: string) =>
  (draft: Draft, ...operands: string[]) =>
    void draft.seen.push([name, ...operands].join(" "));

const table: readonly Flag<Draft>[] = [
  { names: ["--quick", "-q"], brief: "Be quick", apply: note("quick") },
  { names: ["--include", "-I"], operands: ["PATH"], brief: "Look there", apply: note("include") },
  { names: ["--arg"], operands: ["NAME", "EXPR"], apply: note("arg") },
  { names: ["-"], apply: note("stdin") },
];

function read(...args: string[]) {
  const draft: Draft = { seen: [] };
  const words = readFlags(args, table, draft, () => undefined);
  return { seen: draft.seen, words };
}

describe("flags of Nix's programs", () => {
  it("stand anywhere, take operands and may be repeated", () => {
    expect(read("a", "--include", "x", "-q", "b", "-I", "y", "--arg", "n", "-q")).toEqual({
      seen: ["include x", "quick", "include y", "arg n -q"],
      words: ["a", "b"],
    });
  });

  it("may be joined, the last one with its operand", () => {
    expect(read("-qqI", "x").seen).toEqual(["quick", "quick", "include x"]);
    expect(read("-qI/some/path").seen).toEqual(["quick", "include /some/path"]);
  });

  it("include a lone dash; an empty word is a word", () => {
    expect(read("-", "")).toEqual({ seen: ["stdin"], words: [""] });
  });

  it("that nobody knows, or that lack something, are errors", () => {
    expect(() => read("--slow")).toThrow("unrecognised flag '--slow'");
    expect(() => read("-qx")).toThrow("unrecognised flag '-x'");
    expect(() => read("-I")).toThrow("'-I' requires an argument");
    expect(() => read("--arg", "n")).toThrow("'--arg' requires 2 arguments");
  });

  it("are listed when they have a description", () => {
    expect(describeFlags(table)).toBe("  --quick -q         Be quick\n  --include -I PATH  Look there\n");
  });
});

describe("flags of evaluations", () => {
  function evaluation(...args: string[]) {
    const draft = evaluationArguments({ NIX_CONF_DIR: "/nonexistent", XDG_CONFIG_DIRS: "" });
    readFlags(args, evaluationFlags, draft, settingFlag);
    return draft;
  }

  it("set values of functions' arguments; the last one of a name counts", () => {
    const { autoArguments } = evaluation("--arg", "a", "1 + 1", "--argstr", "b", "x", "--argstr", "a", "y");
    expect([...autoArguments]).toEqual([
      ["a", { kind: "string", text: "y" }],
      ["b", { kind: "string", text: "x" }],
    ]);
  });

  it("include Nix's settings in all their forms", () => {
    const of = (...args: string[]) => Object.fromEntries(evaluation(...args).settings);
    expect(of("--pure-eval", "--impure")).toEqual({ "pure-eval": "false" });
    expect(of("--no-restrict-eval", "--max-call-depth", "100")).toEqual({
      "restrict-eval": "false",
      "max-call-depth": "100",
    });
    expect(of("--option", "trace-verbose", "yes")).toEqual({ "trace-verbose": "true" });
    expect(of("--extra-experimental-features", "a", "--extra-experimental-features", "b c")).toEqual({
      "extra-experimental-features": "a b c",
    });
    const { settings } = evaluation("--nix-path", "a", "--extra-nix-path", "b");
    expect(wordsOf(settings, "nix-path")).toEqual(["a", "b"]);
    expect(of("--extra-nix-path", "b", "--nix-path", "a")).toEqual({ "nix-path": "a" });
    expect(of("--sandbox", "--use-sqlite-wal", "--max-free", "3", "--option", "sandbox", "relaxed")).toEqual({
      sandbox: "relaxed",
      "use-sqlite-wal": "true",
      "max-free": "3",
    });
    expect(of("--show-trace", "--no-show-trace")).toEqual({ "show-trace": "false" });
  });

  it("name settings that nobody has, and refuse values that don't fit", () => {
    expect(evaluation("--option", "no-such-thing", "1").unknownSettings).toEqual(["no-such-thing"]);
    expect(() => evaluation("--option", "pure-eval", "maybe")).toThrow(
      "Boolean setting 'pure-eval' has invalid value 'maybe'",
    );
    for (const value of ["x", "", "-1", "1z", "5g"]) {
      const message = `setting 'max-call-depth' has invalid value '${value}'`;
      expect(() => evaluation("--max-call-depth", value)).toThrow(message);
    }
    expect(() => evaluation("--lint-url-literals", "loud")).toThrow(
      "option 'lint-url-literals' has invalid value 'loud' (expected 'ignore', 'warn', or 'fatal')",
    );
    expect(() => evaluation("--option", "pure-eval")).toThrow("'--option' requires 2 arguments");
    expect(() => evaluation("--constructor")).toThrow("unrecognised flag '--constructor'");
  });
});
