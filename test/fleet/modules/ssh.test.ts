import { dirname, join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runRequest } from "../../../src/cli/evaluation/run.ts";
import { hostOf } from "../../../src/fleet/modules/ssh/host-names.ts";
import { isPublicKey } from "../../../src/fleet/modules/ssh/public-key.ts";
import { defineNetwork } from "../../../src/fleet/network/define.ts";
import { ScriptModule } from "../../../src/modules/script-module.ts";
import { deploymentOf, messageOf, networkFile, optionValue } from "../network-of.ts";
import { publicKeyOf } from "./ssh-keys.ts";

const alice = publicKeyOf("alice");
const bar = publicKeyOf("bar");
const foo = publicKeyOf("foo");

/** Two linux machines; `bob` is a user of `bar`. */
const network = (access: string, more = "") => `{
  defaults.platform = "linux";
  nodes.foo = { };
  nodes.bar = {
    host = "root@bar.example.com";
    configuration.users.users.bob.isNormalUser = true;
  };
  imports = [ ({ config, lib, ... }: { ${access} }) ({ config, lib, ... }: { ${more} }) ];
}`;

const complete = `ssh.access = {
  foo.keys.alice = { publicKey = "${alice}"; hasAccessTo.bar.bob = true; };
  bar.hostKeys.ed25519 = "${bar}";
  bar.hostNames = [ "192.0.2.2" ];
};`;

const keysOf = (text: string, user: string) =>
  optionValue(text, `nodes.bar.configuration.users.users.${user}.openssh.authorizedKeys.keys`);
const knownTo = (text: string, node: string) =>
  optionValue(text, `nodes.${node}.configuration.programs.ssh.knownHosts`) as Record<string, unknown>;

describe("ssh.access", () => {
  it("authorizes the key of one machine on the other, and makes the other known to the one", () => {
    expect(keysOf(network(complete), "bob")).toEqual([alice]);
    expect(knownTo(network(complete), "foo")).toMatchObject({
      "bar/ed25519": { hostNames: ["bar", "bar.example.com", "192.0.2.2"], publicKey: bar },
    });
    expect(knownTo(network(complete), "bar")).toEqual({});
  });

  it("makes it known by its public addresses and its names in DNS, too", () => {
    const more = `nodes.bar.configuration.networking.public = { ipv4 = "192.0.2.9"; ipv6 = "2001:db8::9"; };
      dns.zones."example.org" = { primaryNode = "foo"; soa.email = "a@example.org"; serverRecords = false; };
      dns.records."www.example.org.".A = "192.0.2.9";`;
    expect(knownTo(network(complete, more), "foo")).toMatchObject({
      "bar/ed25519": {
        hostNames: ["bar", "bar.example.com", "www.example.org", "192.0.2.2", "192.0.2.9", "2001:db8::9"],
      },
    });
  });

  it("is in the systems that are deployed", () => {
    const { objects } = deploymentOf(network(complete));
    const texts = (name: string) =>
      objects.flatMap(({ path, tree }) =>
        path.includes(name) && tree.type === "regular" && tree.contents instanceof Uint8Array
          ? [Buffer.from(tree.contents).toString()]
          : [],
      );
    expect(texts("ssh_known_hosts")).toEqual([`bar,bar.example.com,192.0.2.2 ${bar}\n`]);
  });

  it("adds to what the configuration says itself", () => {
    const more = `nodes.bar.configuration.users.users.bob.openssh.authorizedKeys.keys = [ "${foo}" ];
      nodes.foo.configuration.programs.ssh.knownHosts.other.publicKey = "${foo}";`;
    expect((keysOf(network(complete, more), "bob") as string[]).toSorted()).toEqual([alice, foo].toSorted());
    expect(Object.keys(knownTo(network(complete, more), "foo"))).toEqual(["bar/ed25519", "other"]);
  });

  it("knows a machine that has access to itself as localhost as well", () => {
    const itself = `ssh.access.bar = {
      keys.bob = { publicKey = "${alice}"; hasAccessTo.bar.bob = true; };
      hostKeys.ed25519 = "${bar}";
    };`;
    expect(knownTo(network(itself), "bar")).toMatchObject({
      "bar/ed25519": { hostNames: ["bar", "bar.example.com", "localhost"] },
    });
  });

  it("false is no access, and needs nothing", () => {
    const text = network("ssh.access.foo.keys.alice.hasAccessTo.bar.bob = false;");
    expect(keysOf(text, "bob")).toEqual([]);
    expect(knownTo(text, "foo")).toEqual({});
    expect(deploymentOf(text).nodes).toHaveLength(2);
  });

  it("puts options in front of the key", () => {
    const options = (definitions: string) =>
      keysOf(network(`${complete} ssh.access.foo.keys.alice.options = { ${definitions} };`), "bob");
    expect(options("restrict = true; pty = true; no-user-rc = false;")).toEqual([`pty,restrict ${alice}`]);
    expect(options('from = [ "192.0.2.0/24" "!192.0.2.9" ];')).toEqual([
      `from="192.0.2.0/24,!192.0.2.9" ${alice}`,
    ]);
    expect(options('permitopen = [ "a:1" "b:2" ];')).toEqual([`permitopen="a:1",permitopen="b:2" ${alice}`]);
    expect(options(`command = "echo \\"a b\\" é";`)).toEqual([`command="echo \\"a b\\" é" ${alice}`]);
    expect(messageOf(() => options('command = "a\\\\";'))).toContain("options.command");
    expect(messageOf(() => options('form = [ "a" ];'))).toContain("options.from'");
  });

  it("keeps references to the store in a command", () => {
    const text = network(
      `${complete} ssh.access.foo.keys.alice.options.command = "\${builtins.toFile "run" "x"} \\"a\\"";`,
      `options.references = lib.mkOption { };
      config.references = builtins.attrNames (builtins.getContext
        (builtins.head config.nodes.bar.configuration.users.users.bob.openssh.authorizedKeys.keys));`,
    );
    expect(keysOf(text, "bob")).toEqual([
      expect.stringMatching(/^command="\/nix\/store\/[^/]+-run \\"a\\"" ssh-ed25519 /),
    ]);
    expect(optionValue(text, "references")).toEqual([expect.stringMatching(/-run$/)]);
  });

  it("has types in TypeScript", () => {
    const file = join(
      dirname(
        networkFile({
          "nixus.config.ts": `import { defineNetwork } from "nixus";
            export default defineNetwork(({ config }) => ({
              defaults: { platform: "linux" },
              nodes: { foo: {}, bar: { configuration: { users: { users: { bob: { isNormalUser: true } } } } } },
              ssh: { access: {
                foo: { keys: { alice: {
                  publicKey: "${alice}",
                  options: { restrict: true, from: () => config.ssh.access["bar"]!.hostNames },
                  hasAccessTo: { bar: { bob: true } },
                } } },
                bar: { hostKeys: { ed25519: "${bar}" }, hostNames: ["192.0.2.2"] },
              } },
            }));`,
        }),
      ),
      "nixus.config.ts",
    );
    const path = "nodes.bar.configuration.users.users.bob.openssh.authorizedKeys.keys";
    const result = runRequest({ kind: "value", file, path, format: "json" }, {}, () => {});
    expect(result).toEqual({ kind: "value", text: JSON.stringify([`from="192.0.2.2",restrict ${alice}`]) });
  });
});

