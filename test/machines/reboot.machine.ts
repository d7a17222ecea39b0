/** Deployments that restart the machine: into the new system once, and for good only when it could be reached there. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Machine, type Running } from "./lib/index.ts";
import { poll } from "./lib/process.ts";
import { activated, committedSystem, currentSystem, Deployer, networkWith, rolledBack } from "./nixus.ts";

const name = "foo.example.com";
const rebooting = `[${name}] Rebooting into the new system...`;

let lab: Lab;
let foo: Machine;
let deployer: Deployer;
let good: string;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

const network = (configuration: string, settings = "", rebootTimeout = 15) =>
  networkWith(
    `environment.etc."witness/more".text = "more"; ${configuration}`,
    `rebootPolicy = "always"; rebootTimeout = ${rebootTimeout}; ${settings}`,
  );

const deploy = (file: string) => deployer.spawn(["deploy", "-f", deployer.file(file)], 240_000);

/** The machine is as a deployment leaves it, on this system. */
async function expectOn(system: string): Promise<void> {
  await poll("the end of the deployment", 90_000, async () => {
    if (!foo.isOn) return undefined;
    const { stdout } = await foo.exec(
      "ls /var/lib/nixus/deployment 2>/dev/null; systemctl list-units --all --plain --no-legend 'nixus-boot-*' 'nixus-switch-*' 'nixus-watchdog-*'; systemctl is-system-running",
      { check: false },
    );
    return stdout === "running\n" ? true : undefined;
  });
  expect((await lab.run(["ssh", "-o", "ConnectTimeout=5", name, "true"])).exitCode).toBe(0);
  expect(await currentSystem(foo)).toBe(system);
  expect(await committedSystem(foo)).toBe(system);
  expect((await foo.exec("systemctl is-active witness.service ssh.service")).stdout).toBe("active\nactive\n");
  expect((await foo.exec("systemctl --failed --no-legend --plain")).stdout).toBe("");
  expect(
    (await foo.exec("ls /etc/systemd/system.attached /var/lib/nixus/linux/once", { check: false })).stdout,
  ).toBe("");
}

async function lastRecord(): Promise<string> {
  return (await foo.exec("tail -n 1 /var/lib/nixus/history")).stdout;
}

test("a machine that was never deployed starts into its first system, and keeps it", async () => {
  const result = await deploy(network("")).done;
  expect(result.stdout + result.stderr).toContain(`[${name}] ${activated}`);
  expect(result.exitCode).toBe(0);
  const lines = result.stdout.split("\n");
  expect(lines).toContain(`[${name}] A reboot is due: its rebootPolicy is "always"`);
  expect(lines.indexOf(rebooting)).toBeGreaterThan(lines.indexOf(`[${name}] Triggering system switcher...`));
  expect(lines.indexOf(rebooting)).toBeLessThan(lines.indexOf(`[${name}] Trying to confirm success...`));
  expect(foo.bootCount).toBe(2);
  good = await currentSystem(foo);
  expect((await foo.exec("readlink /run/booted-system")).stdout.trim()).toBe(good);
  await expectOn(good);
  expect(await lastRecord()).toContain("outcome=activated");
  // The default, from now on.
  await foo.reboot();
  await foo.waitForBoot();
  await expectOn(good);
});

describe.each([
  {
    fault: "root may not log in",
    configuration: `services.openssh.settings.PermitRootLogin = "no";`,
    reason: "no confirmation within 15 s",
  },
  {
    fault: "a unit fails",
    configuration: `systemd.services.failing = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/false"; }; };`,
    reason: "units failed: failing.service",
  },
  {
    fault: "the start hangs",
    configuration: `systemd.services.hanging = {
      wantedBy = [ "sysinit.target" ]; before = [ "sysinit.target" ]; unitConfig.DefaultDependencies = false;
      serviceConfig = { Type = "oneshot"; ExecStart = "/bin/sleep infinity"; };
    };`,
    settings: "switchTimeout = lib.mkForce 5;",
    reason: "no confirmation within 15 s",
  },
])("$fault", ({ configuration, settings, reason }) => {
  test("restarts into the previous system", async () => {
    const before = foo.bootCount;
    const result = await deploy(network(configuration, settings)).done;
    expect(result.stdout, result.stderr).toContain(`[${name}] ${rolledBack}`);
    expect(result.stdout).toContain(rebooting);
    expect(result.stdout).toContain(reason);
    expect(result.exitCode).not.toBe(0);
    expect(foo.bootCount).toBe(before + 2);
    await expectOn(good);
    expect(await lastRecord()).toContain("outcome=rolled-back");
  });
});

