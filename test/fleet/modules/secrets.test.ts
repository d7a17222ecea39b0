import { existsSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runRequest } from "../../../src/cli/evaluation/run.ts";
import { networkSecrets } from "../../../src/deploy/secrets/update.ts";
import { LockFile } from "../../../src/fleet/lock-file.ts";
import { type SecretsLock, secretsSection } from "../../../src/fleet/modules/secrets/lock.ts";
import { entryPath, nameProblem, ownership, secretEntry } from "../../../src/fleet/modules/secrets/secret.ts";
import { deploymentOf, messageOf, networkFile, optionValue } from "../network-of.ts";

const digest = (letter: string) => letter.repeat(32);

function lockText(section: Partial<SecretsLock>): string {
  return LockFile.empty("nixus.lock")
    .with(secretsSection, { ...secretsSection.empty, ...section })
    .render();
}

/** A node foo of the linux platform with these secrets; `rest` stands in its configuration, `files` in scope. */
function network(secrets: string, rest = "", more = ""): string {
  return `{
    defaults.platform = "linux";
    nodes.foo.configuration = { config, ... }: let inherit (config.secrets) files; in {
      secrets.files = { ${secrets} };
      ${rest}
    };
    ${more}
  }`;
}

const key = 'key = { file = "/secret/key"; user = "web"; };';
const uses = "environment.etc.uses.text = files.key.file;";

