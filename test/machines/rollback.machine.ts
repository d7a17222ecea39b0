/** Each way in which a deployment goes wrong ends on the system that ran before, with a true report. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { poll } from "./lib/process.ts";
import { activated, committedSystem, currentSystem, Deployer, networkWith, rolledBack } from "./nixus.ts";

const name = "foo.example.com";
const good = networkWith("");

let lab: Lab;
let foo: Machine;
let deployer: Deployer;
let system: string;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
  const { stdout, stderr } = await deployer.deploy(good);
  expect(stdout + stderr).toContain(`[${name}] ${activated}`);
  system = await currentSystem(foo);
  expect(system).not.toBe("");
});
afterAll(() => lab?.stop());

/** Whatever a test did: the machine is reachable and on the good system. */
async function expectUntouched(): Promise<void> {
  expect((await lab.run(["ssh", "-o", "ConnectTimeout=5", name, "true"])).exitCode).toBe(0);
  expect(await currentSystem(foo)).toBe(system);
  expect(await committedSystem(foo)).toBe(system);
  expect(await foo.readFile("/etc/witness/text")).toBe("first");
  expect((await foo.exec("systemctl is-active witness.service ssh.service", { check: false })).stdout).toBe(
    "active\nactive\n",
  );
  expect((await foo.exec("systemctl --failed --no-legend --plain")).stdout).toBe("");
}

beforeEach(expectUntouched);

/** A change that shows whether the bad system was ever active. */
const changed = `environment.etc."witness/text".text = "changed";`;

describe.each([
  {
    fault: "the SSH key is removed",
    configuration: `${changed}
      services.openssh.authorizedKeysInHomedir = false;
      users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8bM2uv2bXhTBqEIyXbmcMcOSCmhbVfpC1mX1qS5k5z somebody@else" ];`,
    reason: "no confirmation within 6 s",
  },
  {
    fault: "root may not log in",
    configuration: `${changed} services.openssh.settings.PermitRootLogin = "no";`,
    reason: "no confirmation within 6 s",
  },
  {
    fault: "the network is broken",
    configuration: `${changed}
      systemd.network.networks."05-uplink" = { matchConfig.Name = "host0"; address = [ "192.0.2.77/24" ]; };`,
    reason: "no confirmation within 6 s",
  },
  {
    fault: "sshd is stopped",
    configuration: `${changed} system.activationScripts.stop = "systemctl stop ssh.service";`,
    reason: "no confirmation within 6 s",
  },
  {
    fault: "the activation exits with 1",
    configuration: `${changed} system.activationScripts.broken = "echo this-is-why >&2; exit 1";`,
    reason: "the activation failed",
    output: "this-is-why",
  },
  {
    fault: "the activation hangs",
    configuration: `${changed} system.activationScripts.hangs = "sleep infinity & wait";`,
    settings: "switchTimeout = 4;",
    reason: "the activation took longer than 4 s",
  },
  {
    fault: "a unit fails",
    configuration: `${changed}
      systemd.services.failing = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/false"; }; };`,
    reason: "failing.service",
  },
])("$fault", ({ configuration, settings, reason, output }) => {
  test("rolls back", async () => {
    const result = await deployer.deploy(networkWith(configuration, settings));
    expect(result.stdout, result.stderr).toContain(`[${name}] ${rolledBack}`);
    expect(result.stdout).not.toContain(activated);
    expect(result.stdout).toContain(reason);
    if (output !== undefined) expect(result.stdout).toContain(output);
    expect(result.exitCode).not.toBe(0);
    await expectUntouched();
  });
});

test("a failing unit is accepted where ignoreFailingSystemdUnits says so", async () => {
  const failing = `systemd.services.failing = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/false"; }; };`;
  const result = await deployer.deploy(networkWith(failing, "ignoreFailingSystemdUnits = true;"));
  expect(result.stdout).toContain(`[${name}] ${activated}`);
  expect(result.exitCode).toBe(0);
  expect((await deployer.deploy(good)).exitCode).toBe(0);
});

const slow = networkWith(
  `${changed} system.activationScripts.slow = "echo begun > /run/slow; sleep 4; echo done > /run/slow";`,
);

const begun = () =>
  poll("the slow activation", 30_000, async () =>
    (await foo.exec("cat /run/slow 2>/dev/null || true")).stdout.startsWith("begun") ? true : undefined,
  );

test("the deployer is killed right after the switch began", async () => {
  await foo.exec("rm -f /run/slow");
  const deployment = deployer.spawn(["deploy", "-f", deployer.file(slow)]);
  await begun();
  deployment.kill("SIGKILL");
  await deployment.done;
  await poll("roll-back", 60_000, async () => {
    const idle =
      (await foo.exec("systemctl list-units --no-legend --plain 'nixus-switch-*.service'")).stdout === "";
    return idle ? true : undefined;
  });
  await expectUntouched();
});

test("the power is cut during the activation: the machine boots the previous system", async () => {
  await foo.exec("rm -f /run/slow");
  const deployment = deployer.spawn(["deploy", "-f", deployer.file(slow)]);
  await begun();
  expect(await foo.readFile("/etc/witness/text")).toBe("changed");
  await foo.powerCut();
  deployment.kill("SIGKILL");
  await deployment.done;
  await foo.powerOn();
  expect(await foo.waitForBoot()).toBe("running");
  await foo.waitForSsh();
  await expectUntouched();
  expect((await foo.exec("readlink /run/booted-system")).stdout.trim()).toBe(system);
});

test("a lock that a power cut left is taken over", async () => {
  await foo.exec("rm -f /run/slow");
  const deployment = deployer.spawn(["deploy", "-f", deployer.file(slow)]);
  await begun();
  await foo.powerCut();
  deployment.kill("SIGKILL");
  await deployment.done;
  await foo.powerOn();
  await foo.waitForBoot();
  await foo.waitForSsh();
  const next = await deployer.deploy(networkWith(`environment.etc.next.text = "next";`));
  expect(next.stdout).toContain(`[${name}] ${activated}`);
  expect(next.exitCode).toBe(0);
  expect((await deployer.deploy(good)).exitCode).toBe(0);
});

test("of two deployers at once the second is told who the first is, and changes nothing", async () => {
  await foo.exec("rm -f /run/slow");
  const first = deployer.spawn(["deploy", "-f", deployer.file(slow)]);
  await begun();
  const second = await deployer.deploy(networkWith(`environment.etc.second.text = "second";`));
  expect(second.exitCode).not.toBe(0);
  expect(second.stdout).toContain("root@");
  expect(second.stdout).not.toContain(activated);
  const result = await first.done;
  expect(result.stdout).toContain(`[${name}] ${activated}`);
  expect((await foo.exec("ls /etc/second || true")).stdout).toBe("");
  expect((await deployer.deploy(good)).exitCode).toBe(0);
});

test("an unchanged machine is not switched", async () => {
  const result = await deployer.deploy(good);
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toBe(
    `[${name}] Connecting to host...\n[${name}] System is already active, nothing to do\n`,
  );
});
