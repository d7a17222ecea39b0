import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluationArguments } from "../../../src/cli/arguments/evaluation.ts";
import type { Outcome } from "../../../src/cli/repl/protocol.ts";
import { Repl } from "../../../src/cli/repl/session.ts";
import { fromText, toText } from "../../../src/store/bytes.ts";
import { withFiles } from "../instantiate/lab.ts";

function makeRepl(directory = "/", colors = false) {
  let shown = "";
  const show = (text: string) => {
    shown += toText(text);
  };
  const repl = new Repl(evaluationArguments({}), {
    env: { PATH: "", NIX_PATH: "" },
    workingDirectory: directory,
    colors,
    onMessage: (kind, text) => show(`${kind}: ${text}\n`),
    write: (_stream, text) => show(text),
  });
  const outcome = (line: string, isLast = true): Promise<Outcome> => repl.process(fromText(line), isLast);
  /** What the lines show, one after the other. */
  const lines = async (...each: string[]): Promise<string> => {
    shown = "";
    for (const line of each) await outcome(line);
    return shown;
  };
  return { repl, lines, outcome };
}

describe("values", () => {
  it.each([
    ["1 + 1", "2\n"],
    ['"a\\n"', '"a\\n"\n'],
    ["{ }", "{ }\n"],
    ["[ ]", "[ ]\n"],
    ["{ a = 1; }", "{ a = 1; }\n"],
    [
      "{ a = { }; b = [ 1 ]; c = x: x; }",
      "{\n  a = { };\n  b = [ ... ];\n  c = «lambda c @ «string»:1:27»;\n}\n",
    ],
    ["[ 1 { a = 1; } ]", "[\n  1\n  { ... }\n]\n"],
    ['{ a = throw "no"; }', "{ a = «error: no»; }\n"],
    [':p { a = { b = [ 1 ]; }; s = "x"; }', '{\n  a = {\n    b = [ 1 ];\n  };\n  s = "x";\n}\n'],
    [":p rec { a = { inherit a; }; }", "{\n  a = {\n    a = «repeated»;\n  };\n}\n"],
    [':p "a\\nb"', "a\nb\n"],
    [
      'derivation { name = "x"; system = "y"; builder = "z"; }',
      "«derivation /nix/store/n01dy158nk2mfsjgkgdpm9ma51dy2ry5-x.drv»\n",
    ],
    ["/a/b", "/a/b\n"],
    ["ü: 1", /^error: syntax error/],
    [":t { }", "a set\n"],
    [":t map", "the built-in function 'map'\n"],
    ["   ", ""],
    ["# only a comment", ""],
  ])("%s", async (line, shown) => {
    const found = await makeRepl().lines(line);
    if (typeof shown === "string") expect(found).toBe(shown);
    else expect(found).toMatch(shown);
  });

  it("have colours on a terminal", async () => {
    expect(await makeRepl("/", true).lines('{ a = 1; b = "x"; }')).toBe(
      '{\n  a = \x1b[36m1\x1b[0m;\n  b = \x1b[35m"x"\x1b[0m;\n}\n',
    );
  });

  it("that are endlessly deep end with an error", async () => {
    const { lines } = makeRepl();
    expect(await lines(":p let f = n: { inner = f (n + 1); }; in f 0")).toMatch(/error: stack overflow/);
    expect(await lines("1")).toBe("1\n");
  });
});

