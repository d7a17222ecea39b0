import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseInvocation } from "../../../src/cli/instantiate/flags.ts";
import { run, withFiles } from "./lab.ts";

const drv = (name: string, rest = "") =>
  `(derivation { name = "${name}"; system = "s"; builder = "b"; ${rest} })`;
const [a, b] = [drv("a"), drv("b", 'outputs = [ "out" "dev" ];')];

/** Command lines of which Nix prints the same; without `-E`, which all of them have. */
const evaluations: readonly (readonly [args: readonly string[], stdout: string])[] = [
  [["--eval", "1 + 1"], "2\n"],
  [["--eval", "1", "2"], "1\n2\n"],
  [["--eval", '{ a = 1 + 1; b = "c"; }'], '{ a = <CODE>; b = "c"; }\n'],
  [["--eval", "--strict", "{ a = 1 + 1; l = [ 1 2.5 null ]; }"], "{ a = 2; l = [ 1 2.5 null ]; }\n"],
  [["--parse", "x: y: x + y"], "(x: (y: (x + y)))\n"],
  [["--eval", "-A", "a.b", "-A", 'a."c.d"', '{ a = { b = 1; "c.d" = 2; }; }'], "1\n2\n"],
  [["--eval", "-A", "a.1.b", "{ a = [ 0 { b = 1; } ]; }"], "1\n"],
  [["--eval", "-A", "x", "--argstr", "v", "w", "{ v }: { x = v; }"], '"w"\n'],
  [["--eval", "--arg", "x", "1 + 2", "{ x, y ? 2 }: x + y"], "5\n"],
  [
    ["--eval", "--strict", "--arg", "x", "1", "--argstr", "z", "a", "{ x, ... } @ args: args"],
    '{ x = 1; z = "a"; }\n',
  ],
  [["--eval", "--argstr", "x", "y", "{ __functor = self: { x }: x; }"], '"y"\n'],
  [["--eval", "{ x, y ? 2 }: x + y"], "<LAMBDA>\n"],
  [
    ["--eval", "{ f = x: x; a = { }; r = rec { }; n = [ { } (x: x) ]; s = { }.s or { }; }"],
    "{ a = <CODE>; f = <CODE>; n = <CODE>; r = <CODE>; s = <CODE>; }\n",
  ],
  [
    ["--eval", "let f = x: x; a = { }; g = f; in builtins.seq f [ f a g (x: x) ({ d ? { } }: d) ]"],
    "[ <LAMBDA> <CODE> <LAMBDA> <CODE> <CODE> ]\n",
  ],
  [["--eval", "--strict", "{ f = x: x; a = { }; }"], "{ a = { }; f = <LAMBDA>; }\n"],
  [
    ["--eval", "--xml", "--no-location", "{ a = 1 + 1; }"],
    "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n    <attr name=\"a\">\n      <unevaluated />\n    </attr>\n  </attrs>\n</expr>\n",
  ],
];

/** Those of which only newer Nix prints this. */
const newEvaluations: typeof evaluations = [
  [["--eval", "--strict", "let l = [ 1 l ]; in builtins.seq l l"], "[ 1 [ 1 «repeated» ] ]\n"],
  [["--eval", `${b}.all`], "[ <CODE> <CODE> ]\n"],
  [["--eval", "--strict", `map (x: x.outputName) ${b}.all`], '[ "out" "dev" ]\n'],
  [
    ["--eval", "--strict", `let d = { all = map (x: x) [ d ]; }; in d.all`],
    "[ { all = [ «repeated» ]; } ]\n",
  ],
  [["--eval", "--strict", "--json", '{ a = 1 + 1; b = "\\n"; }'], '{"a":2,"b":"\\n"}\n'],
  [["--eval", "--json", "[ 1 true ]"], "[1,true]\n"],
  [["--eval", "{ a = [ ]; b = { }; }"], "{ a = [ ]; b = <CODE>; }\n"],
  [
    ["--eval", "--xml", "--strict", "{ a = 1; f = { x, ... } @ y: 1; }"],
    `<?xml version='1.0' encoding='utf-8'?>
<expr>
  <attrs>
    <attr column="3" line="1" name="a">
      <int value="1" />
    </attr>
    <attr column="10" line="1" name="f">
      <function column="14" line="1">
        <attrspat ellipsis="1" name="y">
          <attr name="x" />
        </attrspat>
      </function>
    </attr>
  </attrs>
</expr>
`,
  ],
  [["--eval", "--raw", '"a\\nb"'], "a\nb"],
  [["--eval", "--raw", '{ outPath = "x"; }'], "x"],
];