describe("a pointer", () => {
  const at = (lock: Partial<SecretsLock>, secrets = key) => {
    const files = { "default.nix": network(secrets, uses), "nixus.lock": lockText(lock) };
    return optionValue(files, "nodes.foo.configuration.secrets.files.key.file") as string;
  };

  it("is a store path that leads to the secret, and another one for another content, owner or mode", () => {
    const first = at({ nodes: { foo: { key: digest("a") } } });
    expect(first).toMatch(/^\/nix\/store\/[0-9a-z]{32}-secret-key$/);
    expect(at({ nodes: { foo: { key: digest("a") } } })).toBe(first);
    const others = [
      at({ nodes: { foo: { key: digest("b") } } }),
      at({ nodes: { foo: { key: digest("a") } } }, 'key = { file = "/secret/key"; user = "other"; };'),
      at({ nodes: { foo: { key: digest("a") } } }, 'key = { file = "/x"; user = "web"; mode = "0600"; };'),
      at(
        { nodes: { foo: { key: digest("a") } } },
        'key = { file = "/x"; user = "web"; persistent = false; };',
      ),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
    // Where the content comes from is nobody's business.
    expect(at({ nodes: { foo: { key: digest("a") } } }, 'key = { command = [ "x" ]; user = "web"; };')).toBe(
      first,
    );
  });

  it("needs the lock file and no secret", () => {
    expect(existsSync("/secret/key")).toBe(false);
    expect(messageOf(() => at({}))).toContain(
      "nodes.foo.configuration.secrets.files.key: nixus.lock does not know the secret 'foo/key' yet; run 'nixus secrets update'",
    );
  });
});

describe("an evaluated node", () => {
  it("has its secrets as data, and of each whether its system refers to it", () => {
    const secrets = `${key} unused.file = "~/unused"; both = { command = [ "a" "b" ]; group = "g"; };
      named = { environmentVariable = "X"; restartUnits = [ "ssh.service" ]; }; linked = { age = "rel/x.age"; path = "/etc/linked"; };`;
    const rest = `${uses} environment.etc.more.text = files.both.path; users.users.web = { isSystemUser = true; group = "g"; };`;
    const names = ["key", "unused", "both", "named", "linked"];
    const locked = Object.fromEntries(names.map((name) => [name, digest("a")]));
    const files = {
      "default.nix": network(secrets, rest),
      "nixus.lock": lockText({ nodes: { foo: locked } }),
    };
    const [node] = deploymentOf(files).nodes;
    const found = Object.fromEntries(node!.secrets.map((secret) => [secret.name, secret]));
    expect(Object.entries(found).map(([name, { used }]) => [name, used])).toEqual([
      ["both", true],
      ["key", true],
      ["linked", true],
      ["named", true],
      ["unused", false],
    ]);
    expect(found["key"]).toMatchObject({
      owner: { kind: "node", node: "foo", name: "key" },
      source: { type: "file", path: "/secret/key" },
      entry: { place: "disk", user: "web", group: "root", mode: "0400" },
      makesUser: true,
    });
    expect(found["both"]).toMatchObject({
      path: "/run/nixus-secrets/both",
      entry: { group: "g", mode: "0440" },
      makesGroup: false,
    });
    expect(found["unused"]?.source).toEqual({ type: "file", path: "~/unused" });
    expect(node!.closure).toContain(found["key"]?.pointer);
    expect(node!.closure).not.toContain(found["unused"]?.pointer);
  });

  it("with a stable path has the same definitions whatever the secret is", () => {
    const of = (letter: string) => {
      const files = {
        "default.nix": network(key, "environment.etc.uses.text = files.key.path;"),
        "nixus.lock": lockText({ nodes: { foo: { key: digest(letter) } } }),
      };
      return deploymentOf(files).nodes[0]!.closure.filter((path) => path.includes("-etc-uses"));
    };
    expect(of("a")).toHaveLength(1);
    expect(of("a")).toEqual(of("b"));
  });
});

it("a secret of the network is one of each of its nodes, where they may say how it is there", () => {
  const files = {
    "default.nix": network(
      'cert.user = "web";',
      "",
      'nodes.bar = { }; secrets.cert = { file = "/secret/cert"; nodes = [ "foo" "bar" ]; mode = "0600"; };',
    ),
    "nixus.lock": lockText({ shared: { cert: digest("c") } }),
  };
  const [bar, foo] = deploymentOf(files).nodes;
  const owner = { kind: "shared", name: "cert" };
  expect(foo!.secrets).toMatchObject([{ owner, digest: digest("c"), entry: { user: "web", mode: "0600" } }]);
  expect(bar!.secrets).toMatchObject([{ owner, digest: digest("c"), entry: { user: "root", mode: "0600" } }]);
  const wrong = network("", "", 'secrets.cert = { file = "/x"; nodes = [ "fooo" ]; };');
  expect(messageOf(() => deploymentOf(wrong))).toContain(
    "'secrets.cert.nodes' names 'fooo', which the network does not have; did you mean 'foo'?",
  );
});

it("the file of a secret of the network can't get into a text, and so into the store", () => {
  const files = (rest: string) => ({
    secret: "hidden",
    "default.nix": `{ config, ... }: {
      nodes.foo = { platform = "linux"; configuration = { ${rest} }; };
      secrets.key = { file = ./secret; nodes = [ "foo" ]; };
    }`,
    "nixus.lock": lockText({ shared: { key: digest("k") } }),
  });
  for (const text of [
    'environment.etc.x.text = "${config.secrets.key.file}";',
    "environment.etc.x.source = config.secrets.key.file;",
    "environment.etc.x.text = builtins.readFile config.secrets.key.file;",
  ])
    expect(messageOf(() => deploymentOf(files(text)))).toContain(
      "write 'config.secrets.files.<name>.file' with the `config` of the machine's configuration",
    );
  expect(messageOf(() => optionValue(files(""), "secrets.key"))).toContain("would lay it open in the store");
  const good = "environment.etc.x.text = config.nodes.foo.configuration.secrets.files.key.file;";
  expect(deploymentOf(files(good)).nodes[0]!.secrets).toMatchObject([
    { source: { type: "file", path: expect.stringMatching(/\/secret$/) }, used: true },
  ]);
});

it("a source that a node has forced on a shared secret is refused, whichever node comes first", () => {
  const secretsOf = (rest: string) => {
    const file = networkFile(`{ lib, ... }: {
      defaults.platform = "linux";
      nodes.bar = { }; nodes.foo = { }; ${rest}
      secrets.key = { file = "/secret/key"; nodes = [ "foo" "bar" ]; };
    }`);
    const result = runRequest({ kind: "secrets", file }, {}, () => {});
    if (result.kind !== "secrets") throw new Error("not secrets");
    return networkSecrets(result.secrets, () => true);
  };
  expect(secretsOf('nodes.foo.configuration.secrets.files.key.user = "web";')).toMatchObject([
    { nodes: [{ name: "bar" }, { name: "foo" }] },
  ]);
  for (const node of ["foo", "bar"])
    expect(() =>
      secretsOf(`nodes.${node}.configuration.secrets.files.key.file = lib.mkForce "/other";`),
    ).toThrow(
      "the secret 'key' is shared by nodes 'bar' and 'foo', but does not come from the same place on both",
    );
});

describe("what makes no sense is refused with the secret's and the node's name", () => {
  it.each([
    ['"a/b".file = "/x";', "a secret's name may have"],
    ['"a..b".file = "/x";', "a secret's name may have"],
    ["key = { };", "it has no source; set one of file, command, environmentVariable, age, sops, generate"],
    ['key = { file = "/x"; command = [ "y" ]; };', "it has several sources (file, command)"],
    ['key = { file = "/x"; mode = "0444"; };', "mode 0444 lets everybody on the machine at it"],
    ['key = { file = "/x"; group = "g"; mode = "0400"; };', "group 'g' could not read it with mode 0400"],
    [
      'key = { file = "/x"; user = "u"; group = "g"; mode = "0040"; };',
      "user 'u' could not read it with mode 0040",
    ],
    ['key = { file = "/x"; mode = "0440"; };', "mode 0440 is for a group, but 'group' is not set"],
    ['key = { file = "/x"; user = "u"; neededForUsers = true; };', "so it has to be root's"],
    ['key.file = "${./default.nix}";', "is in the store, where everybody can read it"],
  ])("%s", (secrets, message) => {
    const said = messageOf(() => deploymentOf(network(secrets)));
    expect(said).toContain("nodes.foo.configuration.secrets.files.");
    expect(said).toContain(message);
  });

  it("or with the network's option, where it says the source", () => {
    const said = (secret: string) =>
      messageOf(() => deploymentOf(network("", "", `secrets.key = { nodes = [ "foo" ]; ${secret} };`)));
    expect(said("")).toContain("secrets.key: it has no source; set one of file");
    expect(said("")).not.toContain("secrets.files");
    expect(said('file = "/x"; age = "/y";')).toContain("secrets.key: it has several sources (file, age)");
    expect(said('file = "${./default.nix}";')).toContain("is in the store, where everybody can read it");
  });

  it("two of them at one path", () => {
    const files = {
      "default.nix": network('a = { file = "/x"; path = "/etc/p"; }; b = { file = "/y"; path = "/etc/p"; };'),
      "nixus.lock": lockText({ nodes: { foo: { a: digest("a"), b: digest("b") } } }),
    };
    expect(messageOf(() => deploymentOf(files))).toMatch(
      /secrets\.files\."b": \/etc\/p is made by secrets\.files\."a"/,
    );
  });
});

describe("users.users.<name>.hashedPasswordFile", () => {
  const files = (more: string, attribute = "file") => ({
    "default.nix": network(
      `password = { file = "/x"; ${more} };`,
      `users.users.web = { isSystemUser = true; group = "web"; hashedPasswordFile = files.password.${attribute}; }; users.groups.web = { };`,
    ),
    "nixus.lock": lockText({ nodes: { foo: { password: digest("p") } } }),
  });

  it("sends the secret that it names", () => {
    const [node] = deploymentOf(files("neededForUsers = true;")).nodes;
    expect(node!.secrets).toMatchObject([{ name: "password", used: true }]);
  });

  it.each([
    ["", "file", 'set secrets.files."password".neededForUsers to true'],
    ["neededForUsers = true;", "path", 'write secrets.files."password".file'],
  ])("refuses one that is not there yet: %s %s", (more, attribute, advice) => {
    expect(messageOf(() => deploymentOf(files(more, attribute)))).toContain(advice);
  });
});

it("two of them at one path are refused on NixOS as well", () => {
  const nixpkgs = resolve(import.meta.dirname, "../../fixtures/nixpkgs");
  const files = (a: string, b: string) => ({
    "default.nix": `{ nodes.foo = { nixpkgs = ${nixpkgs}; configuration.secrets.files = {
      a = { file = "/x"; ${a} }; b = { file = "/y"; ${b} };
    }; }; }`,
    "nixus.lock": lockText({ nodes: { foo: { a: digest("a"), b: digest("b") } } }),
  });
  const at = (path: string) => `path = "${path}";`;
  for (const [a, b, path] of [
    [at("/etc/p"), at("/etc/p"), "/etc/p"],
    [at("/run/nixus-secrets/b"), "", "/run/nixus-secrets/b"],
  ] as const) {
    expect(messageOf(() => deploymentOf(files(a, b)))).toContain(
      `node 'foo': secrets.files."a" and secrets.files."b" are both at ${path}`,
    );
  }
});

describe("names, owners and modes", () => {
  const names = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,15}$/);

  it("others never have access, and who is named always has", () => {
    fc.assert(
      fc.property(
        names,
        fc.option(names),
        fc.option(fc.stringMatching(/^0?[0-7]{3}$/)),
        (user, group, mode) => {
          const owned = ownership(user, group, mode);
          if ("problem" in owned) return;
          expect(owned.mode).toMatch(/^0[0-7]{2}0$/);
          if (user !== "root") expect(Number(owned.mode[1]) & 4).toBe(4);
          if (group !== null) expect(Number(owned.mode[2]) & 4).toBe(4);
        },
      ),
    );
  });

  it("two entries with the same path are the same", () => {
    const entries = fc.record({
      name: names.filter((name) => nameProblem(name) === undefined),
      digest: fc.constantFrom(digest("a"), digest("b")),
      place: fc.constantFrom("disk" as const, "memory" as const),
      user: names,
      group: names,
      mode: fc.constantFrom("0400", "0440"),
    });
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const path = (one: typeof a) => entryPath(secretEntry(one.name, one.digest, one));
        expect(path(a) === path(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(path(a).split("/")).not.toContain("..");
      }),
    );
  });
});