describe("what is missing or wrong is said with the option to set:", () => {
  const user = "ssh.access.foo.keys.alice.hasAccessTo.bar.bob = true;";
  const hostKeys = `ssh.access.bar.hostKeys.ed25519 = "${bar}";`;
  const publicKey = `ssh.access.foo.keys.alice.publicKey = "${alice}";`;

  it.each([
    [
      "no public key",
      user + hostKeys,
      "'ssh.access.foo.keys.alice.publicKey' is not set, but the key has access to a node; set it to the contents of the key's .pub file",
    ],
    [
      "no public key, but another text",
      `${user} ${hostKeys} ssh.access.foo.keys.alice.publicKey = "ssh-rsa ${alice.split(" ")[1]}";`,
      "'ssh.access.foo.keys.alice.publicKey' is not a public key; set it to the contents of a .pub file: TYPE BASE64 [COMMENT]",
    ],
    [
      "a host key that is none",
      `${user} ${publicKey} ssh.access.bar.hostKeys.rsa = "AAAA";`,
      "'ssh.access.bar.hostKeys.rsa' is not a public key; set it to the contents of a .pub file: TYPE BASE64 [COMMENT]",
    ],
    [
      "no host keys",
      user + publicKey,
      "'ssh.access.bar.hostKeys' is not set, but other nodes have access to 'bar'; set 'ssh.access.bar.hostKeys.ed25519' to the contents of its /etc/ssh/ssh_host_ed25519_key.pub",
    ],
    [
      "an unknown node",
      `ssh.access.fo.hostNames = [ "x" ];`,
      "'ssh.access.fo' is for node 'fo', which the network does not have; did you mean 'foo'?",
    ],
    [
      "an unknown node to have access to",
      `${publicKey} ssh.access.foo.keys.alice.hasAccessTo.elsewhere.bob = true;`,
      "'ssh.access.foo.keys.alice.hasAccessTo.elsewhere' is for node 'elsewhere', which the network does not have; it has: bar, foo",
    ],
  ])("%s", (_, access, message) => {
    expect(messageOf(() => deploymentOf(network(access)))).toBe(`failed assertions:\n- ${message}`);
  });

  it("an unknown user", () => {
    const access = `${publicKey} ${hostKeys} ssh.access.foo.keys.alice.hasAccessTo.bar.rob = true;`;
    expect(messageOf(() => deploymentOf(network(access)))).toBe(
      "node 'bar': failed assertions:\n- 'ssh.access.foo.keys.alice.hasAccessTo.bar.rob' lets a key log in as 'rob', but the machine's " +
        "configuration defines no such user; set 'nodes.bar.configuration.users.users.rob.isNormalUser' to true, or correct the name",
    );
    expect(deploymentOf(network(access.replace("bar.rob", "bar.root"))).nodes).toHaveLength(2);
  });

  it("a time that sshd would not understand", () => {
    const access = (time: string) => `${complete} ssh.access.foo.keys.alice.options.expiry-time = "${time}";`;
    expect(messageOf(() => keysOf(network(access("tomorrow")), "bob"))).toContain(
      "options.expiry-time' is not",
    );
    expect(keysOf(network(access("202712312359Z")), "bob")).toEqual([`expiry-time="202712312359Z" ${alice}`]);
  });

  it("also where only a value is read", () => {
    expect(messageOf(() => keysOf(network(user + hostKeys), "bob"))).toContain("alice.publicKey' is not set");
    expect(messageOf(() => knownTo(network(user + publicKey), "foo"))).toContain("bar.hostKeys' is not set");
  });

  it("a name that would break a line of known hosts", () => {
    const access = `${complete} ssh.access.bar.hostNames = [ "a,b" ];`;
    expect(messageOf(() => knownTo(network(access), "foo"))).toContain("ssh.access.bar.hostNames");
    // The name of a node is free.
    const odd = network(complete.replaceAll("bar", '"b r"'), 'nodes."b r" = { };');
    expect(knownTo(odd, "foo")).toMatchObject({ "b r/ed25519": { hostNames: ["192.0.2.2"] } });
  });
});