describe("nix-instantiate --eval", () => {
  it.each([...evaluations, ...newEvaluations])("%j", async (args, stdout) => {
    expect(await run(["-E", ...args])).toEqual({ stdout, messages: [], error: undefined });
  });

  it("calls no function at the end without arguments, but those on the way", async () => {
    const { stdout } = await run(["--eval", "-A", "f", "-E", "{ x ? 1 }: { f = { y ? x }: y; }"]);
    expect(stdout).toBe("<LAMBDA>\n");
  });

  it("reads files, ./default.nix without any, directories and names of the search path", async () => {
    await withFiles({ "default.nix": "./x", "one.nix": "{ v ? 1 }: v" }, async (directory) => {
      const of = async (...args: string[]) => (await run(["--eval", ...args], { directory })).stdout;
      expect(await of()).toBe(`${directory}/x\n`);
      expect(await of("one.nix", "--arg", "v", "2")).toBe("2\n");
      expect(await of(".")).toBe(`${directory}/x\n`);
      expect(await of("<here>", "-I", `here=${directory}/one.nix`)).toBe("<LAMBDA>\n");
      expect(await of("<one.nix>", "-I", ".")).toBe("<LAMBDA>\n");
      expect(await of("--argstr", "v", "1", "--arg-from-file", "v", `${directory}/one.nix`, "one.nix")).toBe(
        '"{ v ? 1 }: v"\n',
      );
    });
  });

  it("knows the pipe operators where they are turned on, also in files that are imported", async () => {
    await withFiles({ "one.nix": "1 |> (x: x + 1)" }, async (directory) => {
      const expr = ["--eval", "-E", "(x: x * 3) <| import ./one.nix"];
      const { stdout } = await run([...expr, "--extra-experimental-features", "pipe-operators"], {
        directory,
      });
      expect(stdout).toBe("6\n");
      expect((await run(expr, { directory })).error).toContain("feature 'pipe-operators' is disabled");
    });
  });

  it("has the store where NIX_STORE_DIR says", async () => {
    const env = { NIX_STORE_DIR: "/foo//bar/../store/" };
    const expr = `[ builtins.storeDir ${a}.drvPath ${a}.outPath (builtins.storePath (builtins.toFile "a" "b")) ]`;
    const args = ["--eval", "--strict", "--json", "-E", expr];
    expect(JSON.parse((await run(args, { env })).stdout)).toEqual([
      "/foo/store",
      "/foo/store/l5rfkdj7cp0ncs6xvryyxycwpprw0ma2-a.drv",
      "/foo/store/drc64isiplhh6avzv1kqs6a3x2xwn4x2-a",
      "/foo/store/0k8dwp2g6y0qsq34ywigmnhp5rqzbgxf-a",
    ]);
    expect((await run(["--eval", "-E", "builtins.storeDir"])).stdout).toBe('"/nix/store"\n');
    expect(() => parseInvocation([], { NIX_STORE_DIR: "foo" })).toThrow(
      "the store directory 'foo' (NIX_STORE_DIR) is not an absolute path",
    );
  });

  it("adds --extra-nix-path to NIX_PATH", async () => {
    const env = { NIX_PATH: "a=/b" };
    const args = ["--eval", "--strict", "-E", "map (x: x.path) builtins.nixPath", "-I", "/i"];
    expect((await run([...args, "--extra-nix-path", "c=/c"], { env })).stdout).toBe('[ "/i" "/b" "/c" ]\n');
    expect((await run([...args, "--nix-path", "/d", "--extra-nix-path", "/c"], { env })).stdout).toBe(
      '[ "/i" "/d" "/c" ]\n',
    );
  });

  it("begins with the settings of nix.conf and NIX_CONFIG", async () => {
    const files = {
      "nix.conf": "# of the machine\nextra-experimental-features = flakes\ninclude more.conf\ncores = 3",
      "more.conf": "system = s-more # why not\n!include absent\nnix-path = a=/conf",
      "user.conf": "extra-experimental-features = pipe-operators",
    };
    await withFiles(files, async (directory) => {
      const env = { NIX_CONF_DIR: directory, NIX_USER_CONF_FILES: `${directory}/user.conf` };
      const system = ["--eval", "-E", "1 |> (_: builtins.currentSystem)"];
      expect((await run(system, { env })).stdout).toBe('"s-more"\n');
      const NIX_CONFIG = "system = s-env\n";
      expect((await run(system, { env: { ...env, NIX_CONFIG } })).stdout).toBe('"s-env"\n');
      expect((await run([...system, "--system", "s-flag"], { env })).stdout).toBe('"s-flag"\n');
      const none = [...system, "--experimental-features", ""];
      expect((await run(none, { env })).error).toContain("'pipe-operators' is disabled");
      // The lab sets NIX_PATH, which wins.
      expect((await run(["--eval", "-E", "builtins.nixPath"], { env })).stdout).toBe("[ ]\n");
      await expect(run(system, { env: { NIX_CONFIG: "system=x" } })).rejects.toThrow(
        "syntax error in configuration line 'system=x' in 'NIX_CONFIG'",
      );
      await expect(run(system, { env: { NIX_CONFIG: "include /nonexistent/file" } })).rejects.toThrow(
        "file '/nonexistent/file' included from 'NIX_CONFIG' not found",
      );
    });
  });

  it("aborts on warnings where the environment says so", async () => {
    const args = ["--eval", "-E", 'builtins.warn "x" 1'];
    const ended = async (value: string) => (await run(args, { env: { NIX_ABORT_ON_WARN: value } })).error;
    for (const yes of ["1", "yes", "true"]) expect(await ended(yes)).toContain("abort-on-warn is set");
    for (const no of ["0", "on", ""]) expect(await ended(no)).toBeUndefined();
  });

  it.each([
    ["url", "a:b", 'URL literals are disallowed. Consider using a string literal "a:b" instead'],
    [
      "absolute-path",
      "/a/${b}",
      "absolute path literals are not portable. Consider replacing path literal '/a/'",
    ],
    ["absolute-path", "~/a", "home path literals are not portable. Consider replacing path literal '~/a'"],
    ["short-path", "a/b", "relative path literal 'a/b' should be prefixed with '.' for clarity: './a/b'"],
  ])("--lint-%s-literals: %s", async (lint, literal, message) => {
    const args = ["--eval", "-E", `let b = "c"; in builtins.seq (${literal}) 1`, `--lint-${lint}-literals`];
    const env = { HOME: "/home" };
    const { error } = await run([...args, "fatal"], { env });
    expect(error).toContain(`error: ${message}`);
    expect(error).toContain("«string»:1:31:");
    const { stdout, messages } = await run([...args, "warn"], { env });
    expect(stdout).toBe("1\n");
    expect(messages).toEqual([expect.stringContaining(message.replace("disallowed", "discouraged"))]);
    expect((await run([...args, "ignore"], { env })).messages).toEqual([]);
    const others = ["--eval", "-E", 'builtins.seq [ ./a ../b "a:b" <nix/fetchurl.nix> (1 / 2) ] 1'];
    const all = ["url", "absolute-path", "short-path"].flatMap((each) => [
      `--lint-${each}-literals`,
      "fatal",
    ]);
    expect((await run([...others, ...all], { env })).stdout).toBe("1\n");
  });

  it("--warn-short-path-literals is an older form of a lint", async () => {
    const args = ["--eval", "-E", "a/b", "--warn-short-path-literals"];
    expect((await run(args)).messages).toEqual([
      expect.stringContaining("warning: relative path literal 'a/b'"),
    ]);
    expect((await run([...args, "--lint-short-path-literals", "ignore"])).messages).toEqual([]);
  });

  it("knows no home in pure evaluation", async () => {
    const { error } = await run(["--eval", "--pure-eval", "-E", "~/a"], { env: { HOME: "/home" } });
    expect(error).toContain("the path '~/a' can not be resolved in pure mode");
  });

  it("fetches what --allowed-uris allows in restricted evaluation", async () => {
    await withFiles({ file: "contents" }, async (directory) => {
      const env = { HOME: directory };
      const expr = `builtins.readFile (builtins.fetchurl "file://${directory}/file")`;
      const args = ["--eval", "--restrict-eval", "-E", expr];
      expect((await run(args, { env })).error).toContain("is forbidden in restricted mode");
      const allowed = await run([...args, "--allowed-uris", `https://x file://${directory}/`], { env });
      expect(allowed.stdout).toBe('"contents"\n');
    });
  });

  it("shows the search path as it was given, -I first", async () => {
    const env = { NIX_PATH: "a=/b:/c" };
    const { stdout } = await run(["--eval", "--strict", "-I", "foo=./x", "-E", "builtins.nixPath"], { env });
    expect(stdout).toBe(
      '[ { path = "./x"; prefix = "foo"; } { path = "/b"; prefix = "a"; } { path = "/c"; prefix = ""; } ]\n',
    );
  });

  it("finds the library of Nixus", async () => {
    const { stdout } = await run(["--eval", "-E", "(import <nixus/lib>).types.str.description"]);
    expect(stdout).toBe('"string"\n');
  });

  it("finds files", async () => {
    await withFiles({ "x.nix": "1" }, async (directory) => {
      expect(await run(["--find-file", "x.nix", "a/x.nix", "-I", directory, "-I", `a=${directory}`])).toEqual(
        {
          stdout: `${directory}/x.nix\n${directory}/x.nix\n`,
          messages: [],
          error: undefined,
        },
      );
      const missing = await run(["--find-file", "y.nix", "-I", "/nowhere/at/all"]);
      expect(missing.error).toMatch(/^error: file 'y.nix' was not found in the Nix search path/);
      expect(missing.messages).toEqual([
        "warning: Nix search path entry '/nowhere/at/all' does not exist, ignoring",
      ]);
    });
  });

  it("says what evaluations say, and what settings are not known", async () => {
    const expr = 'builtins.trace "Hello" (builtins.traceVerbose "more" (builtins.warn "careful" 1))';
    expect(await run(["--eval", "-E", expr, "--option", "foo", "1"])).toEqual({
      stdout: "1\n",
      messages: ["warning: unknown setting 'foo'", "trace: Hello", "evaluation warning: careful"],
      error: undefined,
    });
    expect((await run(["--eval", "-E", expr, "--trace-verbose"])).messages).toContain("trace: more");
    const aborted = await run(["--eval", "-E", expr, "--abort-on-warn"]);
    expect(aborted.error).toContain("aborting to reveal stack trace of warning, as abort-on-warn is set");
  });

  it.each([
    ["let or = 1; f = x: y: x; in f f or", "1:31", "f or"],
    ["let or = 1; f = x: x; in [ 2\n (f)\n or ]", "2:2", "(f)\n or"],
    ["let or = 1; f = x: x; in { }.a or f or", "1:35", "f or"],
  ])("warns of 'or' as a name where its meaning will change: %s", async (expr, place, text) => {
    const { messages } = await run(["--parse", "-E", expr]);
    expect(messages).toEqual([
      [
        `warning: at «string»:${place}: This expression uses \`or\` as an identifier in a way that will change in a future Nix release.`,
        "Wrap this entire expression in parentheses to preserve its current meaning:",
        `    (${text})`,
        "Give feedback at https://github.com/NixOS/nix/pull/11121",
      ].join("\n"),
    ]);
  });

  it.each([
    "let or = 1; in [ (or) { or = 2; } ]",
    "f: f or 1",
    "f: f (f or) f.or",
    "f: [ (f or) ({ }.or or 1) ]",
    "or: or or",
  ])("has nothing against 'or' elsewhere: %s", async (expr) => {
    expect((await run(["--parse", "-E", expr])).messages).toEqual([]);
  });

  it("reads nothing of a derivation without --allow-import-from-derivation, whether it's there or not", async () => {
    const refused = "because the option 'allow-import-from-derivation' is disabled";
    for (const read of ["import", "builtins.pathExists"]) {
      const args = ["--eval", "--no-allow-import-from-derivation", "-E", `${read} ${a}`];
      expect((await run(args)).error).toMatch(
        new RegExp(
          `while realising[^]*cannot build '/nix/store/[^']*-a.drv\\^out' during evaluation ${refused}$`,
        ),
      );
    }
    const drv = ["--eval", "--no-allow-import-from-derivation", "-E", `(import ${a}.drvPath).name`];
    expect((await run(drv)).stdout).toBe('"a"\n');
  });

  it("restricts what is seen", async () => {
    const restricted = await run(["--eval", "--restrict-eval", "-E", "builtins.readFile /etc/hostname"]);
    expect(restricted.error).toContain(
      "access to absolute path '/etc/hostname' is forbidden in restricted mode",
    );
    for (const what of [
      "import /etc/hostname",
      "builtins.readFileType /absent",
      "scopedImport { } /absent",
    ]) {
      const { error } = await run(["--eval", "--restrict-eval", "-E", what]);
      expect(error).toMatch(/error: access to absolute path '\/\S+' is forbidden in restricted mode$/);
    }
    expect((await run(["--eval", "--pure-eval", "/etc/hostname"])).error).toBe(
      "error: access to absolute path '/etc/hostname' is forbidden in pure evaluation mode (use '--impure' to override)",
    );
    const search = 'builtins.findFile [ { prefix = ""; path = "/etc"; } ] "hostname"';
    expect((await run(["--eval", "--restrict-eval", "-E", search])).error).toContain("'/etc' is forbidden");
    await withFiles({ x: "yes" }, async (directory) => {
      const args = ["--eval", "--restrict-eval", "-I", directory, "-E", `builtins.readFile ${directory}/x`];
      expect((await run(args)).stdout).toBe('"yes"\n');
    });
    const pure = await run([
      "--eval",
      "--pure-eval",
      "-I",
      "x=/",
      "-E",
      "[ builtins.nixPath (builtins ? currentTime) ]",
    ]);
    expect(pure.stdout).toBe("[ <CODE> <CODE> ]\n");
  });

  it.each([
    [
      ["-A", "a.b", "{ a.bc = 1; }"],
      "error: attribute 'b' in selection path 'a.b' not found\n       Did you mean bc?",
    ],
    [["-A", "a.9", "{ a = [ ]; }"], "error: list index 9 in selection path 'a.9' is out of range"],
    [
      ["-A", "a.0", "{ a = { }; }"],
      "error: the expression selected by the selection path 'a.0' should be a list but is a set",
    ],
    [["-A", "a..b", "{ a = { }; }"], "error: empty attribute name in selection path 'a..b'"],
    [["-A", 'a."b', "{ }"], "error: missing closing quote in selection path 'a.\"b'"],
    [
      ["--argstr", "z", "a", "{ x }: x"],
      "error: cannot evaluate a function that has an argument without a value ('x')",
    ],
    [["--parse", "x"], "error: undefined variable 'x'\n       at «string»:1:1:"],
    [["--arg", "x", "y", "1"], "error: undefined variable 'y'"],
    [["--json", "{ a = 1 + 1; }"], "error: cannot convert a thunk to JSON"],
    [["--raw", "[ ]"], "error: cannot coerce a list to a string: [ ]"],
    [["let f = n: f (n + 1) + 1; in f 0"], "error: stack overflow; max-call-depth exceeded"],
  ])("fails: %j", async (args, message) => {
    const { stdout, error } = await run(["--eval", "-E", ...args]);
    expect(stdout).toBe("");
    expect(error).toContain(message);
  });

  const countdown = (from: number) => `let f = n: if n == 0 then 0 else 1 + f (n - 1); in f ${from}`;

  it.each([
    [countdown(49), "50", "49\n"],
    [countdown(50), "50", "error: stack overflow; max-call-depth exceeded\n       at «string»:1:43:"],
    [countdown(1000), "1k", "1000\n"],
    [countdown(1025), "1K", "error: stack overflow; max-call-depth exceeded"],
    ["(x: x) 1", "0", "1\n"],
    ["(x: (y: y) x) 1", "0", "error: stack overflow; max-call-depth exceeded\n       at «string»:1:5:"],
    ["[ (map (x: x + 1) [ 1 ]) (toString { __toString = _: toString 1; }) ]", "4", '[ [ 2 ] "1" ]\n'],
    ["[ (map (x: x + 1) [ 1 ]) ]", "2", "error: stack overflow; max-call-depth exceeded"],
    ["let f = n: [ (f (n + 1)) ]; in f 0", "9", "error: stack overflow; max-call-depth exceeded"],
  ])("nests calls no deeper than --max-call-depth: %s, %s", async (expr, depth, expected) => {
    const { stdout, error } = await run(["--eval", "--strict", "--max-call-depth", depth, "-E", expr]);
    expect(error ?? stdout).toContain(expected);
  });

  it("goes on counting where an error was caught", async () => {
    const caught = '(builtins.tryEval ((x: throw x) "a")).success';
    const expr = `builtins.foldl' (a: x: ${caught}) null (builtins.genList (x: x) 9)`;
    expect(await run(["--eval", "--max-call-depth", "5", "-E", expr])).toMatchObject({ stdout: "false\n" });
  });

  it("prints what comes before a failure", async () => {
    const { stdout, error } = await run(["--eval", "-E", "1", 'throw "no"', "2"]);
    expect(stdout).toBe("1\n");
    expect(error).toMatch(/error: no$/);
  });
});

