import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { renderExplanation } from "../../src/cli/render/explanation.ts";
import { publicKeyOf } from "./modules/ssh-keys.ts";
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

describe("what caused a definition of a machine's configuration", () => {
  const causes = (path: string, place: string) =>
    explain(path)
      .definitions.filter((definition) => definition.place.startsWith(place))
      .flatMap((definition) => definition.causes.map((cause) => `${cause.option} ${cause.place}`));

  test("a network module in the Nix language: the option that its value is computed from", () => {
    expect(causes("nodes.bar.configuration.environment.etc.greeting.text", "/greeting.nix")).toEqual([
      "greeting /default.nix:7:3",
    ]);
  });

  test("nothing of the network", () => {
    expect(causes("nodes.foo.configuration.environment.etc.motd.text", "/motd.nix")).toEqual([]);
  });
});

test("causes of what a built-in module defines, and none of what other machines have", () => {
  const file = networkFile({
    "default.nix": `{
  defaults.platform = "linux";
  defaults.configuration.users.users.bob.isNormalUser = true;
  nodes = { a = { }; b = { }; c = { }; };
  ssh.access = {
    a.keys.alice.publicKey = "${publicKeyOf("alice")}";
    a.keys.alice.hasAccessTo.b.bob = true;
    a.keys.alice.hasAccessTo.b.root = true;
    c.keys.carol.publicKey = "${publicKeyOf("carol")}";
    c.keys.carol.hasAccessTo.a.bob = true;
    a.hostKeys.x = "${publicKeyOf("a")}";
    b.hostKeys.x = "${publicKeyOf("b")}";
  };
}
`,
  });
  const causes = (path: string) => {
    const result = runRequest({ kind: "explain", file, path }, {}, () => {});
    if (result.kind !== "explain") throw new Error("not an explanation");
    return result.explanation.definitions.flatMap((def) => def.causes.map((cause) => cause.option)).sort();
  };
  expect(causes("nodes.b.configuration.users.users.bob.openssh.authorizedKeys.keys")).toEqual([
    "ssh.access.a.keys.alice.hasAccessTo.b.bob",
    "ssh.access.a.keys.alice.publicKey",
  ]);
  // Either of the two grants makes the host known.
  expect(causes("nodes.a.configuration.programs.ssh.knownHosts")).toEqual([
    "ssh.access.a.keys.alice.hasAccessTo.b.bob",
    "ssh.access.a.keys.alice.hasAccessTo.b.root",
    "ssh.access.b.hostKeys.x",
  ]);
});

test("a VPN's server is no cause of what another VPN, or none, has brought", () => {
  const key = "GBAPgCKZ2VTe7BKkyVvU0RL2jPmdCMzE7eYVXPXFKkU=";
  const wireguard = `wireguard = { publicKey = "${key}"; privateKeyFile = "/key"; };`;
  const network = (name: string, subnet: string, server: string, client: string) => `
    vpn.networks.${name} = {
      backend = "wireguard"; subnet = "${subnet}.0/24";
      server = { node = "${server}"; subnetIp = "${subnet}.1"; endpoint = "192.0.2.1"; ${wireguard} };
      clients.${client} = { subnetIp = "${subnet}.2"; ${wireguard} };
    };`;
  const file = networkFile({
    "default.nix": `{
  defaults.platform = "linux";
  nodes = { a = { }; b = { }; c = { }; d = { }; };
  nodes.b.configuration.networking.hosts."192.0.2.9" = [ "printer" ];
  ${network("home", "10.1.0", "a", "b")}
  ${network("work", "10.2.0", "c", "d")}
}
`,
  });
  const causes = (path: string) => {
    const result = runRequest({ kind: "explain", file, path }, {}, () => {});
    if (result.kind !== "explain") throw new Error("not an explanation");
    return result.explanation.definitions.map((def) => def.causes.map((cause) => cause.option).sort());
  };
  expect(causes("nodes.b.configuration.networking.hosts")).toEqual([[], []]);
  expect(causes("nodes.a.configuration.networking.firewall.allowedUDPPorts")).toEqual([
    ["vpn.networks.home.server.node"],
    [],
  ]);
});

test("a set in which nothing is said is a cause by being there", () => {
  const file = networkFile(`{ lib, config, ... }: {
    options.monitored = lib.mkOption {
      type = lib.types.attrsOf (lib.types.submodule { options.port = lib.mkOption { type = lib.types.port; default = 9100; }; });
    };
    config = {
      defaults.platform = "linux";
      nodes = lib.mapAttrs (_: { port, ... }: {
        configuration.networking.firewall.allowedTCPPorts = [ port ];
      }) config.monitored;
      monitored.a = { };
      monitored.b.port = 9200;
      monitored.c = { };
    };
  }`);
  const causes = (node: string) => {
    const path = `nodes.${node}.configuration.networking.firewall.allowedTCPPorts`;
    const result = runRequest({ kind: "explain", file, path }, {}, () => {});
    if (result.kind !== "explain") throw new Error("not an explanation");
    return result.explanation.definitions[0]!.causes.map(({ option, place }) => [option, place]);
  };
  expect(causes("a")).toEqual([["monitored.a", `${file}:10:7`]]);
  expect(causes("b")).toEqual([["monitored.b.port", `${file}:11:7`]]);
});

test("options of nixpkgs before 21.05 have the files and the values of their definitions apart", () => {
  const file = networkFile(`{
    nodes.a.configuration = {
      _type = "configuration";
      config.greeting = "hello";
      options.greeting = {
        _type = "option";
        loc = [ "greeting" ];
        value = "hello";
        highestPrio = 50;
        files = [ "/one.nix" "/two.nix" ];
        definitions = [ "hello" "hello" ];
        declarations = [ ];
      };
    };
  }`);
  const path = "nodes.a.configuration.greeting";
  const result = runRequest({ kind: "explain", file, path }, {}, () => {});
  if (result.kind !== "explain") throw new Error("not an explanation");
  const { definitions } = result.explanation;
  expect(definitions.map(({ place, value, priority }) => ({ place, value, priority }))).toEqual([
    { place: "/one.nix", value: '"hello"', priority: 50 },
    { place: "/two.nix", value: '"hello"', priority: 50 },
  ]);
});