test("what a system refuses, it refuses before the restart", async () => {
  const before = foo.bootCount;
  const result = await deploy(network(`system.preSwitchChecks.no = "echo not-on-this-machine; exit 1";`))
    .done;
  expect(result.stdout).toContain("not-on-this-machine");
  expect(result.stdout).toContain("refuses this machine");
  expect(result.stdout).toContain("The machine was not changed");
  expect(foo.bootCount).toBe(before);
  await expectOn(good);
});

test("secrets that are kept in memory are sent again, and what needs them starts", async () => {
  const before = foo.bootCount;
  const source = join(lab.home, "volatile");
  writeFileSync(source, "of memory\n");
  const secret = `secrets.files.volatile = { file = "${source}"; persistent = false; restartUnits = [ "reader.service" ]; };
    systemd.services.reader = {
      wantedBy = [ "multi-user.target" ];
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; ExecStart = "/bin/cat /run/nixus-secrets/volatile"; };
    };`;
  const { stdout, stderr } = await deploy(network(secret)).done;
  expect(stdout, stderr).toContain(`[${name}] ${activated}`);
  expect(stdout.split("\n").filter((line) => line.includes("Sending 1 secret"))).toHaveLength(2);
  expect(foo.bootCount).toBe(before + 1);
  expect((await foo.exec("systemctl is-active reader.service")).stdout).toBe("active\n");
  expect((await foo.exec("cat /run/nixus-secrets/volatile; ls /run/nixus/secrets/pending")).stdout).toBe(
    "of memory\n",
  );
  await expectOn(await currentSystem(foo));
  // Without it again, for what follows.
  expect((await deploy(network("")).done).exitCode).toBe(0);
  await expectOn(good);
});

describe("in the new system, before it is confirmed", () => {
  let held: string;
  let release: string;

  /** A deployment that has reached the machine in its new system, and is kept from giving its word. */
  async function untilHeld(): Promise<Running> {
    held = join(lab.home, "held");
    release = join(lab.home, "release");
    for (const file of [held, release]) rmSync(file, { force: true });
    const check = `touch ${held}; while [ ! -e ${release} ]; do sleep 0.1; done`;
    const settings = `healthChecks.held = { localCommand = "${check}"; timeout = 120; };`;
    const deployment = deploy(network(`environment.etc."held".text = "held";`, settings));
    await poll("the new system", 90_000, () => (existsSync(held) ? true : undefined));
    expect(await currentSystem(foo)).not.toBe(good);
    expect(await committedSystem(foo)).toBe(good);
    return deployment;
  }

  test("a power cut leads to the previous system, and the deployer says so", async () => {
    const deployment = await untilHeld();
    await foo.powerCut();
    await foo.powerOn();
    await foo.waitForBoot();
    const { stdout, exitCode } = await deployment.done;
    expect(stdout).toContain(`[${name}] ${rolledBack}`);
    expect(exitCode).toBe(1);
    await expectOn(good);
    expect(await foo.exists("/etc/held")).toBe(false);
  });

  test("a deployer that is killed leads to the previous system", async () => {
    const deployment = await untilHeld();
    const before = foo.bootCount;
    expect((await deployer.run(["status", "-f", deployer.file(network("")), "foo"])).stdout).toMatch(
      /pending .*waiting/,
    );
    deployment.kill("SIGKILL");
    await deployment.done;
    await poll("its restart", 90_000, () => (foo.bootCount > before ? true : undefined));
    await foo.waitForSsh();
    await expectOn(good);
    expect(await lastRecord()).toContain("outcome=rolled-back");
  });

  test("the killed switcher's watchdog restarts the machine", async () => {
    const deployment = await untilHeld();
    await foo.exec("systemctl kill --signal=KILL 'nixus-boot-*.service'");
    const { stdout } = await deployment.done;
    expect(stdout).toContain(`[${name}] ${rolledBack}`);
    await expectOn(good);
    expect(await lastRecord()).toContain("reason=the switcher was killed (waiting)");
  });
});
