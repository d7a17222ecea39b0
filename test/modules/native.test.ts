/** Modules in TypeScript, together with ones in the Nix language. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { type Attrs, NixString, type Slot } from "../../src/lang/eval/value.ts";
import {
  type ConfigOf,
  defineModule,
  mkAfter,
  mkBefore,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  option,
} from "../../src/modules/define.ts";
import { concatText, SourcePath, StoreString, text } from "../../src/modules/store-string.ts";
import { t } from "../../src/modules/types/index.ts";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();

const options = {
  port: option({ type: t.port, default: 80, description: "Where it listens." }),
  names: option({ type: t.listOf(t.str), default: [] }),
  hosts: option({
    type: t.attrsOf(
      t.submodule({
        options: { name: option({ type: t.str }), up: option({ type: t.bool, default: true }) },
        config: ({ name }) => ({ name: mkDefault(name) }),
      }),
    ),
    default: {},
  }),
  nested: { text: option({ type: t.nullOr(t.str), default: null }) },
};
const declared = defineModule({ file: "declared", options });

describe("definitions and config", () => {
  test("both languages read each other", () => {
    const module = defineModule({
      file: "reader",
      options: { summary: option({ type: t.str }), count: option({ type: t.int }) },
      config: ({ config }) => ({
        summary: () => `${Object.keys(hostsOf(config)).join(",")} on ${portOf(config)}`,
        count: () => Object.values(hostsOf(config)).filter((host) => host.up).length,
      }),
    });
    expect(
      lab.config(
        declared,
        module,
        "{ config, ... }: { hosts.b.up = false; hosts.a = { }; port = config.count + 8000; names = [ config.hosts.a.name ]; }",
      ),
    ).toBe(
      '{ count = 1; hosts = { a = { name = "a"; up = true; }; b = { name = "b"; up = false; }; }; ' +
        'names = [ "a" ]; nested = { text = null; }; port = 8001; summary = "a,b on 8001"; }',
    );
  });

  test("properties", () => {
    const module = defineModule({
      file: "properties",
      config: ({ config }) =>
        mkMerge([
          { names: mkAfter(["z"]), port: mkDefault(1) },
          { names: mkBefore(["a"]), port: mkForce(2) },
          mkIf(
            () => portOf(config) === 2,
            () => ({ names: ["when two"] }),
          ),
          mkIf(false, { names: ["never"] }),
          { nested: { text: undefined } },
        ]),
    });
    expect(lab.config(declared, module)).toBe(
      '{ hosts = { }; names = [ "a" "when two" "z" ]; nested = { text = null; }; port = 2; }',
    );
  });

  test("reading config while saying what is defined is an error that tells what to wrap", () => {
    const module = defineModule({
      file: "eager",
      config: ({ config }) => ({ names: [String(portOf(config))] }),
    });
    expect(lab.fails(declared, module).message).toBe(
      "infinite recursion encountered: `config' is read while the module eager is still saying which options it defines.\n" +
        "Wrap what reads `config' so that it is computed later: `() => value', or `mkIf(() => condition, () => definitions)'.",
    );
  });

  test("so is taking an argument of _module.args apart at once", () => {
    const module = defineModule({ file: "eager", config: ({ extra }) => ({ names: [extra] }) });
    expect(lab.fails(declared, module, '{ _module.args.extra = "x"; }').message).toContain(
      "read them where they are needed: `(args) => ({ option: () => args.extra })'",
    );
  });

  test("defining and reading with other types than declared", () => {
    expect(lab.fails(declared, defineModule({ file: "f", config: { port: "x" } })).message).toContain(
      "A definition for option `port' is not of type `16 bit unsigned integer; between 0 and 65535 (both inclusive)'. Definition values:\n- In `f': \"x\"",
    );
    expect(lab.fails(declared, defineModule({ file: "f", config: { prot: 1 } })).message).toContain(
      "Did you mean `port'?",
    );
    expect(lab.fails(declared, defineModule({ file: "f", config: { port: Number.NaN } })).message).toBe(
      "port: NaN is not a number of the Nix language",
    );
    expect(lab.fails(declared, defineModule({ file: "f", config: { port: new Date() } })).message).toBe(
      "port: an object of a class cannot be a definition; give a plain one",
    );
  });

  test("arguments, lib, apply, coercedTo, addCheck, functions", () => {
    const module = defineModule({
      file: "m",
      options: {
        a: option({ type: t.int, apply: (n) => n + 1 }),
        b: option({ type: t.listOf(t.coercedTo(t.int, (n) => `n${n}`, t.str)) }),
        c: option({ type: t.addCheck(t.str, (s) => s.startsWith("x")) }),
        f: option({ type: t.functionTo(t.int) }),
        g: option({ type: t.int }),
      },
      config: (args) => ({
        a: () => args["extra"] as number,
        b: [1, "two"],
        c: "xyz",
        f: (n: unknown) => Number(n) * 2,
        g: () =>
          (args.config.f as (n: number) => number)(
            (args.lib["min"] as (a: number, b: number) => number)(3, 4),
          ),
      }),
    });
    expect(lab.config(module, "{ _module.args.extra = 4; }").replace(/f = [^;]*; [^;]*; \};/, "f;")).toBe(
      '{ a = 5; b = [ "n1" "two" ]; c = "xyz"; f; g = 6; }',
    );
  });

  test("types of config follow the declarations", () => {
    expectTypeOf<ConfigOf<typeof options>["port"]>().toEqualTypeOf<number>();
    expectTypeOf<ConfigOf<typeof options>["names"]>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ConfigOf<typeof options>["nested"]["text"]>().toEqualTypeOf<string | null>();
    expectTypeOf<ConfigOf<typeof options>["hosts"][string]["up"]>().toEqualTypeOf<boolean>();
  });
});

type Config = ConfigOf<typeof options>;
const hostsOf = (config: object) => (config as Config).hosts;
const portOf = (config: object) => (config as Config).port;

describe("strings with references", () => {
  const path = "/nix/store/00000000000000000000000000000000-unit";
  const withReference: Slot = new NixString(path, new Set([path]));
  const scope = (config: (args: { unit: StoreString }) => object) => {
    const module = defineModule({
      file: "references",
      options: { unit: option({ type: t.str }), line: option({ type: t.str }) },
      config: (args) => ({
        unit: () => withReference as never,
        line: () => config(args.config as never) as never,
      }),
    });
    return lab.modules(module);
  };

  test("keep them through text", () => {
    const { config } = scope(({ unit }) => text`run ${unit} ${1}` as object);
    const line = (config as Attrs).getByName("line")!;
    expect(lab.system.toStringValue(line).value).toEqual(new NixString(`run ${path} 1`, new Set([path])));
  });

  test("are refused where JavaScript would drop them", () => {
    const { config } = scope(({ unit }) => `run ${unit}` as unknown as object);
    expect(() => lab.print(config)).toThrow(
      `the string with references to the store '${path}' would lose its references when JavaScript turns it into a plain string; ` +
        "write a text`...` template with it to build a longer string, or `it.textWithoutReferences` if the references are not wanted",
    );
  });

  test("concatText joins with a separator", () => {
    const one = new StoreString(new NixString("a", new Set(["/nix/store/x"])));
    const joined = concatText([one, "b", 3], "\n");
    expect(joined).toBeInstanceOf(StoreString);
    expect((joined as StoreString).textWithoutReferences).toBe("a\nb\n3");
    expect(concatText(["a", "b"])).toBe("ab");
  });

  test("paths are no strings", () => {
    expect(() => `${new SourcePath("/x")}`).toThrow("`it.path`");
    expect(() => new SourcePath("x")).toThrow("a path must be absolute, but 'x' is not");
  });
});

describe("views", () => {
  const view = () => {
    let seen: Record<string, unknown> = {};
    const module = defineModule({
      file: "view",
      options: { x: option({ type: t.anything }), done: option({ type: t.bool }) },
      config: ({ config }) => ({
        done: () => {
          seen = config.x as Record<string, unknown>;
          return true;
        },
      }),
    });
    lab.config(
      module,
      '{ x = { text = "\u00e9"; n = 3; f = 1.5; list = [ 1 { a = 2; } ]; p = /etc/x; big = 9007199254740993; none = null; fn = a: a + 1; }; }',
    );
    return seen;
  };

  test("convert what is read", () => {
    const x = view();
    expect(Object.keys(x)).toEqual(["big", "f", "fn", "list", "n", "none", "p", "text"]);
    expect([x["text"], x["n"], x["f"], x["none"], x["big"], x["missing"]]).toEqual([
      "\u00e9",
      3,
      1.5,
      null,
      9007199254740993n,
      undefined,
    ]);
    expect((x["p"] as SourcePath).path).toBe("/etc/x");
    expect((x["fn"] as (n: number) => number)(4)).toBe(5);
    expect("n" in x && !("m" in x)).toBe(true);
    expect((x["list"] as [number, { a: number }])[1].a).toBe(2);
  });

  test("cannot be changed or turned into strings", () => {
    const x = view();
    expect(() => {
      x["n"] = 4;
    }).toThrow("a configuration is read only: 'n' cannot be assigned");
    expect(() => delete x["n"]).toThrow("read only");
    expect(() => `${x as unknown as string}`).toThrow(
      "would be turned into a string or number by JavaScript",
    );
  });
});
