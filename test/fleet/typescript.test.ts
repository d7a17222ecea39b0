/** Network files and modules in TypeScript. */
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { NixError } from "../../src/lang/eval/errors.ts";
import { showError } from "../../src/lang/eval/show-error.ts";
import { toText } from "../../src/store/bytes.ts";
import { messageOf, networkFile } from "./network-of.ts";

type Files = Readonly<Record<string, string>>;

const network = (body: string) =>
  `import { defineNetwork } from "nixus";\nexport default defineNetwork(${body});\n`;

/** A function that gives values of the network of these files; `nixus.config.ts` is the network file. */
function evaluation(files: Files): { directory: string; value: (path: string) => unknown } {
  const directory = dirname(networkFile(files));
  const file = join(directory, "nixus.config.ts");
  return {
    directory,
    value: (path) => {
      const result = runRequest({ kind: "value", file, path, format: "json" }, {}, () => {});
      if (result.kind !== "value") throw new Error("not a value");
      return JSON.parse(result.text);
    },
  };
}

const optionOf = (files: Files, path: string) => evaluation(files).value(path);

/** The error as it is shown, without the trace; the directory of the files is left out. */
function errorOf(files: Files, path: string): string {
  const { directory, value } = evaluation(files);
  try {
    value(path);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    error.trace.length = 0;
    return toText(showError(error, { showTrace: false })).replaceAll(`${directory}/`, "");
  }
  throw new Error("expected an error");
}

const hostName = '{ name, ... }: { networking.hostName = "the-${name}"; }';

