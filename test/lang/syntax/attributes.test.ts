import { describe, expect, it } from "vitest";
import { failure, shown } from "./parsing.ts";

describe("attribute sets", () => {
  it.each([
    ["{ b = 1; a = 2; }", "{ a = 2; b = 1; }"],
    ["{ a.b.c = 1; a.b.d = 2; a.e = 3; }", "{ a = { b = { c = 1; d = 2; }; e = 3; }; }"],
    ["{ a = { x = 1; }; a.y = 2; }", "{ a = { x = 1; y = 2; }; }"],
    ["{ a.y = 2; a = { x = 1; }; }", "{ a = { x = 1; y = 2; }; }"],
    ["{ a = ({ x = 1; }); a.y = 2; }", "{ a = { x = 1; y = 2; }; }"],
    ["{ a = rec { x = 1; }; a = { y = x; }; }", "{ a = rec { x = 1; y = x; }; }"],
    ["{ a = { x = 1; }; a = rec { y = x; }; }", "{ a = { x = 1; y = x; }; }"],
    ["{ a.b = { c = 1; }; a = { b.d = 2; }; }", "{ a = { b = { c = 1; d = 2; }; }; }"],
    ["{ a = { inherit x; }; a = { inherit y; }; }", "{ a = { inherit x y; }; }"],
    [
      "{ a = { inherit (p) x; }; a = { inherit (q) y; inherit (r) z; }; }",
      "{ a = { inherit (p) x; inherit (q) y; inherit (r) z; }; }",
    ],
    ["{ a = { ${x} = 1; }; a = { ${y} = 2; }; }", '{ a = { "${x}" = 1; "${y}" = 2; }; }'],
    ["{ ${a}.b = 1; ${a}.c = 2; }", '{ "${a}" = { b = 1; }; "${a}" = { c = 2; }; }'],
    ["{ a.${b}.c = 1; }", '{ a = { "${b}" = { c = 1; }; }; }'],
    ['{ ${"a"} = 1; "${"b"}" = 2; ${\'\'c\'\'} = 3; }', '{ a = 1; c = 3; "${("b")}" = 2; }'],
    [
      '{ "a b" = 1; "if" = 2; or = 3; "" = 4; "ä" = 5; }',
      '{ "" = 4; "a b" = 1; "if" = 2; or = 3; "ä" = 5; }',
    ],
    ['{ inherit; inherit (a); inherit b "c d" or; }', '{ inherit b "c d" or; }'],
    ['{ inherit (a b) "c" ${"d"} or; e = 1; }', "{ inherit ((a b)) c d or; e = 1; }"],
    ["rec { inherit x; y = x; }", "rec { inherit x; y = x; }"],
    ["rec { }.a", "(rec { }).a"],
  ])("%s", (source, printed) => {
    expect(shown(source)).toBe(printed);
  });

  it.each([
    ["{ a = 1; a = 2; }", "1:10: attribute 'a' already defined at «string»:1:3"],
    ["{ a.b = 1; a.b = 2; }", "1:12: attribute 'a.b' already defined at «string»:1:3"],
    ["{ a = 1; a.b = 2; }", "1:10: attribute 'a' already defined at «string»:1:3"],
    ["{ a.b = 1; a.b.c.d = 2; }", "1:12: attribute 'a.b' already defined at «string»:1:3"],
    ["{ a = f { }; a.b = 2; }", "1:14: attribute 'a' already defined at «string»:1:3"],
    ["{ inherit a; a.b = 2; }", "1:14: attribute 'a' already defined at «string»:1:11"],
    ["{ a = 1; inherit (b) c a; }", "1:24: attribute 'a' already defined at «string»:1:3"],
    ["{ inherit a a; }", "1:13: attribute 'a' already defined at «string»:1:11"],
    ["{ a.x = 1; a = { x = 2; }; }", "1:18: attribute 'a.x' already defined at «string»:1:3"],
    ["{ a = { inherit x; }; a = { inherit x; }; }", "1:37: attribute 'a.x' already defined at «string»:1:17"],
    ["{ a = let { body = 1; }; a.b = 1; }", "1:26: attribute 'a' already defined at «string»:1:3"],
    ['{ "x y".z = 1; "x y".z = 2; }', "1:16: attribute '\"x y\".z' already defined at «string»:1:3"],
    ["let a = 1; a = 2; in a", "1:12: attribute 'a' already defined at «string»:1:5"],
    ["{ inherit ${a}; }", "1:11: dynamic attributes not allowed in inherit"],
    ['{ inherit (a) "${b}"; }', "1:15: dynamic attributes not allowed in inherit"],
  ])("%s is refused", (source, message) => {
    expect(failure(source)).toBe(message);
  });

  it("finds duplicates in large sets", () => {
    const lines = Array.from({ length: 200 }, (_, i) => `n.a${i} = ${i};\n`);
    expect(failure(`{\n${lines.join("")}n.a150 = 1; }`)).toBe(
      "202:1: attribute 'n.a150' already defined at «string»:152:1",
    );
    expect(shown(`{ ${lines.join("")} }`)).toContain("a199 = 199; ");
  });
});
