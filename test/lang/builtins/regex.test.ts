import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Regex, RegexError } from "../../../src/lang/builtins/regex.ts";
import { parseRegex } from "../../../src/lang/builtins/regex-syntax.ts";
import { translateRegex } from "../../../src/lang/builtins/regex-translate.ts";
import { referenceMatch, referenceSplit } from "./regex-reference.ts";
import { agreesWithNix, evaluates, fails, quoted } from "./support.ts";

describe("match", () => {
  evaluates([
    ['builtins.match "ab" "abc"', "null"],
    ['builtins.match "abc" "abc"', "[ ]"],
    ['builtins.match "a(b)(c)" "abc"', '[ "b" "c" ]'],
    ['builtins.match "((.*)/)?([^/]*)\\\\.(nix|cc)" "foobar.cc"', '[ null null "foobar" "cc" ]'],
    // What a group matched in an earlier round stays.
    ['builtins.match "((a)|b)*" "ab"', '[ "b" "a" ]'],
    ['builtins.match "(a*)*" ""', '[ "" ]'],
    ['builtins.match "(a*)?" ""', '[ "" ]'],
    ['builtins.match "." "\\n"', "[ ]"],
    // Bytes, not characters.
    ['builtins.match "..(.)" "éx"', '[ "x" ]'],
    ['builtins.match "[[:alpha:]]" "é"', "null"],
    ['builtins.match "[[.hyphen.]x][[=a=]]" "-A"', "[ ]"],
  ]);
});

describe("split", () => {
  evaluates([
    ['builtins.split "(a)b" "abc"', '[ "" [ "a" ] "c" ]'],
    ['builtins.split "(a)|(c)" "abc"', '[ "" [ "a" null ] "b" [ null "c" ] "" ]'],
    // The longest alternative, not the first.
    ['builtins.split "(a|ab)(c|bcd)" "abcd"', '[ "" [ "a" "bcd" ] "" ]'],
    ['builtins.split "a|ab" "abc"', '[ "" [ ] "c" ]'],
    // But a repetition is left only when one more round leads nowhere.
    ['builtins.split "a*(ab)?" "aab"', '[ "" [ null ] "" [ null ] "b" [ null ] "" ]'],
    ['builtins.split "a*" "baac"', '[ "" [ ] "b" [ ] "" [ ] "c" [ ] "" ]'],
    ['builtins.split "" "abc"', '[ "" [ ] "a" [ ] "b" [ ] "c" [ ] "" ]'],
    ['builtins.split "^a" "aab"', '[ "" [ ] "ab" ]'],
    ['builtins.split "b$" "bb"', '[ "b" [ ] "" ]'],
    ['builtins.split "x" "abc"', '[ "abc" ]'],
  ]);
});

describe("failures", () => {
  fails([
    ['builtins.match "(.*" ""', "invalid regular expression '(.*'"],
    ['builtins.split "a)" ""', "invalid regular expression 'a)'"],
    ['builtins.match "a{100000}" ""', "memory limit exceeded by regular expression 'a{100000}'"],
    ['builtins.match "(" (throw "the expression comes first")', "invalid regular expression '('"],
    [
      'builtins.match 1 ""',
      "expected a string but found an integer: 1",
      "while evaluating the first argument passed to builtins.match",
    ],
  ]);

  const invalid = [
    ..."*a (*a) a|*b ^* + ? { a{ a{x} a{,3} a{3,1} a{2 ( a) [ [a [] [^] [z-a] [a-z-9] [[:alpha:]-z] [[:foo:]]".split(
      " ",
    ),
    ..."[[.-.]] [[=xy=]] [a--] [-----] [[. \\d \\] \\} \\- \\ (a)\\1 [a-\xe9]".split(" "),
  ];
  test.each(invalid)("%s is no regular expression", (source) => {
    expect(() => new Regex(source)).toThrow(RegexError);
  });

  const valid =
    "a** a{2}{3} () a| | [a\\] []a] [^]a] [--9] [a-] [a-z-] [%--] [^-] ] } a{0} [[:ALPHA:]] [[.a.]-z]".split(
      " ",
    );
  test.each(valid)("%s is a regular expression", (source) => {
    expect(() => new Regex(source)).not.toThrow();
  });
});

