import { describe, expect, it } from "vitest";
import { parse } from "../../../src/lang/syntax/parser.ts";
import { toText } from "../../../src/store/bytes.ts";
import { failure, failureOf, parseText, shown } from "./parsing.ts";

describe("numbers", () => {
  it.each([
    ["0", "0"],
    ["007", "7"],
    ["9223372036854775807", "9223372036854775807"],
    ["1.5", "1.5"],
    [".5", "0.5"],
    ["1.", "1"],
    ["0.25e2", "25"],
    ["1234567.0", "1.23457e+06"],
    ["1.0e-7", "1e-07"],
    ["123456.0", "123456"],
    ["a: [ 1e3 ]", "(a: [ (1) (e3) ])"],
    ["[ 01.5 ]", "[ (1) (0.5) ]"],
    ["[ 1.5.25 ]", "[ (1.5) (0.25) ]"],
  ])("%s is %s", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it("are in range", () => {
    expect(failure("[ 9223372036854775808 ]")).toBe("1:3: invalid integer '9223372036854775808'");
    expect(failure("1.0e999")).toBe("1:1: invalid float '1.0e999'");
    expect(failure("1.0e-310")).toBe("1:1: invalid float '1.0e-310'");
    expect(shown("0.0e-400")).toBe("0");
  });
});

describe("strings", () => {
  it.each([
    [String.raw`"a\n\t\r\"\\\x\${y}"`, String.raw`"a\n\t\r\"\\x\${y}"`],
    ['"$a $$ $"', '"$a $$ $"'],
    ['"$${a}"', '"$\\${a}"'],
    ['"$$${a}"', '("$$" + a)'],
    ['"$\\${a}"', '"$\\${a}"'],
    ['"a\r\nb\rc\nd\\\re"', String.raw`"a\nb\nc\nd\re"`],
    ['"${a}"', "(a)"],
    ['"x${a}${"y"}z"', '("x" + a + "y" + "z")'],
    ['"grüße ✓"', '"grüße ✓"'],
    ['""', '""'],
  ])("%j", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it("keep bytes that are not UTF-8", () => {
    expect(parse('"\xff\xfe"', { kind: "string" }, { basePath: "/" })).toMatchObject({ value: "\xff\xfe" });
  });

  it("refuse NUL bytes", () => {
    expect(failure('"a\0b"')).toBe(
      "1:2: input string 'a␀b' cannot be represented as Nix string because it contains null bytes",
    );
    expect(failure("''a\0''")).toContain("because it contains null bytes");
    expect(failure("1 \0")).toBe("1:3: syntax error, unexpected invalid token, expecting end of file");
  });

  it("end where they should", () => {
    expect(failure('"abc')).toBe("1:5: syntax error, unexpected end of file, expecting '\"'");
    expect(failure('"abc\\')).toBe("1:6: syntax error, unexpected end of file, expecting '\"'");
    expect(failure('"a${b"')).toBe("1:7: syntax error, unexpected end of file, expecting '\"'");
    expect(failure('"a${b c')).toBe("1:8: syntax error, unexpected end of file, expecting '}'");
    expect(failure("''abc")).toBe(
      "1:6: syntax error, unexpected end of file, expecting indented string or '${' or end of an indented string",
    );
  });
});

describe("indented strings", () => {
  it.each([
    ["''''", '""'],
    ["''  \n  ''", '""'],
    ["''a''", '"a"'],
    ["''\n  a\n    b\n  c\n''", String.raw`"a\n  b\nc\n"`],
    ["''\n    a\n  ''", String.raw`"a\n"`],
    ["''\n    a\n  b''", String.raw`"  a\nb"`],
    ["''\n\n    a\n \n    b''", String.raw`"\na\n\nb"`],
    ["''  a\n  b''", String.raw`"a\nb"`],
    ["''\n\ta\n  b''", String.raw`"\ta\n  b"`],
    ["'' \t\n  a''", String.raw`"\t\n a"`],
    ["''\n  ''${x}\n  '''\n  ''\\n  y''", '("$" + "{x}\\n" + "\'\'" + "\\n" + "\\n" + "y")'],
    ["''$''$a''", '("$" + "$" + "a")'],
    ["''$${a}''", '"$\\${a}"'],
    ["''it's'x''", "\"it's'x\""],
    ["''a$'b''", '("a" + "$" + "\'b")'],
    ["''\n  a\n  ${b}\n    c\n''", '("a\\n" + b + "\\n  c\\n")'],
    ["''\n    ${a}\n  ${b}''", '("  " + a + "\\n" + b)'],
    ["''${a}''", "(a)"],
    ["''\n  ${a}''", "(a)"],
    ["''\r\n  a''", String.raw`"\r\n  a"`],
    ["''a\r\n  b''", String.raw`"a\r\n  b"`],
    ["''\n  a ${\"  b\"}  \n  ''", '("a " + "  b" + "  \\n")'],
  ])("%j", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it("take a literal line end after an escape as one, as Nix does", () => {
    // The escape ends the indentation where it is measured, but begins a line where it is stripped.
    expect(shown("''\n    a''\\n    b''")).toBe('("a" + "\\n" + "b")');
  });
});

describe("paths", () => {
  it.each([
    ["./a", "/base/a"],
    ["../a/./b//../c", undefined],
    ["../a/./b/../c", "/a/c"],
    ["a/b", "/base/a/b"],
    ["a-b/c+d", "/base/a-b/c+d"],
    ["a.b/c", "/base/a.b/c"],
    ["/a/../../b", "/b"],
    ["~/x/y", "/home/me/x/y"],
    ["./${a}", "(/base/ + a)"],
    ["a/${b}", "(/base/a/ + b)"],
    ["a/b${c}d/e.f", '(/base/a/b + c + "d/e.f")'],
    ["~/${a}/b", '(/home/me/ + a + "/b")'],
    ["/${a}", "(/ + a)"],
    ["./a//${b}", '(/base/a/ + "/" + b)'],
    ["f: [ f./a ]", "(f: [ (/base/f./a) ])"],
    ["a: a +/b", "(a: (a /base/+/b))"],
    ["a: a /b", "(a: (a /b))"],
    ["a: a/ b", "(a: (__div a b))"],
    ["a: b: a-b/c", "(a: (b: /base/a-b/c))"],
    ["x: x'y/z", "(x: (x'y /z))"],
    [".../x", "/base/.../x"],
    ["1/2", "/base/1/2"],
    ["<nixpkgs>", '(__findFile __nixPath "nixpkgs")'],
    ["<nixpkgs/a.b/c-d> { }", '(__findFile __nixPath "nixpkgs/a.b/c-d" { })'],
    ["a: b: a <b", "(a: (b: (__lessThan a b)))"],
    ["a: b: a<b/c", "(a: (b: (__lessThan a /base/b/c)))"],
  ])("%s", (source, printed) => {
    if (printed === undefined) expect(() => parseText(source)).toThrow("unexpected end of path");
    else expect(shown(source)).toBe(printed);
  });

  it("do not end with a slash", () => {
    expect(failure("./a/")).toBe("1:5: path has a trailing slash");
    expect(failure("[ a/b/ c ]")).toBe("1:7: path has a trailing slash");
    expect(failure("./${a}/")).toBe("1:8: path has a trailing slash");
  });

  it("below a home are refused without one", () => {
    const error = failureOf(() => parse("~/a", { kind: "string" }, { basePath: "/" }));
    expect(error.kind).toBe("restricted");
    expect(toText(error.message)).toBe("the path '~/a' can not be resolved in pure mode");
  });
});

describe("URIs", () => {
  it.each([
    ["x:x", '"x:x"'],
    ["http://a.b/c?d=e&f=%20~'!$,", '"http://a.b/c?d=e&f=%20~\'!$,"'],
    ["a.b+c-d:e", '"a.b+c-d:e"'],
    ["x: x", "(x: x)"],
    ["a_b:c: a_b", "(a_b: (c: a_b))"],
    ["x':x", "(x': x)"],
  ])("%s", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });
});

describe("comments and blanks", () => {
  it("stand between tokens", () => {
    expect(shown("/**/ 1 # one\r+ /* two *  / */ 2 /*** 3 ***/\t#")).toBe("(1 + 2)");
  });

  it("have to be closed", () => {
    expect(failure("1 /* 2")).toBe("1:4: syntax error, unexpected '*'");
  });

  it("are not other white space", () => {
    expect(failure("1\f")).toBe("1:2: syntax error, unexpected invalid token, expecting end of file");
  });
});