describe("variables", () => {
  it("are bound one by one, several at once and by inheritance", async () => {
    const { lines } = makeRepl();
    expect(await lines("x = 1", "y = x + 1; z.a = 3; z.b = 4;", "inherit (z) a b", "[ x y a b ]")).toBe(
      "[\n  1\n  2\n  3\n  4\n]\n",
    );
  });

  it("of one name hide the earlier one, which they can use", async () => {
    expect(await makeRepl().lines("x = 1", "x = x + 1", "x")).toBe("2\n");
  });

  it("are computed when they are asked for", async () => {
    const shown = await makeRepl().lines('x = throw "late"', "1", "x");
    expect(shown).toMatch(/^1\nerror:\n[\s\S]*error: late\n$/);
  });

  it("come from sets and files, which are read again", async () => {
    await withFiles({ "f.nix": "{ v ? 1 }: { inherit v; twice = v * 2; }" }, async (directory) => {
      const { lines } = makeRepl(directory);
      expect(await lines(":l f.nix", "twice")).toBe("Added 2 variables.\ntwice, v\n2\n");
      expect(await lines(":a { w = v; }", "w", ":ll")).toBe("Added 1 variable.\nw\n1\nw\n");
      writeFileSync(`${directory}/f.nix`, "{ v = 5; }");
      expect(await lines("v", ":r", "v", "w")).toMatch(
        /^1\nLoading f.nix...\nAdded 1 variable.\nv\n5\nerror: undefined variable 'w'/,
      );
    });
  });

  it("keep what they have when a file is loaded", async () => {
    await withFiles({ a: "text", "b.nix": "{ b = 1; }" }, async (directory) => {
      const { lines } = makeRepl(directory);
      const input = 'd = derivation { name = "d"; system = "s"; builder = "b"; src = ./a; }';
      const shown = await lines(
        input,
        "d",
        ":l b.nix",
        'derivation { name = "e"; system = "s"; builder = d; }',
      );
      expect(shown).toMatch(/^«derivation [^ ]+-d.drv»\nAdded 1 variable.\nb\n«derivation [^ ]+-e.drv»\n$/);
    });
  });
});

describe("errors", () => {
  it("are shown, with the trace when it is wanted, and end nothing", async () => {
    const { lines } = makeRepl();
    expect(await lines("nope", "1")).toBe(
      "error: undefined variable 'nope'\n       at «string»:1:1:\n            1| nope\n             | ^\n1\n",
    );
    const call = 'let f = x: throw x; in f "deep"';
    expect(await lines(call)).not.toContain("from call site");
    expect(await lines(":te", call)).toMatch(/^showing error traces\n[\s\S]*from call site/);
    expect(await lines(":te maybe")).toMatch(/^error: unexpected argument 'maybe'/);
  });

  it.each([
    [":foo", "unknown command ':foo'"],
    [":ll", "nothing has been loaded yet"],
    [":l /nowhere.nix", "path '/nowhere.nix' does not exist"],
    [":a 1", "expected a set but found an integer: 1"],
    [":b 1", "expression does not evaluate to a derivation"],
    [':b derivation { name = "x"; system = "y"; builder = "z"; }', "there is no Nix on this machine"],
    [":e 1", "it is neither a path nor a function nor a package that says where it is defined"],
    [":doc 1", "value does not have documentation"],
  ])("%s", async (line, message) => {
    const { lines } = makeRepl();
    expect(await lines(line)).toContain(message);
    expect(await lines("1")).toBe("1\n");
  });
});

describe("input of several lines", () => {
  it.each(["{", "x = ''\n  a", "let a = 1;", "f (", ":p [ 1"])("%j goes on", async (line) => {
    const { outcome } = makeRepl();
    expect((await outcome(line, false)).next).toBe("more");
  });

  it("is an error when nothing comes that completes it", async () => {
    expect(await makeRepl().lines("(")).toMatch(/^error: syntax error, unexpected end of file/);
  });

  it("is taken whole", async () => {
    expect(await makeRepl().lines("x = ''\n  a\n''", "x")).toBe('"a\\n"\n');
  });

  it("is no matter of what files lack", async () => {
    await withFiles({ "broken.nix": "{ a = 1;" }, async (directory) => {
      const { outcome } = makeRepl(directory);
      expect((await outcome("import ./broken.nix", false)).next).toBe("line");
    });
  });
});