describe("expressions that make backtracking explode", () => {
  const long = "a".repeat(5000);
  test.each(["(a+)+b", "(a|a)*b", "(a*)*b", "(a?a)*b", "((a|aa)+)+b", "(.*a)*b"])("%s", (source) => {
    expect(new Regex(source).match(long)).toBeUndefined();
    expect(new Regex(source).match(`${long}b`)).toBeDefined();
  });
});

/** Sources of expressions over a and b, without repetitions of what may be empty. */
const source = fc.letrec<{ source: string; solid: string }>((tie) => ({
  /** Never empty. */
  solid: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(a|b)", "(a|ab)", "(ab|a)"),
    fc.tuple(tie("solid"), tie("source")).map(([a, b]) => `(${a})${b}`),
    fc.tuple(tie("solid"), tie("solid")).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie("solid"), fc.constantFrom("+", "{2}", "{1,2}")).map(([a, count]) => `(${a})${count}`),
  ),
  source: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("solid"),
    fc.tuple(tie("solid"), fc.constantFrom("*", "?", "{0,2}")).map(([a, count]) => `(${a})${count}`),
    fc.tuple(tie("source"), tie("source")).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie("source"), tie("source")).map(([a, b]) => a + b),
    fc.constantFrom("", "^", "$"),
  ),
})).source;
const subject = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 7 });

describe("against the reference", () => {
  const cases = fc.tuple(source, subject).filter(([pattern]) => pattern.length < 60);

  test("match", () => {
    fc.assert(
      fc.property(cases, ([pattern, text]) => {
        expect(new Regex(pattern).match(text)).toEqual(referenceMatch(pattern, text));
      }),
      { numRuns: 1500 },
    );
  });

  test("split", () => {
    fc.assert(
      fc.property(cases, ([pattern, text]) => {
        const { texts, groups } = new Regex(pattern).split(text);
        const interleaved = texts.flatMap((part, i) => (i < groups.length ? [part, groups[i]!] : [part]));
        expect(interleaved).toEqual(referenceSplit(pattern, text));
      }),
      { numRuns: 1500 },
    );
  });
});

describe("translation to JavaScript's expressions", () => {
  const translated = (pattern: string, mode: "whole" | "search") =>
    translateRegex(parseRegex(pattern), mode) !== undefined;

  test.each(["(.*)\\.nix", "[[:space:]]*([^[:space:]]+)", "([0-9]+)\\.([0-9]+)(\\.([0-9]+))?", "(ab)*c"])(
    "%s is left to V8",
    (pattern) => {
      expect(translated(pattern, "whole")).toBe(true);
      expect(translated(pattern, "search")).toBe(true);
    },
  );

  test.each(["(a|ab)c", "x(foo|foobar)"])("%s is not when searching", (pattern) => {
    expect(translated(pattern, "whole")).toBe(true);
    expect(translated(pattern, "search")).toBe(false);
  });

  test.each(["(a*)*", "(a+)+", "((a)|b)*", "(a*)?"])("%s is not", (pattern) => {
    expect(translated(pattern, "whole")).toBe(false);
  });
});

const patterns = [
  ..."a* (a|ab)(c|bcd) (a*)* ((a)|b)* (a|b)*abb x*y? ([a-c]+)|([x-z]+) (a?)(ab)? ((a|b)?c)* (|a)+ (a|)+b".split(
    " ",
  ),
  ..."[[:space:]]+|([',.!?]) (.)(.*) ^a|b$ [^a]b? (a{1,2}){2} ((b+)|a)+c? ()* (()|a)*b ([[:upper:]]|_)+".split(
    " ",
  ),
];
const subjects = ["", "a", "ab", "abc", "abcd", "aab", "baac", "aaab c", "xyzzy", "abb, cab. A_B!", "ccacbc"];
agreesWithNix(
  patterns.flatMap((pattern) =>
    subjects.flatMap((text) => [
      `builtins.match ${quoted(pattern)} ${quoted(text)}`,
      `builtins.split ${quoted(pattern)} ${quoted(text)}`,
    ]),
  ),
);
