import { describe, expect, it } from "vitest";
import { excerpt } from "../../../src/lang/syntax/excerpt.ts";
import { parse } from "../../../src/lang/syntax/parser.ts";
import { noPos } from "../../../src/lang/syntax/positions.ts";
import { toText } from "../../../src/store/bytes.ts";
import { failure, failureOf, parseText } from "./parsing.ts";

describe("syntax errors say what was expected", () => {
  it.each([
    ["", "1:1: syntax error, unexpected end of file"],
    ["(\n", "2:1: syntax error, unexpected end of file"],
    ["(a", "1:3: syntax error, unexpected end of file, expecting ')'"],
    ["a }", "1:3: syntax error, unexpected '}', expecting end of file"],
    ["[ a ; ]", "1:5: syntax error, unexpected ';'"],
    ["{ a = 1 }", "1:9: syntax error, unexpected '}', expecting ';'"],
    ["{ a = 1; 2 }", "1:10: syntax error, unexpected integer, expecting 'inherit'"],
    ["{ a b }", "1:5: syntax error, unexpected identifier, expecting '.' or '='"],
    ["f { a, b }", "1:6: syntax error, unexpected ',', expecting '.' or '='"],
    ["rec { 1", "1:7: syntax error, unexpected integer, expecting 'inherit' or '}'"],
    ["rec a", "1:5: syntax error, unexpected identifier, expecting '{'"],
    ["let a = 1;", "1:11: syntax error, unexpected end of file, expecting 'in' or 'inherit'"],
    ["let { a = 1; 2", "1:14: syntax error, unexpected integer, expecting 'inherit' or '}'"],
    ["1 + let a = 1; in a", "1:9: syntax error, unexpected identifier, expecting '{'"],
    ["if a b", "1:7: syntax error, unexpected end of file, expecting 'then'"],
    ["if a then b", "1:12: syntax error, unexpected end of file, expecting 'else'"],
    ["with a b", "1:9: syntax error, unexpected end of file, expecting ';'"],
    ["{ a, 1 }: a", "1:6: syntax error, unexpected integer, expecting identifier or '...' or '}'"],
    ["{ a, b c }: a", "1:8: syntax error, unexpected identifier, expecting '}' or ','"],
    ["{ a ? 1; }: a", "1:8: syntax error, unexpected ';', expecting '}' or ','"],
    ["{ ..., a }: a", "1:6: syntax error, unexpected ',', expecting '}'"],
    ["{ a } b", "1:7: syntax error, unexpected identifier, expecting ':' or '@'"],
    ["{ a }@1", "1:7: syntax error, unexpected integer, expecting identifier"],
    ["{ a }@b c", "1:9: syntax error, unexpected identifier, expecting ':'"],
    ["a@b", "1:3: syntax error, unexpected identifier, expecting '{'"],
    ["a@{ 1", "1:5: syntax error, unexpected integer, expecting identifier or '...' or '}'"],
    ["a@{ b } c", "1:9: syntax error, unexpected identifier, expecting ':'"],
    ["a. 1", "1:4: syntax error, unexpected integer, expecting identifier or 'or' or '${' or '\"'"],
    ["a.${b c", "1:8: syntax error, unexpected end of file, expecting '}'"],
    ["{ inherit (a; }", "1:13: syntax error, unexpected ';', expecting ')'"],
    ["{ inherit a = 1; }", "1:13: syntax error, unexpected '='"],
    ["a ? b.c or d", "1:9: syntax error, unexpected 'or', expecting end of file"],
    ["a: b: if", "1:9: syntax error, unexpected end of file"],
    ["1 'a", "1:3: syntax error, unexpected invalid token, expecting end of file"],
    ["a $ b", "1:3: syntax error, unexpected invalid token, expecting end of file"],
    ["a.~/b", "1:3: syntax error, unexpected '~/…' path, expecting identifier or 'or' or '${' or '\"'"],
  ])("%j", (source, message) => {
    expect(failure(source)).toBe(message);
  });
});

describe("excerpts", () => {
  it("show the lines around the place", () => {
    const text = "{\n  y = 456;\n  x = = 789;\n}\n";
    const { pos } = failureOf(() => parse(text, { kind: "file", path: "/etc/x.nix" }, { basePath: "/etc" }));
    expect(excerpt(pos!)).toBe(
      [
        "at /etc/x.nix:3:7:",
        "     2|   y = 456;",
        "     3|   x = = 789;",
        "      |       ^",
        "     4| }",
      ].join("\n"),
    );
  });

  it("have no lines that are not there, and no blanks at line ends", () => {
    expect(toText(excerpt(parseText("  a").pos))).toBe("at «string»:1:3:\n     1|   a\n      |   ^");
    const { pos } = failureOf(() => parseText("(\r\n# x \r"));
    expect(toText(excerpt(pos!))).toBe("at «string»:3:1:\n     2| # x\n     3|\n      | ^");
  });

  it("are empty where there is no position", () => {
    expect(excerpt(noPos)).toBe("");
  });
});
