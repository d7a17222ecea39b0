/** Several machines in one deployment: each goes its own way, and the report says so. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "./lib/index.ts";
import { activated, currentSystem, Deployer, rolledBack } from "./nixus.ts";

const names = ["one", "two", "three"] as const;
const hostOf = (name: string) => `${name}.example.com`;

let lab: Lab;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: names.map((name) => ({ name: hostOf(name) })) });
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

const network = (rest: string) => `{ lib, config, ... }: {
  defaults = { name, ... }: {
    host = "root@\${name}.example.com";
    platform = "linux";
    configuration = { nodes, ... }: {
      environment.etc.fleet.text = lib.concatStringsSep " " (builtins.attrNames nodes);
    };
  };
  nodes.one = { };
  nodes.two = { };
  nodes.three = { };
  imports = [ { ${rest} } ];
}`;

test("machines are deployed at the same time, and one that fails does not keep the others", async () => {
  const result = await deployer.deploy(
    network(`nodes.two.configuration.system.activationScripts.broken = "exit 1";`),
  );
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain(`[${hostOf("one")}] ${activated}`);
  expect(result.stdout).toContain(`[${hostOf("two")}] ${rolledBack}`);
  expect(result.stdout).toContain(`[${hostOf("three")}] ${activated}`);
  expect(result.stderr).toContain(
    "error: not every machine is on its new system: 2 activated, 1 rolled back",
  );
  for (const line of result.stdout.trimEnd().split("\n"))
    expect(line).toMatch(/^\[(one|two|three)\.example\.com\] /);
  const lines = result.stdout.split("\n");
  const ended = lines.findIndex((line) => line.includes(activated) || line.includes(rolledBack));
  for (const name of names) {
    expect(lines.findIndex((line) => line.startsWith(`[${hostOf(name)}]`))).toBeLessThan(ended);
  }
  expect(await lab.machine(hostOf("one")).readFile("/etc/fleet")).toBe("one three two");
});

test("nodes can be named", async () => {
  const before = await currentSystem(lab.machine(hostOf("one")));
  const result = await deployer.deploy(network(""), "two");
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toContain(`[${hostOf("two")}] ${activated}`);
  expect(result.stdout).not.toContain(hostOf("one"));
  expect(await currentSystem(lab.machine(hostOf("one")))).toBe(before);
});

test("then nothing is left to do", async () => {
  const result = await deployer.deploy(network(""));
  expect(result.exitCode).toBe(0);
  expect(result.stdout.match(/System is already active/g)).toHaveLength(3);
});

test("a machine that two nodes lead to becomes what one of them says, and the other is told", async () => {
  const one = lab.machine(hostOf("one"));
  const alias = `nodes.alias = {
    host = lib.mkForce "root@${one.address}";
    ssh.options.StrictHostKeyChecking = "accept-new";
    configuration.environment.etc.alias.text = "";
  };`;
  const { stdout, exitCode } = await deployer.deploy(network(alias), "one", "alias");
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(
    /node '(one|alias)': it is the machine of '(?!\1)(one|alias)', which is deployed as well/,
  );
  const lines = stdout.split("\n");
  expect(lines.filter((line) => line.endsWith(activated))).toHaveLength(1);
  expect(lines.filter((line) => line.endsWith("Failed to deploy! The machine was not changed"))).toHaveLength(
    1,
  );
  expect((await one.exec("ls /var/lib/nixus /nix/var/nix/gcroots/nixus")).stdout).not.toMatch(
    /deployment|\d{14}/,
  );
});

test("what is on a machine already is safe from the garbage collector while it is switched to", async () => {
  const two = lab.machine(hostOf("two"));
  const checked = (check: string) =>
    network(
      `nodes.two = { healthChecks.it = { retries = 0; ${check} }; configuration.environment.etc.kept.text = "kept"; };`,
    );
  const { stdout } = await deployer.deploy(checked(`localCommand = "exit 1";`), "two");
  expect(stdout).toContain(`[${hostOf("two")}] ${rolledBack}`);
  const again = await deployer.deploy(checked(`command = "nix-store --gc"; timeout = 60;`), "two");
  expect(again.exitCode, again.stdout).toBe(0);
  expect(again.stdout).not.toContain("copying path");
  expect(await two.readFile("/etc/kept")).toBe("kept");
});
