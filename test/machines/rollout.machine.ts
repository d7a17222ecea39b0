/** Several machines and what holds them together: order, batches, groups, health checks, phases, and other deployers. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { activated, currentSystem, Deployer, rolledBack } from "./nixus.ts";

const names = ["one", "two", "three"] as const;
type Name = (typeof names)[number];
const hostOf = (name: Name) => `${name}.example.com`;

let lab: Lab;
let deployer: Deployer;
let file: string;

beforeAll(async () => {
  lab = await Lab.start({ machines: names.map((name) => ({ name: hostOf(name) })) });
  deployer = new Deployer(lab);
  file = deployer.file("{ }");
});
afterAll(() => lab?.stop());

const machine = (name: Name): Machine => lab.machine(hostOf(name));
const marked = async (name: Name) => (await machine(name).exec("cat /etc/mark 2>/dev/null || true")).stdout;

/** The network file, the same one each time; `mark` is a text that every machine gets. */
function write(mark: string, rest = "", path = file): void {
  writeFileSync(
    path,
    `{ lib, ... }: {
      defaults = { name, ... }: {
        host = "root@\${name}.example.com";
        platform = "linux";
        successTimeout = lib.mkDefault 6;
        configuration.environment.etc.mark.text = lib.mkDefault "${mark}";
      };
      nodes = { one.tags = [ "first" ]; two = { }; three = { }; };
      imports = [ { ${rest} } ];
    }`,
  );
}

const deploy = (...args: string[]) => deployer.run(["deploy", "-f", file, ...args]);
const broken = (name: Name) => `nodes.${name}.configuration.system.activationScripts.broken = "exit 1";`;

test("a canary that fails stops the rollout; --resume goes on with the systems of then", async () => {
  write("a", broken("one"));
  const stopped = await deploy("--canary", "@first", "--batch", "50%", "--pause", "1");
  expect(stopped.exitCode, stopped.stdout + stopped.stderr).toBe(1);
  expect(stopped.stdout).toContain("Canaries: one\n");
  expect(stopped.stdout).toContain(`[${hostOf("one")}] ${rolledBack}`);
  expect(stopped.stdout).toContain("warning: the canary 'one' failed, so that no other machine was begun");
  expect(stopped.stdout).not.toContain(`[${hostOf("two")}] Connecting`);
  expect(stopped.stderr).toContain("1 rolled back, 2 skipped");
  write("b");
  const resumed = await deploy("--resume", "two", "three", "--batch", "1");
  expect(resumed.exitCode, resumed.stdout + resumed.stderr).toBe(0);
  expect(resumed.stdout.indexOf("Batch 2 of 2: two")).toBeGreaterThan(
    resumed.stdout.indexOf(`[${hostOf("three")}] ${activated}`),
  );
  expect([await marked("two"), await marked("three")]).toEqual(["a", "a"]);
  const all = await deploy();
  expect(all.exitCode, all.stdout + all.stderr).toBe(0);
  expect((await deploy("--resume")).stderr).toContain("there is nothing to resume");
  expect((await deploy("--changed")).stderr).toContain("nothing to deploy");
});

describe("health checks", () => {
  const checks = (...lines: string[]) => `nodes.one.healthChecks = { ${lines.join(" ")} };`;

  test("are looked at before the confirmation, for longer than successTimeout if need be", async () => {
    write(
      "healthy",
      `nodes.one.successTimeout = 3; ${checks(
        `ssh.tcp = { port = 22; };`,
        `sshd.unit = "ssh.service";`,
        `slow = { command = "sleep 7; grep -q healthy /etc/mark"; timeout = 15; };`,
        `here.localCommand = "test $NIXUS_NODE = one";`,
      )}`,
    );
    const result = await deploy("one");
    expect(result.exitCode, result.stdout + result.stderr).toBe(0);
    for (const check of ["ssh", "sshd", "slow", "here"]) {
      expect(result.stdout).toContain(`[${hostOf("one")}] Health check '${check}' passed`);
    }
    expect(result.stdout.indexOf("Trying to confirm")).toBeLessThan(result.stdout.indexOf("'slow' passed"));
    expect(await marked("one")).toBe("healthy");
  });

  test("one that fails rolls back, and shows what it said and the unit's journal", async () => {
    const before = await currentSystem(machine("one"));
    write(
      "ill",
      `nodes.one.configuration.systemd.services.sick = { wantedBy = [ "multi-user.target" ];
         serviceConfig = { Type = "simple"; ExecStart = "/bin/sh -c 'sleep 1; echo it hurts; exit 1'"; }; };
       ${checks(
         `sick = { unit = "sick.service"; retries = 3; };`,
         `port = { tcp.port = 81; retries = 0; };`,
         `said = { command = "echo this is why >&2; exit 7"; retries = 0; };`,
       )}`,
    );
    const { stdout, exitCode } = await deploy("one");
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`[${hostOf("one")}] ${rolledBack}`);
    expect(stdout).toContain("health check 'said' failed: exit status 7");
    expect(stdout).toContain("said: this is why");
    expect(stdout).toContain("health check 'port' failed: no connection to");
    expect(stdout).toMatch(/health check 'sick' failed: unit sick\.service is (failed|inactive)/);
    expect(stdout).toContain("it hurts");
    expect(await currentSystem(machine("one"))).toBe(before);
    write("healthy");
  });
});