describe("outcomes", () => {
  it("tell what later lines depend on", async () => {
    const { outcome } = makeRepl();
    expect(await outcome("x = 1")).toEqual({ next: "line", changed: true });
    expect(await outcome("x")).toEqual({ next: "line", changed: false });
    expect(await outcome(":q")).toEqual({ next: "quit", changed: false });
  });

  it("tell what to edit", async () => {
    await withFiles({ "f.nix": "{\n  f = x: x;\n}" }, async (directory) => {
      const { outcome } = makeRepl(directory);
      expect((await outcome(":e ./f.nix")).edit).toEqual({ file: `${directory}/f.nix`, line: undefined });
      expect((await outcome(":e (import ./f.nix).f")).edit).toEqual({ file: `${directory}/f.nix`, line: 2 });
      const edited = await outcome(':e { meta.position = "/a/b.nix:7"; }');
      expect(edited.edit).toEqual({ file: "/a/b.nix", line: 7 });
    });
  });
});

describe("documentation", () => {
  const file = `{
  /**
    Adds.

    Twice indented: no.
  */
  add = x: y: x + y;

  # About what follows.
  inner =
    /** The inner one wins. */
    { a }: a;

  /** A constant. */
  constant = 1;
  nothing = 2;

  functor = {
    /** Called. */
    __functor = self: x: x;
  };
  bare = x: x;
}
`;

  it("is that of comments", async () => {
    await withFiles({ "doc.nix": file }, async (directory) => {
      const { lines } = makeRepl(directory);
      await lines(":l doc.nix", "doc = import ./doc.nix");
      const at = (position: string) => `\n  … defined at ${directory}/doc.nix:${position}`;
      const adds = "\n\nAdds.\n\nTwice indented: no.\n";
      expect(await lines(":doc add")).toBe(`Function \`add\`${at("7:9")}${adds}`);
      expect(await lines(":doc add 1")).toBe(`Function \`add\`${at("7:12")}${adds}`);
      expect(await lines(":doc inner")).toBe(`Function \`inner\`${at("12:5")}\n\nThe inner one wins.\n`);
      expect(await lines(":doc doc.constant")).toBe(`Attribute \`constant\`${at("15:3")}\n\nA constant.\n`);
      expect(await lines(":doc doc.nothing")).toBe(
        `Attribute \`nothing\`${at("16:3")}\n\nNo documentation found.\n`,
      );
      expect(await lines(":doc functor")).toBe(`Function \`__functor\`${at("20:23")}\n\nCalled.\n`);
      expect(await lines(":doc bare")).toBe(`Function \`bare\`${at("22:10")}\n`);
    });
  });

  it("is the builtins' own", async () => {
    const { lines } = makeRepl();
    expect(await lines(":doc builtins.map")).toMatch(/^builtins\.map, a function of 2 arguments\n\n\S/);
    expect(await lines(":doc toString")).toMatch(/^builtins\.toString, a function of 1 argument\n\n\S/);
  });
});

describe("completion", () => {
  it("knows variables, builtins, attributes, files and commands", async () => {
    await withFiles({ "some.nix": "1", "some-more.nix": "2" }, async (directory) => {
      const { repl, lines } = makeRepl(directory);
      await lines('abc = { def = 1; dxy.z = 2; "a b" = 3; }');
      const of = (text: string) => {
        const { word, candidates } = repl.complete(fromText(text));
        return [word, ...candidates];
      };
      expect(of("ab")).toEqual(["ab", "abc", "abort"]);
      expect(of("[ (abc.d")).toEqual(["abc.d", "abc.def", "abc.dxy"]);
      expect(of("abc.dxy.")).toEqual(["abc.dxy.", "abc.dxy.z"]);
      expect(of("abc.a")).toEqual(["abc.a", 'abc."a b"']);
      expect(of("x=builtins.foldl")).toEqual(["builtins.foldl", "builtins.foldl'"]);
      expect(of("import ./so")).toEqual(["./so", "./some-more.nix", "./some.nix"]);
      expect(of(":re")).toEqual([":re", ":reload"]);
      expect(of("")).not.toContain("__add");
      expect(of("__ad")).toContain("__add");
    });
  });

  it("says nothing of what fails", async () => {
    const { repl } = makeRepl();
    for (const text of ['(throw "x").', "nope.", "1.", "./nowhere/at/all/x", "a..b"]) {
      expect(repl.complete(text).candidates).toEqual([]);
    }
  });
});