describe("laziness", () => {
  it("a configuration reads nodes, and ssh.access reads configurations", () => {
    const more = `
      nodes.foo.configuration = { nodes, ... }: {
        environment.etc.keys.text = builtins.head nodes.bar.users.users.bob.openssh.authorizedKeys.keys;
      };
      nodes.bar.configuration = { networking.hostName = "barbara"; };`;
    const access = `ssh.access = {
      foo.keys.alice = { publicKey = "${alice}"; hasAccessTo = lib.mapAttrs (_: node: lib.genAttrs node.tags (_: true)) (lib.filterAttrs (_: node: node.tags != [ ]) config.nodes); };
      bar.hostKeys.ed25519 = "${bar}";
      bar.hostNames = [ config.nodes.bar.configuration.networking.hostName ];
    }; nodes.bar.tags = [ "bob" ];`;
    const text = network(access, more);
    expect(optionValue(text, "nodes.foo.configuration.environment.etc.keys.text")).toBe(alice);
    expect(knownTo(text, "foo")).toMatchObject({
      "bar/ed25519": { hostNames: ["bar", "bar.example.com", "barbara"] },
    });
  });

  it("is not evaluated for anything else", () => {
    const text = network('ssh.access = throw "not needed";');
    expect(optionValue(text, "nodes.foo.configuration.networking.hosts")).toEqual({});
    expect(optionValue(text, "nodes.bar.host")).toBe("root@bar.example.com");
  });

  it("systems of a network without it are as if it were not there", () => {
    const without = deploymentOf(network(""));
    expect(without.objects.filter(({ path }) => /known_hosts|authorized/.test(path))).toEqual([]);
  });
});

it("wrong definitions are errors in the editor", () => {
  const right = { publicKey: alice, options: { command: "x" }, hasAccessTo: { bar: { bob: true } } };
  expect(defineNetwork(() => ({ ssh: { access: { foo: { keys: { alice: right } } } } }))).toBeInstanceOf(
    ScriptModule,
  );
  // @ts-expect-error not a boolean
  defineNetwork(() => ({ ssh: { access: { foo: { keys: { alice: { options: { restrict: "yes" } } } } } } }));
  // @ts-expect-error no such option
  defineNetwork(() => ({ ssh: { access: { foo: { keys: { alice: { options: { form: ["a"] } } } } } } }));
  defineNetwork(() => ({
    // @ts-expect-error true or false
    ssh: { access: { foo: { keys: { alice: { hasAccessTo: { bar: { bob: 1 } } } } } } },
  }));
});

it("the host of a destination", () => {
  expect(
    [
      "bar",
      "root@bar",
      "a@b@bar",
      "ssh://bar",
      "ssh://root@bar:22",
      "ssh://root@[2001:db8::1]:22",
      "root@2001:db8::1",
    ].map(hostOf),
  ).toEqual(["bar", "bar", "bar", "bar", "bar", "2001:db8::1", "2001:db8::1"]);
});

it("what is a public key", () => {
  expect(isPublicKey(alice)).toBe(true);
  expect(isPublicKey(`${alice} alice@foo.example.com and more`)).toBe(true);
  expect(isPublicKey(`restrict ${alice}`)).toBe(false);
  // A key that lost its beginning, or most of it.
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (n) => !isPublicKey(`ssh-ed25519 ${alice.slice(12 + n)}`)),
  );
  fc.assert(fc.property(fc.string(), (text) => !isPublicKey(text)));
});

it("examples/ssh-access evaluates", () => {
  const file = resolve(import.meta.dirname, "../../../examples/ssh-access/default.nix");
  const result = runRequest({ kind: "network", file, nodes: undefined }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  expect(result.network.nodes.map(({ name }) => name)).toEqual(["backup", "laptop", "server"]);
});
