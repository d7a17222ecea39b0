import { expect, test } from "vitest";
import { defineModule, mkForce } from "../../src/modules/define.ts";
import type { ModuleSource } from "../../src/modules/module.ts";
import { modulesLab } from "./lab.ts";

const lab = modulesLab();
const declarations =
  "{ options.l = o (t.listOf t.int); options.a = lib.mkOption { type = t.int; default = 0; }; options.hosts = o (t.attrsOf (t.submodule { options.port = o t.int; options.env = o (t.attrsOf t.str); })); }";

const shown = (path: readonly string[], ...modules: readonly (string | ModuleSource)[]) =>
  lab
    .modules(declarations, ...modules)
    .definitionsOf(path)
    .map(
      ({ place, priority, discarded, value }) =>
        `${place} ${priority}${discarded ? " discarded" : ""} ${lab.print(value)}`,
    );

test("of an option: those that win, then those that are discarded, the default among them", () => {
  expect(shown(["a"], "{ a = lib.mkForce 1; }", "{ a = 2; }", "{ a = lib.mkIf false 3; }")).toEqual([
    "/b.nix:2:6 50 1",
    "/a.nix:2:79 1500 discarded 0",
    "/c.nix:2:6 100 discarded 2",
  ]);
});

test("of an attribute, of an option in a submodule, and of an attribute there", () => {
  const modules = ['{ hosts.x.port = 1; hosts.x.env.A = "a"; }', '{ hosts.x = { env.B = "b"; }; }'] as const;
  expect(shown(["hosts", "x", "port"], ...modules)).toEqual(["/b.nix:2:6 100 1"]);
  expect(shown(["hosts", "x", "env", "B"], ...modules)).toEqual(['/c.nix:2:18 100 "b"']);
  expect(shown(["hosts", "x", "env"], ...modules)).toHaveLength(2);
  expect(shown(["hosts", "y"], ...modules)).toEqual([]);
  expect(shown(["nothing"], ...modules)).toEqual([]);
});

test("of a list element", () => {
  expect(shown(["l", "1"], "{ l = [ 1 ]; }", "{ l = [ 2 3 ]; }")).toEqual(["/c.nix:2:6 100 3"]);
});

test("of a module in TypeScript: its file", () => {
  expect(shown(["a"], defineModule({ file: "nixus/x", config: { a: mkForce(4) } })).at(0)).toBe(
    "nixus/x 50 4",
  );
});
