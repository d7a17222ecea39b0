import { describe, expect, it } from "vitest";
import { deploymentOf, messageOf, optionValue } from "./network-of.ts";

describe("a network", () => {
  it("gives every node the options and defaults of nodes", () => {
    const network = `{
      defaults = { name, ... }: { platform = "linux"; tags = [ "of-\${name}" ]; };
      nodes.a = { };
      nodes.b = { host = "root@b.example.com"; tags = [ "more" ]; };
    }`;
    expect(optionValue(network, "nodes.a.host")).toBe("a");
    expect(optionValue(network, "nodes.b.host")).toBe("root@b.example.com");
    expect(optionValue(network, "nodes.b.tags")).toEqual(["of-b", "more"]);
    expect(optionValue(network, "nodes.b.successTimeout")).toBe(20);
  });

  it("lets network modules read the final configuration of every node, and nodes read each other's", () => {
    const files = {
      "default.nix": `{ config, lib, ... }: {
        imports = [ ./more.nix ];
        nodes.a = { platform = "linux"; configuration = { networking.hostName = "alpha"; }; };
        nodes.b = {
          platform = "linux";
          configuration = { nodes, name, ... }: {
            environment.etc.peers.text = "\${nodes.a.networking.hostName} knows \${name}";
          };
        };
      }`,
      "more.nix": `{ config, ... }: {
        nodes.a.configuration.environment.etc.other.text = config.nodes.b.configuration.environment.etc.peers.text;
      }`,
    };
    expect(optionValue(files, "nodes.a.configuration.environment.etc.other.text")).toBe("alpha knows b");
  });

  it("may be written with pipe operators, which no flag turns on for it", () => {
    const network = `{ nodes.a = { platform = "linux"; host = [ "a" "lan" ] |> builtins.concatStringsSep "."; }; }`;
    expect(optionValue(network, "nodes.a.host")).toBe("a.lan");
  });

  it("takes configurations as paths, functions, sets and lists", () => {
    const files = {
      "default.nix": `{
        nodes.a = {
          platform = "linux";
          configuration = [ ./file.nix { environment.etc.two.text = "2"; } ({ ... }: { environment.etc.three.text = "3"; }) ];
        };
      }`,
      "file.nix": `{ environment.etc.one.text = "1"; }`,
    };
    expect(Object.keys(optionValue(files, "nodes.a.configuration.environment.etc") as object)).toEqual([
      "one",
      "three",
      "two",
    ]);
  });

  it("evaluates only what is asked for", () => {
    const network = `{
      nodes.a = { platform = "linux"; };
      nodes.b.configuration = throw "not needed";
    }`;
    expect(optionValue(network, "nodes.a.platform")).toBe("linux");
  });

  it("names near misses of unknown options with the place of the definition", () => {
    const message = messageOf(() => optionValue(`{\n  nodes.a.hots = "x";\n}`, "nodes.a.host"));
    expect(message).toContain("`nodes.a.hots'");
    expect(message).toContain("`nodes.a.host'");
    expect(message).toMatch(/default\.nix:2:3/);
  });

  it("says which definition has a wrong type", () => {
    const message = messageOf(() =>
      optionValue(`{\n  nodes.a.successTimeout = "soon";\n}`, "nodes.a.successTimeout"),
    );
    expect(message).toContain("nodes.a.successTimeout");
    expect(message).toMatch(/default\.nix:2:3/);
    expect(message).toContain("positive integer");
  });
});

describe("what is deployed", () => {
  it("leaves out disabled nodes and has every object once, references first", () => {
    const network = deploymentOf(`{
      defaults.platform = "linux";
      nodes.a.configuration.environment.etc.x.text = "same";
      nodes.b.configuration.environment.etc.x.text = "same";
      nodes.c.enabled = false;
    }`);
    expect(network.nodes.map((node) => node.name)).toEqual(["a", "b"]);
    const paths = network.objects.map((object) => object.path);
    expect(new Set(paths).size).toBe(paths.length);
    for (const [index, object] of network.objects.entries()) {
      for (const reference of object.references) {
        expect(paths.indexOf(reference)).toBeLessThan(index);
        expect(paths.indexOf(reference)).toBeGreaterThanOrEqual(0);
      }
    }
    for (const node of network.nodes) {
      expect(node.closure).toContain(node.toplevel);
      expect(node.closure).toContain(node.baseline);
    }
  });

  it("is the same for the same network, and another one for another text", () => {
    const system = (text: string) =>
      deploymentOf(`{ nodes.a = { platform = "linux"; configuration.environment.etc.x.text = "${text}"; }; }`)
        .nodes[0]!.toplevel;
    expect(system("one")).toBe(system("one"));
    expect(system("one")).not.toBe(system("two"));
  });

  it("carries files of this machine that the configuration refers to", () => {
    const network = deploymentOf({
      "default.nix": `{ nodes.a = { platform = "linux"; configuration.environment.etc.motd.source = ./motd; }; }`,
      motd: "welcome\n",
    });
    expect(network.objects.some((object) => object.path.endsWith("-motd"))).toBe(true);
  });

  it.each([
    [`{ nodes.web.platform = "linux"; }`, ["wep"], "the network has no node 'wep'; did you mean 'web'?"],
    [
      `{ nodes.web = { platform = "linux"; enabled = false; }; }`,
      ["web"],
      "node 'web' is not enabled; set 'nodes.web.enabled' to true to deploy it",
    ],
    [
      `{ nodes.web = { platform = "linux"; configuration.assertions = [ { assertion = false; message = "no luck"; } ]; }; }`,
      undefined,
      "node 'web': failed assertions:\n- no luck",
    ],
    [
      `{ nodes.web = { }; }`,
      undefined,
      "node 'web' is a NixOS machine, but 'nodes.web.nixpkgs' is not set; " +
        "set it (for all nodes: 'defaults.nixpkgs') to the path of a nixpkgs, lock one as the input or pin 'nixpkgs' beside the network file (flake.lock, npins), or set 'platform' to \"linux\"",
    ],
  ])("refuses %s %s", (network, nodes, message) => {
    expect(messageOf(() => deploymentOf(network, nodes))).toBe(message);
  });

  it("checks the assertions and shows the warnings of the network itself", () => {
    const network = (assertion: string) => `{
      nodes.a = { platform = "linux"; configuration.warnings = [ "old" ]; };
      assertions = [ { assertion = ${assertion}; message = "no luck"; } ];
      warnings = [ "all are old" ];
    }`;
    expect(deploymentOf(network("true")).warnings).toEqual(["all are old", "node 'a': old"]);
    expect(messageOf(() => deploymentOf(network("false")))).toBe("failed assertions:\n- no luck");
  });

  it("shows warnings of the configuration", () => {
    const network = deploymentOf(
      `{ nodes.a = { platform = "linux"; configuration.warnings = [ "old" ]; }; }`,
    );
    expect(network.warnings).toEqual(["node 'a': old"]);
  });
});

it("the name of a node as its host gives way to a default of the user's own", () => {
  const network = `{ lib, ... }: {
    defaults = { name, ... }: { platform = "linux"; host = lib.mkDefault "root@\${name}.example.com"; };
    nodes.a = { };
    nodes.b.host = "b";
  }`;
  expect(optionValue(network, "nodes.a.host")).toBe("root@a.example.com");
  expect(optionValue(network, "nodes.b.host")).toBe("b");
});