describe("a network file in TypeScript", () => {
  it("is one fixed point with modules in Nix and TypeScript", () => {
    const { value } = evaluation({
      "nixus.config.ts": network(`({ config }) => ({
        imports: ["./more.nix", "./tags.ts"],
        defaults: { platform: "linux", configuration: "./configuration.nix" },
        nodes: {
          foo: { host: () => \`root@\${config.nodes["bar"]!.host}\` },
          bar: ({ name }) => ({ host: \`h-\${name}\` }),
        },
      })`),
      "more.nix":
        "{ config, ... }: { nodes.foo.tags = [ config.nodes.bar.host ]; imports = [ ./deep/more.mts ]; }",
      "tags.ts": 'export default { nodes: { foo: { tags: ["ts"] } } };',
      "deep/more.mts": 'export default (args: { lib: any }) => ({ nodes: { foo: { tags: ["deep"] } } });',
      "configuration.nix": hostName,
    });
    expect(value("nodes.foo.host")).toBe("root@h-bar");
    expect((value("nodes.foo.tags") as string[]).toSorted()).toEqual(["deep", "h-bar", "ts"]);
    expect(value("nodes.bar.configuration.networking.hostName")).toBe("the-bar");
  });

  it("takes a configuration as a path, an object, a function or a list", () => {
    const { value } = evaluation({
      "nixus.config.ts": network(`{
        defaults: { platform: "linux" },
        nodes: {
          path: { configuration: "./machines/path.nix" },
          object: { configuration: { imports: ["./machines/path.nix"], environment: { etc: { a: { text: "a" } } } } },
          fn: { configuration: ({ config, lib, nodes, name }) => ({
            networking: { hostName: "fn" },
            environment: { etc: { a: { text: () => [name, nodes["path"]!.networking.hostName, config.networking.hostName, Object.keys(lib).length > 100].join() } } },
          }) },
          list: { configuration: ["./machines/path.nix", "./machines/other.ts", { environment: { etc: { a: { text: "a" } } } }] },
        },
      }`),
      "machines/path.nix": hostName,
      "machines/other.ts":
        "export default ({ name }) => ({ environment: { etc: { b: { text: `b of ${name}` } } } });",
    });
    expect(value("nodes.path.configuration.networking.hostName")).toBe("the-path");
    expect(value("nodes.object.configuration.networking.hostName")).toBe("the-object");
    expect(value("nodes.object.configuration.environment.etc.a.text")).toBe("a");
    expect(value("nodes.fn.configuration.environment.etc.a.text")).toBe("fn,the-path,fn,true");
    expect(value("nodes.list.configuration.networking.hostName")).toBe("the-list");
    expect(value("nodes.list.configuration.environment.etc.b.text")).toBe("b of list");
  });

  it("gives nixpkgs, which knows only absolute paths, modules of the same", () => {
    const { value } = evaluation({
      "nixus.config.ts": `import { defineNetwork, path } from "nixus";
        export default defineNetwork({
          defaults: { nixpkgs: path("./nixpkgs") },
          nodes: {
            path: { configuration: "./machines/one.nix" },
            list: { configuration: ["./machines/one.nix", "./machines/three.ts", () => ({ imports: ["./machines/two.nix"] })] },
            imports: ({ name }) => ({ configuration: { imports: ["./machines/three.ts"], own: name } }),
            fn: { configuration: ({ name }) => ({ imports: ["./machines/one.nix", ({ name }) => ({ inner: name })], own: name }) },
          },
        });`,
      "nixpkgs/nixos/lib/eval-config.nix": `{ modules, specialArgs, ... }:
        let
          args = specialArgs // { inherit config; options = { }; lib = { versionAtLeast = _: _: true; mkIf = _: _: { }; }; };
          load = module:
            if builtins.isString module && builtins.substring 0 1 module != "/" then
              throw "'\${module}' is not an absolute path"
            else if builtins.isString module || builtins.isPath module then load (import module)
            else if builtins.isFunction module then load (module args)
            else builtins.foldl' (all: one: all // load one) (removeAttrs module [ "imports" "_file" ]) (module.imports or [ ]);
          all = load { imports = builtins.filter (module: !builtins.isPath module && !builtins.isFunction module) modules; };
          wanted = { one = 0; two = 0; three = 0; four = 0; own = 0; inner = 0; };
          config = all // { seen = builtins.intersectAttrs wanted all; };
        in
        { inherit config; options = { }; }`,
      "machines/one.nix": "{ one = 1; }",
      "machines/two.nix": "{ name, ... }: { two = name; }",
      "machines/three.ts": 'export default ({ name }) => ({ imports: ["./deep/four.nix"], three: name });',
      "machines/deep/four.nix": "{ four = 4; }",
    });
    const own = (node: string) => value(`nodes.${node}.configuration.seen`);
    expect(own("path")).toEqual({ one: 1 });
    expect(own("list")).toEqual({ one: 1, two: "list", three: "list", four: 4 });
    expect(own("imports")).toEqual({ three: "imports", four: 4, own: "imports" });
    expect(own("fn")).toEqual({ one: 1, own: "fn", inner: "fn" });
  });

  it("resolves a path against the file that says it", () => {
    const { value, directory } = evaluation({
      "nixus.config.ts": `import { defineNetwork } from "nixus";
        import { machine } from "./lib/machine.ts";
        export default defineNetwork({ nodes: { a: machine, b: { ...machine, tags: ["b"] } } });`,
      "lib/machine.ts": `import { path } from "nixus";
        export const machine = {
          platform: "linux" as const,
          configuration: { imports: ["./configuration.nix"], environment: { etc: { page: { source: path("./page.html") } } } },
        };`,
      "lib/configuration.nix": hostName,
      "lib/page.html": "<p>",
    });
    expect(value("nodes.a.configuration.networking.hostName")).toBe("the-a");
    expect(value("nodes.b.configuration.networking.hostName")).toBe("the-b");
    expect(String(value("nodes.a.configuration.environment.etc.page.source"))).not.toContain(directory);
  });

  it("imports modules of npm packages, which import nixus themselves", () => {
    const { value } = evaluation({
      "nixus.config.ts": `import { defineNetwork } from "nixus";
        import pages from "pages";
        export default defineNetwork({ imports: ["pages/nix", "pages/more", pages], pages: { text: "hi" }, nodes: { a: { platform: "linux" } } });`,
      "node_modules/pages/package.json":
        '{ "name": "pages", "type": "module", "exports": { ".": "./index.js", "./nix": "./module.nix", "./more": "./more.ts" } }',
      "node_modules/pages/index.js": `import { defineModule, option, types as t } from "nixus";
        export default defineModule({
          options: { pages: { text: option({ type: t.str }) } },
          config: ({ config }) => ({ nodes: { a: { tags: () => [config.pages.text] } } }),
        });`,
      "node_modules/pages/module.nix": '{ nodes.a.host = "from-nix"; }',
      "node_modules/pages/more.ts": 'export default { nodes: { a: { tags: ["more"] } } };',
    });
    expect((value("nodes.a.tags") as string[]).toSorted()).toEqual(["hi", "more"]);
    expect(value("nodes.a.host")).toBe("from-nix");
  });

  it("loads JavaScript as well, and a module that is imported twice once", () => {
    const { value } = evaluation({
      "nixus.config.ts": network('{ imports: ["./a.js", "./b.cjs", "./shared.mjs"], nodes: { a: {} } }'),
      "a.js": 'import shared from "./shared.mjs"; export default { imports: [shared] };',
      "b.cjs":
        'module.exports = ({ lib }) => ({ imports: ["./shared.mjs"], nodes: { a: { tags: ["cjs"] } } });',
      "shared.mjs": `import { defineModule, option, types } from "nixus";
        export default defineModule({
          options: { shared: option({ type: types.int, default: 7 }) },
          config: { nodes: { a: { tags: ["shared"] } } },
        });`,
    });
    expect(value("shared")).toBe(7);
    expect((value("nodes.a.tags") as string[]).toSorted()).toEqual(["cjs", "shared"]);
  });

  it("is read anew by each evaluation", () => {
    const files = {
      "nixus.config.ts": 'import { tag } from "./tag.ts"; export default { nodes: { a: { tags: [tag] } } };',
      "tag.ts": 'export const tag = "one";',
    };
    expect(optionOf(files, "nodes.a.tags")).toEqual(["one"]);
    expect(optionOf({ ...files, "tag.ts": 'export const tag = "two";' }, "nodes.a.tags")).toEqual(["two"]);
  });

  it("keeps references to the store", () => {
    const { value } = evaluation({
      "nixus.config.ts": `import { defineNetwork, text } from "nixus";
        export default defineNetwork({
          imports: ["./page.nix"],
          nodes: { a: { platform: "linux", configuration: ({ config }) => ({
            environment: { etc: { copy: { text: () => text\`see \${config.environment.etc["page"]!.text!}\` } } },
          }) } },
        });`,
      "page.nix": '{ nodes.a.configuration.environment.etc.page.text = "${./page.html}"; }',
      "page.html": "<p>",
    });
    expect(value("nodes.a.configuration.environment.etc.copy.text")).toMatch(
      /^see \/nix\/store\/[^/]+-page.html$/,
    );
  });
});

