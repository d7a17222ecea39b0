import { expect, test } from "vitest";
import { matching } from "../../src/cli/commands/options.ts";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { optionsMarkdown, renderOptions } from "../../src/cli/render/options.ts";
import { networkFile } from "./network-of.ts";

function optionsOf(text: string) {
  const file = networkFile(text);
  const result = runRequest({ kind: "options", file }, {}, () => {});
  if (result.kind !== "options") throw new Error("not options");
  return { options: result.options, file };
}

test("docs/reference/options.md is up to date: npm run docs:reference writes it", async () => {
  const { options } = optionsOf("{ }");
  const link = (place: string) => {
    const file = place.replace(/^<nixus\/(.*)>$/, "src/$1.ts");
    return `[${file}](../../${file})`;
  };
  // The built-in modules define some; that is nothing to document.
  const declared = options.map((option) => ({ ...option, definitions: [] }));
  const intro =
    "# Options\n\nOptions of a network, and of the configuration of a machine on the `linux` platform " +
    "(`nodes.<name>.configuration`). A machine on the `nixos` platform has the options of NixOS.\n\n" +
    "`nixus options` prints the same for a network of yours, with the options that its own modules declare.\n\n";
  await expect(intro + optionsMarkdown(declared, link)).toMatchFileSnapshot(
    "../../docs/reference/options.md",
  );
});

test("every option is described", () => {
  const { options } = optionsOf("{ }");
  expect(options.length).toBeGreaterThan(50);
  expect(options.filter(({ description }) => description === null).map(({ name }) => name)).toEqual([]);
});

test("where this network defines an option, in whichever node", () => {
  const { options, file } = optionsOf(`{ lib, ... }: {
  options.mine = lib.mkOption { type = lib.types.int; default = 3; description = "Mine."; };
  config.nodes.a = { platform = "linux"; configuration.environment.etc.x.text = "x"; };
  config.nodes.b = { platform = "linux"; enabled = false; };
}`);
  const option = (name: string) => options.find((one) => one.name === name);
  expect(option("mine")).toMatchObject({
    type: "signed integer",
    default: "3",
    description: "Mine.",
    declarations: [`${file}:2:3`],
    definitions: [],
  });
  expect(option("nodes.<name>.enabled")?.definitions).toEqual([`${file}:4:42`]);
  expect(option("nodes.<name>.configuration.environment.etc.<name>.text")?.definitions).toEqual([
    `${file}:3:42`,
  ]);
});

test("a pattern is a part of the name, with *, or a path in the configuration", () => {
  const { options } = optionsOf("{ }");
  const names = (pattern: string) => matching(options, pattern).map(({ name }) => name);
  expect(names("switchTimeout")).toEqual(["nodes.<name>.switchTimeout"]);
  expect(names("nodes.*.enabled")).toEqual(["nodes.<name>.enabled"]);
  expect(names("nodes.foo.host")).toEqual(["nodes.<name>.host"]);
  expect(names('nodes."foo.example.com".host')).toEqual(["nodes.<name>.host"]);
  expect(names("ssh.access.foo")).toEqual(names("ssh.access.<name>."));
  expect(names("secrets.key.file")).toEqual(["secrets.<name>.file"]);
  expect(() => names("swichTimeout")).toThrow("did you mean switchTimeout");
  expect(() => names("secrts")).toThrow(/did you mean secrets or secret\?$/);
});

test("as text", () => {
  const { options } = optionsOf("{ }");
  const shown = renderOptions(matching(options, "switchTimeout"));
  expect(shown).toMatch(/^nodes\.<name>\.switchTimeout\n {2}Seconds that/);
  expect(shown).toContain("  type: positive integer, meaning >0\n  default: 60\n");
});

test("a network that something is missing in has options all the same, and the places that can be told", () => {
  const { options, file } = optionsOf(`{
  nodes.a = { platform = "linux"; configuration.environment.etc.x.text = "x"; };
  nodes.b.platform = "linux";
  # b's host keys are missing.
  ssh.access.a.keys.alice = { publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC"; hasAccessTo.b.root = true; };
}`);
  const definitionsOf = (name: string) => options.find((option) => option.name === name)?.definitions;
  expect(definitionsOf("ssh.access.<name>.hostKeys")).toEqual([]);
  expect(definitionsOf("nodes.<name>.configuration.environment.etc.<name>.text")).toEqual([`${file}:2:35`]);
  const broken = optionsOf(`{ vpn.networks.broken = throw "no network"; nodes.a.platform = "linux"; }`);
  expect(broken.options.map(({ name }) => name)).toContain(
    "nodes.<name>.configuration.environment.etc.<name>.text",
  );
});