test("an atomic group: one member that fails takes all back, and they are committed together", async () => {
  const group = `nodes.one.atomicGroup = "db"; nodes.two.atomicGroup = "db";`;
  const before = [await currentSystem(machine("one")), await currentSystem(machine("two"))];
  write("c", `${group} nodes.two.healthChecks.no = { command = "exit 1"; retries = 0; };`);
  const failed = await deploy("one", "two");
  expect(failed.exitCode).toBe(1);
  for (const name of ["one", "two"] as const) {
    expect(failed.stdout, failed.stderr).toContain(`[${hostOf(name)}] ${rolledBack}`);
  }
  expect(failed.stdout).toContain("'two', which is in the same atomic group 'db', failed: health check 'no'");
  expect([await currentSystem(machine("one")), await currentSystem(machine("two"))]).toEqual(before);
  write("c", group);
  const good = await deploy("one", "two");
  expect(good.exitCode, good.stdout).toBe(0);
  expect([await marked("one"), await marked("two")]).toEqual(["c", "c"]);
});

test("an atomic group of which one restarts and one does not: they go, and come back, together", async () => {
  const group = `nodes.one = { atomicGroup = "db"; rebootPolicy = "always"; rebootTimeout = 60; };
    nodes.two.atomicGroup = "db";`;
  const before = [await currentSystem(machine("one")), await currentSystem(machine("two"))];
  const starts = machine("one").bootCount;
  write("r", `${group} nodes.two.healthChecks.no = { command = "exit 1"; retries = 0; };`);
  const failed = await deploy("one", "two");
  expect(failed.exitCode).toBe(1);
  for (const name of ["one", "two"] as const) {
    expect(failed.stdout, failed.stderr).toContain(`[${hostOf(name)}] ${rolledBack}`);
  }
  expect(failed.stdout).toContain("'two', which is in the same atomic group 'db', failed: health check 'no'");
  await machine("one").waitForBoot();
  await machine("one").waitForSsh();
  expect(machine("one").bootCount).toBe(starts + 2);
  expect([await currentSystem(machine("one")), await currentSystem(machine("two"))]).toEqual(before);
  write("r", group);
  const good = await deploy("one", "two");
  expect(good.exitCode, good.stdout + good.stderr).toBe(0);
  expect(machine("one").bootCount).toBe(starts + 3);
  expect([await marked("one"), await marked("two")]).toEqual(["r", "r"]);
}, 240_000);

test("phases run here, in their places; one that fails stops its node before the switch", async () => {
  const log = `${lab.home}/phases`;
  write(
    "d",
    `nodes.one.deployScriptPhases = {
       before = lib.dag.entryBefore [ "connect" ] "echo before $NIXUS_NODE >> ${log}";
       anywhere = "echo anywhere $NIXUS_HOST >> ${log}";
       between = lib.dag.entryBetween [ "commit" ] [ "switch" ] "ssh $NIXUS_HOST cat /etc/mark >> ${log}; echo >> ${log}";
       last = lib.dag.entryAfter [ "commit" ] "echo last >> ${log}";
     };
     nodes.two.deployScriptPhases.broken = "echo that is why; exit 3";`,
  );
  const { stdout, exitCode } = await deploy("one", "two");
  expect(exitCode).toBe(1);
  expect(stdout).toContain(`[${hostOf("one")}] ${activated}`);
  expect(stdout).toContain("that is why");
  expect(stdout).toContain("the phase 'broken' failed with exit status 3");
  expect(stdout).not.toContain(`[${hostOf("two")}] Triggering`);
  const { stdout: lines } = await lab.run(["cat", log]);
  expect(lines).toBe("before one\nanywhere root@one.example.com\nd\nlast\n");
  expect(await marked("two")).toBe("r");
});