describe("errors show the place in the file:", () => {
  const one = (text: string) => ({ "nixus.config.ts": text });

  it("syntax", () => {
    expect(errorOf(one("const é = 1;\nexport default { a: = 3 };"), "nodes")).toBe(
      `error: syntax error: Unexpected token
       at nixus.config.ts:2:21:
            1| const é = 1;
            2| export default { a: = 3 };
             |                     ^`,
    );
  });

  it("an exception while the file is loaded, in a file that it imports", () => {
    const files = {
      "nixus.config.ts": 'import { x } from "./x.ts";\nexport default { x };\n',
      "x.ts":
        'type T = string;\nconst y = (z: T) => { throw new TypeError(`no ${z}`); };\nexport const x = y("use");\n',
    };
    expect(errorOf(files, "nodes")).toContain("error: TypeError: no use\n       at x.ts:2:29:\n");
  });

  it("an exception when a value is computed", () => {
    const text = network(`({ config }) => ({
  nodes: { a: { host: () => config.nodes["b"]!.host } },
})`);
    expect(errorOf(one(text), "nodes.a.host")).toContain(
      "error: TypeError: Cannot read properties of undefined (reading 'host')\n       at nixus.config.ts:3:48:\n",
    );
  });

  it("a wrong type", () => {
    const text = network(`{\n  nodes: { a: {\n    switchTimeout: "é" as never } },\n}`);
    expect(errorOf(one(text), "nodes.a.switchTimeout")).toContain(
      '- In `nixus.config.ts:4:5\': "é"\n       at nixus.config.ts:4:5:\n',
    );
  });

  it("an unknown option, in a network and in a configuration", () => {
    const text = network(`{
  nodes: { a: { platform: "linux", hots: "x", configuration: { networking: { hostname: "x" } } } as never },
}`);
    const shown = errorOf(one(text), "nodes.a.host");
    expect(shown).toContain("The option `nodes.a.hots' does not exist.");
    expect(shown).toContain("Did you mean `nodes.a.host'?");
    expect(shown).toContain("at nixus.config.ts:3:36:");
    const inside = errorOf(one(text.replace('hots: "x", ', "")), "nodes.a.configuration.networking.hostName");
    expect(inside).toContain("`nodes.a.configuration.networking.hostName'?");
    expect(inside).toContain("at nixus.config.ts:3:67:");
  });

  it("a value that cannot be a definition", () => {
    const text = network(
      `{\n  nodes: { a: { tags: [new Date() as never], host: (async () => "x") as never } },\n}`,
    );
    expect(errorOf(one(text), "nodes.a.tags")).toBe(
      `error: nodes.a.tags[0]: an object of a class cannot be a definition; give a plain one
       at nixus.config.ts:3:17:
            2| export default defineNetwork({
            3|   nodes: { a: { tags: [new Date() as never], host: (async () => "x") as never } },
             |                 ^
            4| });`,
    );
    expect(errorOf(one(text.replace("new Date()", '"x"')), "nodes.a.host")).toContain(
      "nodes.a.host: a promise cannot be a definition: modules are synchronous\n       at nixus.config.ts:3:39:",
    );
  });

  it("a value that is read while the structure is computed, and what to wrap", () => {
    const text = network(`({ config }) => ({
  nodes: { a: {}, b: { host: config.nodes["a"]!.host } },
})`);
    const shown = errorOf(one(text), "nodes.b.host");
    expect(shown).toContain(
      "is read while the module nixus.config.ts is still saying which options it defines.",
    );
    expect(shown).toContain("Wrap what reads `config' so that it is computed later: `() => value'");
    expect(shown).toContain("at nixus.config.ts:3:37:");
  });

  it("a string with references that JavaScript would drop", () => {
    const files = {
      "nixus.config.ts": `import { defineNetwork } from "nixus";
export default defineNetwork({
  imports: ["./page.nix"],
  nodes: { a: { platform: "linux", configuration: ({ config }) => ({
    environment: { etc: { copy: { text: () =>
      \`see \${config.environment.etc["page"]!.text}\` } } },
  }) } },
});`,
      "page.nix": '{ nodes.a.configuration.environment.etc.page.text = "${./page.nix}"; }',
    };
    const shown = errorOf(files, "nodes.a.configuration.environment.etc.copy.text");
    expect(shown).toContain("write a text`...` template with it");
    expect(shown).toContain("at nixus.config.ts:6:");
  });

  it("waiting at the top of a file", () => {
    expect(errorOf(one("const x = await 3;\nexport default { x };\n"), "nodes")).toContain(
      "error: modules are synchronous: there can be no `await' here\n       at nixus.config.ts:1:11:",
    );
  });

  it("what nixus does not give to modules", () => {
    expect(
      errorOf(one('import { deploy } from "nixus";\nexport default { x: deploy };\n'), "nodes"),
    ).toContain("error: \"nixus\" has no 'deploy' for modules; it has: ");
    expect(
      errorOf(one('import { defineModul } from "nixus";\nexport default { x: defineModul };\n'), "nodes"),
    ).toContain("did you mean defineModule?\n       at nixus.config.ts:2:21:");
    expect(errorOf(one('import { t } from "nixus";\nexport default { x: t.str };\n'), "nodes")).toContain(
      "error: \"nixus\" has no 't' for modules; write import { types as t }\n       at nixus.config.ts:2:21:",
    );
  });

  it("a function that is asynchronous", () => {
    expect(errorOf(one(network("async () => ({ nodes: { a: {} } })")), "nodes")).toContain(
      "error: the function of the module nixus.config.ts gives a promise, but modules are synchronous; leave out its `async'",
    );
  });

  it("an import that is not there, with who imports it", () => {
    const files = { "nixus.config.ts": network('() => ({\n  imports: ["./none.ts"],\n})') };
    expect(errorOf(files, "nodes")).toContain(
      "error: the module 'none.ts' does not exist\n       at nixus.config.ts:3:3:",
    );
    const file = networkFile({
      "default.nix": "{ imports = [ ./a.nix ]; }",
      "a.nix": "{\n  imports = [ ./none.nix ];\n}",
    });
    expect(errorOf({ "nixus.config.ts": network(`{ imports: ["${file}"] }`) }, "nodes")).toMatch(
      /none\.nix' does not exist\n {7}at .*a\.nix:2:3:/,
    );
  });
});

