import { describe, expect, it } from "vitest";
import { formatPos } from "../../../src/lang/syntax/positions.ts";
import { symbolName } from "../../../src/lang/syntax/symbols.ts";
import { failure, failureOf, parseText, shown } from "./parsing.ts";

describe("operators", () => {
  it.each([
    ["a -> b -> c", "(a -> (b -> c))"],
    ["a || b && c || d", "((a || (b && c)) || d)"],
    ["a == b && c != d", "((a == b) && (c != d))"],
    ["a < b == c >= d", "((__lessThan a b) == (! (__lessThan c d)))"],
    ["a <= b", "(! (__lessThan b a))"],
    ["a > b", "(__lessThan b a)"],
    ["a // b // c", "(a // (b // c))"],
    ["a ++ b ++ c", "(a ++ (b ++ c))"],
    ["a + b - c + d", "((__sub (a + b) c) + d)"],
    ["a * b / c", "(__div (__mul a b) c)"],
    ["a + b * c ++ d", "(a + (__mul b (c ++ d)))"],
    ["!a == b", "((! a) == b)"],
    ["!a + b", "(! (a + b))"],
    ["!a // b", "((! a) // b)"],
    ["!!a ? b", "(! (! ((a) ? b)))"],
    ["a * !b + c", "(__mul a (! (b + c)))"],
    ["a * !b // c", "((__mul a (! b)) // c)"],
    ["-a ? b", "(((__sub 0 a)) ? b)"],
    ["-a ++ b", "((__sub 0 a) ++ b)"],
    ["- - f x", "(__sub 0 (__sub 0 (f x)))"],
    ["-!a + b", "(__sub 0 (! (a + b)))"],
    ["a ? b ? c", "((((a) ? b)) ? c)"],
    ['a ? b."c d".${e}', '((a) ? b."c d"."${e}")'],
    ["a ? b == c ? d", "(((a) ? b) == ((c) ? d))"],
    ["a == b -> !c", "((a == b) -> (! c))"],
    ["f a // g b", "((f a) // (g b))"],
    ["a != (b != c)", "(a != (b != c))"],
  ])("%s", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it.each([
    ["a == b == c", "1:8: syntax error, unexpected '=='"],
    ["a == b != c", "1:8: syntax error, unexpected '!='"],
    ["a < b > c", "1:7: syntax error, unexpected '>'"],
    ["a == b < c == d", "1:12: syntax error, unexpected '=='"],
    ["!a == b == c", "1:9: syntax error, unexpected '=='"],
  ])("%s does not associate", (source, message) => {
    expect(failure(source)).toBe(message);
  });

  it("pipe into calls when that is allowed", () => {
    const options = { pipeOperators: true };
    expect(shown("a |> f |> g x", options)).toBe("(g x (f a))");
    expect(shown("f <| g <| a -> b", options)).toBe("(f (g (a -> b)))");
    expect(failure("a |> f <| b", options)).toBe("1:8: syntax error, unexpected '<|', expecting end of file");
    expect(failure("f <| a |> b", options)).toBe("1:8: syntax error, unexpected '|>', expecting end of file");
    expect(failure("[ (a |> f) ]")).toBe(
      "1:6: experimental Nix feature 'pipe-operators' is disabled; " +
        "add '--extra-experimental-features pipe-operators' to enable it",
    );
  });
});

describe("calls and selection", () => {
  it.each([
    ["f a b", "(f a b)"],
    ["(f a) b", "(f a b)"],
    ["f (a b)", "(f (a b))"],
    ["(1 - 2) 3", "(__sub 1 2 3)"],
    ["a.b.c or d.e or f", "(a).b.c or ((d).e or (f))"],
    ["f a.b or c d", "(f (a).b or (c) d)"],
    ["a.or", "(a).or"],
    ["a.b or or", undefined],
    ["f or", "(f or)"],
    ["map or [ ]", "(map or [ ])"],
    ["[ f or x ]", "[ ((f or)) (x) ]"],
    ["(f x) or", "((f x) or)"],
    ['a."b".${"c"}.${d}."${e}f"', '(a).b.c."${d}"."${(e + "f")}"'],
    ['a."if"."x y".""', '(a)."if"."x y".""'],
    ["__curPos", "__curPos"],
    ["__curPos: 1", "(__curPos: 1)"],
    ["(a: b) c", "((a: b) c)"],
    ["[ a (b c) -1 ]", undefined],
    ["[ a (b c) (-1) { } ]", "[ (a) ((b c)) ((__sub 0 1)) ({ }) ]"],
  ])("%s", (source, printed) => {
    if (printed === undefined) expect(() => parseText(source)).toThrow("syntax error");
    else expect(shown(source)).toBe(printed);
  });
});

describe("functions", () => {
  it.each([
    ["x: y: x", "(x: (y: x))"],
    ["{ }: 1", "({  }: 1)"],
    ["{ ... }: 1", "({ ... }: 1)"],
    ["{ b, a ? b, }: a", "({ a ? b, b }: a)"],
    ["{ a, ... }: a", "({ a, ... }: a)"],
    ["x@{ a }: x", "({ a } @ x: x)"],
    ["{ a } @ x: x", "({ a } @ x: x)"],
    ["{ }@x: x", "({  } @ x: x)"],
    ["x@{ ... }: x", "({ ... } @ x: x)"],
    ["a: { b }: c@{ d }: 1", "(a: ({ b }: ({ d } @ c: 1)))"],
  ])("%s", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it("refuse duplicate arguments", () => {
    expect(failure("{ x, y, x }: x")).toBe("1:9: duplicate formal function argument 'x'");
    expect(failure("{ x, y }@x: x")).toBe("1:1: duplicate formal function argument 'x'");
    expect(failure("1 + (x@{ x }: x)")).toBe("1:6: duplicate formal function argument 'x'");
  });

  it("bear the names that they are bound to", () => {
    const set = parseText("{ f = a: b: 1; g.h = (c: 2); i = [ (d: 3) ]; }");
    if (set.kind !== "attrs") throw new Error("expected a set");
    const names = set.bindings.map(({ kind, ...rest }) =>
      kind === "plain" && "value" in rest && rest.value.kind === "lambda" ? rest.value : undefined,
    );
    const [outer] = names;
    expect(symbolName(outer!.name!)).toBe("f");
    expect(outer!.body).toMatchObject({ kind: "lambda", name: outer!.name });
    expect(set.bindings[1]).toMatchObject({ value: { bindings: [{ value: { kind: "lambda" } }] } });
    expect(set.bindings[2]).toMatchObject({ value: { elements: [{ kind: "lambda", name: undefined }] } });
  });
});

describe("keywords", () => {
  it.each([
    ["if a then b else c -> d", "(if a then b else (c -> d))"],
    ["with a; with b; c", "(with a; (with b; c))"],
    ["assert a; b", "assert a; b"],
    ["let a = 1; b.c = 2; inherit d; in a", "(let inherit d; a = 1; b = { c = 2; }; in a)"],
    ["let in 1", "(let in 1)"],
    ["let { a = 1; body = a; }", "(rec { a = 1; body = a; }).body"],
    ["f let { body = 1; }", "(f (rec { body = 1; }).body)"],
    ["let a = b: c: 1; in a", "(let a = (b: (c: 1)); in a)"],
    ["ifx: then': ifx", "(ifx: (then': ifx))"],
  ])("%s", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it("do not let through dynamic names", () => {
    expect(failure(" let ${a} = 1; in a")).toBe("1:2: dynamic attributes not allowed in let");
    expect(shown('let ${"a"} = 1; in a')).toBe("(let a = 1; in a)");
  });
});

describe("positions", () => {
  it.each([
    ["  f\n a", "1:3"],
    ["a +\n b", "1:3"],
    ["a: b", "1:1"],
    ["(\n{ })", "2:1"],
    [' "${a}"', "1:3"],
    ["(f) x", "1:1"],
    ["a.b", "1:1"],
    ["a < b", "1:3"],
    ["x\r\n.y\r  + 1", "3:3"],
  ])("%j is at %s", (source, at) => {
    expect(formatPos(parseText(source).pos)).toBe(`\xc2\xabstring\xc2\xbb:${at}`);
  });

  it("of operands and interpolations are kept", () => {
    const sum = parseText("(a b) + c");
    const text = parseText('"x${a}"');
    const columns = (expr: typeof sum) =>
      expr.kind === "concatStrings" ? expr.positions.map((pos) => formatPos(pos)?.replace(/.*:/, "")) : [];
    expect(columns(sum)).toEqual(["1", "9"]);
    expect(columns(text)).toEqual(["2", "3"]);
  });
});

describe("deep nesting", () => {
  it.each([
    ["(", "("],
    ["[", "["],
    ["{ a = ", "{ a = "],
    ["${", '"${'],
    ["!", "!"],
    ["a:", "a: "],
    ["else", "if a then b else "],
    ["++", "a ++ "],
  ])("of %s is an error, and parsing works afterwards", (_, opening) => {
    const error = failureOf(() => parseText(opening.repeat(100_000)));
    expect(error.kind).toBe("stackOverflow");
    expect(error.pos).toBeDefined();
    expect(shown("{ a = [ 1 ]; }")).toBe("{ a = [ (1) ]; }");
  });

  it("to the left does not use the stack", () => {
    expect(parseText(`a${" + a".repeat(100_000)}`).kind).toBe("concatStrings");
    expect(failureOf(() => shown(`a${" + a".repeat(100_000)}`)).kind).toBe("stackOverflow");
  });
});