describe("nix-instantiate", () => {
  const paths = async (...args: string[]) => (await run(["--readonly-mode", ...args])).stdout.split("\n");

  it("prints the derivations' paths, and which output", async () => {
    expect(await paths("-E", a)).toEqual([expect.stringMatching(/^\/nix\/store\/[a-z0-9]{32}-a\.drv$/), ""]);
    expect(await paths("-E", `${b}.dev`)).toEqual([expect.stringMatching(/-b\.drv!dev$/), ""]);
  });

  it("finds those in sets and lists, each once, deeper only where it is asked to", async () => {
    const names = async (expr: string) =>
      (await paths("-E", expr)).map((path) => path.slice("/nix/store/".length + 33));
    expect(await names(`rec { y = ${b}; x = ${a}; z = x; "0" = ${drv("c")}; }`)).toEqual([
      "a.drv",
      "b.drv",
      "",
    ]);
    expect(await names(`{ s.x = ${a}; r = { recurseForDerivations = true; x = ${b}; }; }`)).toEqual([
      "b.drv",
      "",
    ]);
    expect(await names(`[ ${a} { x = ${b}; } [ ${drv("c")} ] ]`)).toEqual(["a.drv", "b.drv", "c.drv", ""]);
    expect(await names(`{ x ? ${a} }: { inherit x; }`)).toEqual(["a.drv", ""]);
  });

  it.each([
    ["1", "expression does not evaluate to a derivation (or a set or list of those)"],
    ['{ type = "derivation"; }', "derivation name missing"],
    ['{ type = "derivation"; name = "x"; }', "derivation does not contain a 'drvPath' attribute"],
    [
      '{ type = "derivation"; name = "x"; drvPath = builtins.toFile "x" ""; }',
      "store path 'gakslir528a29f7ppaf28ip8rdwqcnss-x' is not a valid derivation path",
    ],
    [`{ type = "derivation"; name = "x"; inherit (${a}) drvPath; }`, "lacks an 'outputName' attribute"],
    ['{ a = throw "no"; }', "while evaluating the attribute 'a'"],
  ])("refuses %s", async (expr, message) => {
    expect((await run(["-E", expr])).error).toContain(message);
  });

  it("says that nothing was written where there is no Nix, and doesn't fail", async () => {
    const { stdout, messages, error } = await run(["-E", a]);
    expect(stdout).toMatch(/-a\.drv\n$/);
    expect(messages).toEqual(["warning: nothing was written to the store: there is no Nix on this machine"]);
    expect(error).toBeUndefined();
  });

  it("fails when it can't make a root", async () => {
    const { stdout, error } = await run(["-E", a, "--add-root", "/some/link"]);
    expect(stdout).toBe("");
    expect(error).toBe(
      "error: cannot make the garbage collector root '/some/link': the derivation was not written to a store",
    );
  });
});

const hasNix = spawnSync("nix-instantiate", ["--version"]).status === 0;

describe.runIf(hasNix)("an installed Nix", () => {
  it.each(evaluations)("prints the same: %j", (args, stdout) => {
    const ran = spawnSync("nix-instantiate", ["-E", ...args], { encoding: "utf8", cwd: "/" });
    expect(ran.stdout).toBe(stdout);
  });

  it.each([a, `${b}.dev`, `[ ${a} { x = ${b}; } ]`])("has the same paths: %s", async (expr) => {
    const ran = spawnSync("nix-instantiate", ["--readonly-mode", "-E", expr], { encoding: "utf8", cwd: "/" });
    expect((await run(["--readonly-mode", "-E", expr])).stdout).toBe(ran.stdout);
  });
});