it("options of a submodule know the file that declares them", () => {
  const file = networkFile({
    "default.nix": "{ imports = [ ./own.ts ]; }",
    "own.ts": `import { defineModule, option, types as t } from "nixus";
export default defineModule({
  options: {
    own: option({ type: t.attrsOf(t.submodule({
      options: { port: option({ type: t.port, description: "Port." }) },
    })), default: {}, description: "Own." }),
  },
});`,
  });
  const result = runRequest({ kind: "options", file }, {}, () => {});
  if (result.kind !== "options") throw new Error("not options");
  const port = result.options.find(({ name }) => name === "own.<name>.port");
  expect(port?.declarations).toEqual([`${join(dirname(file), "own.ts")}:5:18`]);
});

describe("what is not a module", () => {
  const message = (files: Files) => errorOf(files, "nodes").split("\n")[0];

  it("is said so", () => {
    expect(message({ "nixus.config.ts": "export const a = 1;" })).toBe(
      "error: the module nixus.config.ts has no default export: write `export default defineNetwork(() => ({ ... }))' or `export default defineModule({ ... })'",
    );
    expect(message({ "nixus.config.ts": "export default 3;" })).toBe(
      "error: the default export of nixus.config.ts is no module: it is of type number",
    );
    expect(message({ "nixus.config.ts": network('{ imports: ["./none.ts"] }') })).toBe(
      "error: the module 'none.ts' does not exist",
    );
    expect(message({ "nixus.config.ts": network('{ imports: ["none/at-all"] }') })).toBe(
      "error: the module 'none/at-all' that nixus.config.ts imports is not found: it is neither a path (`./none/at-all') nor in an installed npm package",
    );
    expect(message({ "nixus.config.ts": 'import x from "./none.ts";\nexport default { x };' })).toBe(
      "error: Error: Cannot find module './none.ts'",
    );
  });

  it("a string in imports of a Nix file is no path", () => {
    const file = networkFile({ "default.nix": '{ imports = [ "./x.nix" ]; }' });
    expect(
      messageOf(() => runRequest({ kind: "value", file, path: "nodes", format: "json" }, {}, () => {})),
    ).toContain(
      'a module must be a path, a function or a set, but there is the string "./x.nix" in `imports\'; paths are written without quotes',
    );
  });
});