test("a machine that is off fails, is passed over, or is waited for; what comes after it waits too", async () => {
  await machine("three").powerCut();
  write("e", `nodes.three.whenUnreachable = "skip"; nodes.three.ssh.options.ConnectTimeout = "2";`);
  const skipped = await deploy();
  expect(skipped.exitCode, skipped.stdout).toBe(0);
  expect(skipped.stdout).toContain(`[${hostOf("three")}] Skipped! The machine was not changed`);
  expect(skipped.stderr).toContain("1 machine was skipped; deploy what was missed with --resume\n");
  write(
    "f",
    `nodes.three.whenUnreachable = "retry"; nodes.three.ssh.options.ConnectTimeout = "2"; nodes.one.after = [ "thr*" ];`,
  );
  const retried = deployer.spawn(["deploy", "-f", file]);
  await machine("three").powerOn();
  await machine("three").waitForBoot();
  await machine("three").waitForSsh();
  const { stdout, exitCode } = await retried.done;
  expect(exitCode, stdout).toBe(0);
  expect(stdout.indexOf(`[${hostOf("one")}] Connecting`)).toBeGreaterThan(
    stdout.indexOf(`[${hostOf("three")}] ${activated}`),
  );
});

test("what others have deployed is not overwritten unknowingly", async () => {
  const theirs = deployer.file("{ }");
  write("theirs", "", theirs);
  expect((await deployer.run(["deploy", "-f", theirs, "one"])).exitCode).toBe(0);
  write("g");
  const refused = await deploy("one");
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toMatch(/which was deployed by \S+ at \S+Z; when it was last seen from here it ran/);
  expect(await marked("one")).toBe("theirs");
  const forced = await deploy("one", "--force");
  expect(forced.exitCode, forced.stdout).toBe(0);
  expect(await marked("one")).toBe("g");
});

test("of two at once, the one that waits comes after the other", async () => {
  write(
    "h",
    `nodes.one.configuration.system.activationScripts.slow = "echo begun > /run/slow; until [ -e /run/go-on ]; do sleep 0.1; done";`,
  );
  const first = deployer.spawn(["deploy", "-f", file, "one"]);
  await machine("one").exec("for i in $(seq 300); do [ -e /run/slow ] && exit 0; sleep 0.1; done; exit 1");
  const other = deployer.file("{ }");
  write("i", "", other);
  const second = deployer.spawn(["deploy", "-f", other, "one", "--wait"]);
  await second.waitForOutput(/Waiting for the deployment by root@/);
  await machine("one").exec("touch /run/go-on");
  expect((await first.done).stdout).toContain(activated);
  const { stdout, stderr } = await second.done;
  expect(stdout, stderr).toContain(activated);
  expect(await marked("one")).toBe("i");
});

test("options of a node: enabled, host, privileges, ssh.options", async () => {
  await machine("two").exec(
    "useradd -m deploy; install -d -m 700 -o deploy ~deploy/.ssh; install -m 600 -o deploy ~/.ssh/authorized_keys ~deploy/.ssh/; install -m 4755 /usr/bin/setpriv /usr/local/bin/rootpriv",
  );
  write(
    "j",
    `nodes.one.enabled = false; nodes.three.host = lib.mkForce null;
     nodes.two = { host = lib.mkForce "two.example.com"; ssh.options.User = "deploy";
       privilegeEscalationCommand = [ "/usr/local/bin/rootpriv" "--reuid=0" "--regid=0" "--clear-groups" ]; };`,
  );
  const result = await deploy();
  expect(result.exitCode, result.stdout + result.stderr).toBe(0);
  expect(result.stdout).toContain(`[${hostOf("two")}] ${activated}`);
  expect(result.stdout).not.toMatch(/one\.example|three\.example/);
  expect((await deploy("one")).stderr).toContain("node 'one' is not enabled");
  expect((await deploy("three")).stderr).toContain("node 'three' has no host");
  expect((await deploy("tow")).stderr).toContain("the network has no node 'tow'; did you mean 'two'?");
});
