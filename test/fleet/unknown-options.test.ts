/** Options that are looked for in the wrong one of network, node and configuration. */
import { expect, test } from "vitest";
import { messageOf, optionValue } from "./network-of.ts";

const message = (text: string) => messageOf(() => optionValue(text, "nodes.foo.configuration"));
const linux = 'nodes.foo.platform = "linux";';

test.each([
  [
    "a machine's option in the network",
    "{ environment.etc = { }; }",
    "nodes.<name>.configuration.environment",
  ],
  [
    "a machine's option in the node",
    `{ ${linux} nodes.foo.environment.etc = { }; }`,
    "nodes.foo.configuration.environment",
  ],
  [
    "a node's option in the configuration",
    `{ ${linux} nodes.foo.configuration.hasFastConnection = true; }`,
    "nodes.foo.hasFastConnection",
  ],
  ["a node's option in the network", "{ switchTimeout = 4; }", "nodes.<name>.switchTimeout"],
  ["the network's option in a node", `{ ${linux} nodes.foo.defaults = { }; }`, "defaults"],
])("%s", (_, text, place) => {
  expect(message(text)).toContain(`This option exists on \`${place}'.`);
});

test("an option that exists nowhere is not said to exist", () => {
  expect(message(`{ ${linux} nodes.foo.configuration.nonsense = 1; }`)).not.toContain("exists on");
});

test("a required option: who needs it", () => {
  const text = `{ lib, config, ... }: {
    options.a = lib.mkOption { type = lib.types.int; };
    options.b = lib.mkOption { type = lib.types.int; };
    config.b = config.a + 1;
  }`;
  expect(messageOf(() => optionValue(text, "b"))).toContain("The option `b' needs it.");
});
