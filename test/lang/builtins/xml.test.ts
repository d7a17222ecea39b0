import { describe, expect, test } from "vitest";
import { printXml } from "../../../src/lang/builtins/xml.ts";
import { agreesWithNix, builtinsLab } from "./support.ts";

const head = "<?xml version='1.0' encoding='utf-8'?>\n";

function xml(expression: string, options: { strict?: boolean; locations?: boolean } = {}): string {
  const { evaluator } = builtinsLab();
  const value = evaluator.evalString(expression, { kind: "string" }, "/");
  return printXml(value, { strict: true, locations: false, context: new Set(), ...options });
}

describe("printXml", () => {
  test("every kind of value", () => {
    expect(xml('{ a = 1; b = 1.5; c = true; d = null; e = "<&\\">\\n"; f = [ /x ]; g = map; }')).toBe(
      `${head}<expr>
  <attrs>
    <attr name="a">
      <int value="1" />
    </attr>
    <attr name="b">
      <float value="1.5" />
    </attr>
    <attr name="c">
      <bool value="true" />
    </attr>
    <attr name="d">
      <null />
    </attr>
    <attr name="e">
      <string value="&lt;&amp;&quot;&gt;&#xA;" />
    </attr>
    <attr name="f">
      <list>
        <path value="/x" />
      </list>
    </attr>
    <attr name="g">
      <unevaluated />
    </attr>
  </attrs>
</expr>
`,
    );
  });

  test.each([
    ["a set in itself", "let x = { a = x; }; in x"],
    ["a list in itself", "rec { r = [ r ]; }"],
    ["ever new values", "let f = n: [ (f (n + 1)) ]; in f 0"],
  ])("%s is too deep", (_, expression) => {
    expect(() => xml(expression)).toThrow("stack overflow; max-call-depth exceeded");
  });

  test("functions", () => {
    expect(xml("[ (x: x) ({ b, a ? 1, ... }@all: a) ({ }: 1) ]")).toBe(
      `${head}<expr>
  <list>
    <function>
      <varpat name="x" />
    </function>
    <function>
      <attrspat ellipsis="1" name="all">
        <attr name="a" />
        <attr name="b" />
      </attrspat>
    </function>
    <function>
      <attrspat>
      </attrspat>
    </function>
  </list>
</expr>
`,
    );
  });

  test("a derivation is shown once", () => {
    const drv = '{ type = "derivation"; drvPath = "/d.drv"; outPath = "/o"; }';
    expect(xml(`let d = ${drv}; in [ d d { type = "derivation"; } ]`)).toBe(
      `${head}<expr>
  <list>
    <derivation drvPath="/d.drv" outPath="/o">
      <attr name="drvPath">
        <string value="/d.drv" />
      </attr>
      <attr name="outPath">
        <string value="/o" />
      </attr>
      <attr name="type">
        <string value="derivation" />
      </attr>
    </derivation>
    <derivation drvPath="/d.drv" outPath="/o">
      <repeated />
    </derivation>
    <derivation>
      <repeated />
    </derivation>
  </list>
</expr>
`,
    );
  });

  test("locations, and what is not evaluated", () => {
    expect(xml("{ a = 1 + 1;\n b = x: x; }", { strict: false, locations: true })).toBe(
      `${head}<expr>
  <attrs>
    <attr column="3" line="1" name="a">
      <unevaluated />
    </attr>
    <attr column="2" line="2" name="b">
      <function column="6" line="2">
        <varpat name="x" />
      </function>
    </attr>
  </attrs>
</expr>
`,
    );
  });

  test("the text refers to what the strings refer to", () => {
    const path = "/nix/store/00000000000000000000000000000000-a";
    const expression = `builtins.toXML [ (builtins.appendContext "x" { "${path}".path = true; }) ]`;
    expect(builtinsLab().printStrict(`builtins.getContext (${expression})`)).toBe(
      `{ "${path}" = { path = true; }; }`,
    );
  });
});

agreesWithNix([
  'builtins.toXML { a = [ 1 (-2.5) "é\\t<>" { } [ ] ]; b = { c = null; d = false; }; }',
  "builtins.toXML [ (x: x) ({ a, b ? 1 }: a) ({ a, ... }@x: x) builtins.add (builtins.add 1) ]",
  'let d = { type = "derivation"; drvPath = "/d"; x = d; }; in builtins.toXML d',
  "builtins.toXML [ 1.0e20 1.0 0.1 ]",
]);
