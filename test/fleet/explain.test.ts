import { join } from "node:path";
import { expect, test } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { renderExplanation } from "../../src/cli/render/explanation.ts";
import { messageOf, networkFile } from "./network-of.ts";

const files = {
  "default.nix": `{ config, lib, ... }: {
  imports = [ ./greeting.nix ];
  defaults.platform = "linux";
  defaults.configuration = { lib, ... }: { environment.etc.motd.text = lib.mkDefault "default"; };
  nodes.foo.configuration = ./foo.nix;
  nodes.bar.configuration.environment.etc.motd.text = lib.mkForce "bar";
  greeting = "hello";
}
`,
  "greeting.nix": `{ config, lib, ... }: {
  options.greeting = lib.mkOption { type = lib.types.str; };
  config.nodes = lib.genAttrs [ "foo" "bar" ] (name: {
    configuration = { environment.etc.greeting.text = config.greeting; };
  });
}
`,
  "foo.nix": `{ imports = [ ./motd.nix ]; }\n`,
  "motd.nix": `{ environment.etc.motd.text = "foo"; }\n`,
};

function explain(path: string) {
  const file = networkFile(files);
  const result = runRequest({ kind: "explain", file, path }, {}, () => {});
  if (result.kind !== "explain") throw new Error("not an explanation");
  const directory = join(file, "..");
  return JSON.parse(
    JSON.stringify(result.explanation).replaceAll(directory, ""),
  ) as typeof result.explanation;
}

const summary = (path: string) =>
  explain(path).definitions.map(({ place, property, discarded, value, origin }) => ({
    place,
    property,
    discarded,
    value,
    through: origin && `${origin.option} ${origin.definition.place}`,
    imports: origin?.imports,
  }));

test("an option of the network: where it is defined and declared", () => {
  const { definitions, option, value } = explain("greeting");
  expect(definitions.map(({ place }) => place)).toEqual(["/default.nix:7:3"]);
  expect(option).toMatchObject({
    name: "greeting",
    type: "string",
    declarations: ["/greeting.nix:2:3"],
  });
  expect(value).toBe('"hello"');
});

test("a module that is imported: up to the definition in the network file; what lost as well", () => {
  expect(summary("nodes.foo.configuration.environment.etc.motd.text")).toEqual([
    {
      place: "/motd.nix:1:3",
      property: null,
      discarded: false,
      value: '"foo"',
      through: "nodes.foo.configuration /default.nix:5:3",
      imports: ["/foo.nix", "/motd.nix"],
    },
    expect.objectContaining({ property: "option default", discarded: true, through: null }),
    {
      place: "/default.nix:4:44",
      property: "mkDefault",
      discarded: true,
      value: '"default"',
      through: "nodes.foo.configuration /default.nix:4:3",
      imports: ["/default.nix"],
    },
  ]);
});

test("several definitions of a configuration in one file: the one that brings the module", () => {
  expect(summary("nodes.bar.configuration.environment.etc.motd.text")[0]).toMatchObject({
    place: "/default.nix:6:3",
    property: "mkForce",
    through: "nodes.bar.configuration /default.nix:6:3",
  });
});

test("a network module's definition", () => {
  expect(summary("nodes.bar.configuration.environment.etc.greeting.text")).toMatchObject([
    { place: "/greeting.nix:4:23", through: "nodes.bar.configuration /greeting.nix:4:5", value: '"hello"' },
    { property: "option default", discarded: true },
  ]);
});

test("the option of a value in a submodule", () => {
  expect(explain("nodes.foo.configuration.environment.etc.motd.text").option).toMatchObject({
    name: "nodes.foo.configuration.environment.etc.motd.text",
    type: expect.stringContaining("strings concatenated"),
  });
  expect(explain("nodes.foo.platform").option).toMatchObject({ name: "nodes.foo.platform" });
  expect(explain("nodes.foo.platform").definitions.map(({ place }) => place)[0]).toBe("/default.nix:3:3");
});

test("as text", () => {
  const shown = renderExplanation(explain("nodes.foo.configuration.environment.etc.motd.text"));
  expect(shown).toContain('nodes.foo.configuration.environment.etc.motd.text = "foo"\n');
  expect(shown).toContain("  - /motd.nix:1:3\n");
  expect(shown).toContain("      through nodes.foo.configuration, defined at /default.nix:5:3");
  expect(shown).toContain("(mkDefault; discarded)");
});

test("a path that is not there says what may have been meant", () => {
  expect(messageOf(() => explain("greetin"))).toContain("did you mean 'greeting'?");
});
