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

test.each([
  ["dns.zones.example.com.ttl = 60;", "dns.zones.example", 'dns.zones."example.com".ttl'],
  ['dns.records.www.example.com.A = "192.0.2.1";', "dns.records.www", 'dns.records."www.example.com".A'],
  ['nodes.web.example.com.host = "x";', "nodes.web", 'nodes."web.example.com".host'],
  [
    'ssh.access.foo.keys.a.b = { publicKey = "x"; };',
    "ssh.access.foo.keys.a",
    'ssh.access.foo.keys."a.b".publicKey',
  ],
])("a name with dots that needs quotes: %s", (definition, path, meant) => {
  const said = messageOf(() => optionValue(`{ ${definition} }`, path));
  expect(said).toContain(`Did you mean \`${meant}'? A name that has dots in it is written in quotes.`);
});

test("in a configuration no dots are missing", () => {
  const text = `{ ${linux} nodes.foo.configuration.foo.environment.etc = { }; }`;
  expect(message(text)).not.toContain("in quotes");
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
