/** What cannot be deployed: one clear message that says what to do, a failing exit status, the machine untouched. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffSnapshots, Lab, type Machine, type Snapshot } from "./lib/index.ts";
import { activated, Deployer } from "./nixus.ts";

const foo = "foo.example.com";
const noNix = "no-nix.example.com";
const noSystemd = "no-systemd.example.com";

let lab: Lab;
let machine: Machine;
let deployer: Deployer;
let before: Snapshot;

/** A person who may log in, but not become root. */
const files = {
  "/etc/ssh/sshd_config.d/keys.conf": "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/deployer.pub\n",
};

beforeAll(async () => {
  lab = await Lab.start({
    machines: [
      { name: foo, files },
      { name: noNix, image: "debian-without-nix" },
      { name: noSystemd, init: "sshd" },
    ],
  });
  machine = lab.machine(foo);
  deployer = new Deployer(lab);
  await machine.exec(`
    useradd --create-home person
    install -m 0644 /root/.ssh/authorized_keys /etc/ssh/deployer.pub
    systemctl reload ssh.service
  `);
  before = await machine.snapshot();
});
afterAll(() => lab?.stop());

const network = (host: string, settings = "") => `{
  nodes.foo = { host = "${host}"; platform = "linux"; ${settings} configuration.environment.etc.x.text = "x"; };
}`;

describe.each([
  {
    what: "a name that does not resolve",
    file: network("root@nowhere.example.com"),
    says: [/foo|nowhere\.example\.com/, /resolve/],
  },
  {
    what: "a machine that does not answer",
    file: network("root@foo.example.com", `ssh.options.Port = "2";`),
    says: [/refuses connections/],
  },
  {
    what: "a machine without Nix",
    file: network(`root@${noNix}`),
    says: [/Nix/, /install/],
  },
  {
    what: "a machine without systemd",
    file: network(`root@${noSystemd}`),
    says: [/systemd/],
  },
  {
    what: "a user who may not become root",
    file: network(`person@${foo}`),
    says: [/sudo/, /privilegeEscalationCommand/],
  },
  {
    what: "another architecture",
    file: network(`root@${foo}`, `system = "aarch64-linux";`),
    says: [/x86_64/, /aarch64-linux/, /option system/],
  },
])("$what", ({ file, says }) => {
  test("is refused", async () => {
    const result = await deployer.deploy(file);
    expect(result.exitCode).toBe(1);
    for (const pattern of says) expect(result.stdout).toMatch(pattern);
    expect(result.stdout).toContain("Failed to deploy! The machine was not changed");
    expect(result.stdout).not.toContain(activated);
    expect(diffSnapshots(before, await machine.snapshot())).toEqual([]);
  });
});

test("an unknown host key is refused, and the message says how to add it", async () => {
  const known = join(lab.home, ".ssh/known_hosts");
  const text = readFileSync(known, "utf8");
  try {
    writeFileSync(known, "");
    const unknown = await deployer.deploy(network(`root@${foo}`));
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stdout).toMatch(/host key/);
    expect(unknown.stdout).toMatch(/ssh/);

    const [foosLine] = text.split("\n").filter((line) => line.startsWith(foo));
    const [, type] = foosLine!.split(" ");
    const other = text
      .split("\n")
      .find((line) => line.startsWith(noNix))!
      .split(" ")[2];
    writeFileSync(known, `${foo} ${type} ${other}\n`);
    const changed = await deployer.deploy(network(`root@${foo}`));
    expect(changed.exitCode).toBe(1);
    expect(changed.stdout).toMatch(/changed/i);
    expect(changed.stdout).toMatch(/ssh-keygen -R/);
  } finally {
    writeFileSync(known, text);
  }
});

describe("a network file", () => {
  test.each([
    ["that does not exist", ["-f", "/nowhere/network.nix"], [/'\/nowhere\/network.nix' does not exist/]],
  ])("%s", async (_, args, says) => {
    const result = await deployer.run(["deploy", ...args]);
    expect(result.exitCode).toBe(1);
    for (const pattern of says) expect(result.stderr).toMatch(pattern);
    expect(result.stdout).toBe("");
  });

  test.each([
    [
      "with a syntax error",
      "{\n  nodes.foo = {\n    host = ;\n  };\n}",
      [/syntax error, unexpected ';'/, /:3:12:/, /\^/],
    ],
    [
      "with an unknown option",
      `{ nodes.foo.hots = "x"; }`,
      [/`nodes\.foo\.hots' does not exist/, /nodes\.foo\.host/],
    ],
    [
      "with a value of the wrong type",
      `{\n  nodes.foo.successTimeout = "soon";\n  nodes.foo.platform = "linux";\n}`,
      [/nodes\.foo\.successTimeout/, /positive integer/, /"soon"/, /network-\d+\.nix:2/],
    ],
    [
      "with an unknown option of the platform",
      `{ nodes.foo = { platform = "linux"; configuration.environment.ect.x.text = "x"; }; }`,
      [/environment\.ect/, /environment\.etc/],
    ],
  ])("%s", async (_, text, says) => {
    const result = await deployer.deploy(text);
    expect(result.exitCode).toBe(1);
    for (const pattern of says) expect(result.stderr).toMatch(pattern);
    expect(result.stdout).toBe("");
  });
});

test("events are JSON, one a line", async () => {
  const events = await deployer.events(network(`person@${foo}`));
  expect(events.map((event) => event.type)).toEqual([
    "evaluating",
    "evaluated",
    "connecting",
    "problem",
    "finished",
    "summary",
  ]);
  expect(events.at(-2)).toMatchObject({ node: "foo", outcome: "failed" });
});
