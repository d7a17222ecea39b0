/** The commands that look at machines, and those that change them without a new deployment. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { poll } from "./lib/process.ts";
import { activated, currentSystem, Deployer } from "./nixus.ts";

const name = "foo.example.com";
const network = (mark: string, rest = "") => `{ lib, ... }: {
  nodes.foo = {
    host = "root@${name}";
    platform = "linux";
    tags = [ "all" ];
    successTimeout = 15;
    ssh.options.User = "root";
    configuration.environment.etc.mark.text = "${mark}";
    ${rest}
  };
}`;

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

const json = async (...args: string[]) => JSON.parse((await deployer.run([...args, "--json"])).stdout)[0];
const ask = (command: string, file: string, ...args: string[]) => [command, "-f", file, ...args];

test("a machine that Nixus never deployed, and then one that it did", async () => {
  const file = deployer.file(network("one"));
  const before = await deployer.run(ask("status", file));
  expect(before.stdout, before.stderr).toMatch(
    /^foo\n {2}system +none\n[\s\S]*last deployment +none by Nixus\n$/,
  );
  const dry = await deployer.run(ask("history", file));
  expect(dry.stdout).toBe("foo\n  no deployment by Nixus\n");
  // The shared connection is gone with the command: its process, and the directory of its socket.
  const temporary = lab.spawn([process.execPath, deployer.program, "deploy", "-f", file], {
    env: { TMPDIR: lab.home },
    timeout: 90_000,
  });
  expect((await temporary.done).stdout).toContain(activated);
  const { stdout: processes } = await lab.run(["ps", "-eo", "args"]);
  expect(processes.split("\n").filter((line) => line.startsWith("ssh: ") && line.includes(lab.home))).toEqual(
    [],
  );
  const status = await json(...ask("status", file));
  expect(status.value).toMatchObject({
    currentSystem: await currentSystem(foo),
    drift: "none",
    pending: null,
  });
  expect(status.value.generations.at(-1)).toMatchObject({ current: true });
  const history = await json(...ask("history", file, "@all"));
  expect(history.value.deployments).toMatchObject([{ outcome: "activated", reason: "" }]);
});

test("rollback goes to the generation before, or to one by its number, guarded by the switcher", async () => {
  const one = await currentSystem(foo);
  const file = deployer.file(network("two"));
  expect((await deployer.run(["deploy", "-f", file])).exitCode).toBe(0);
  const two = await currentSystem(foo);
  const back = await deployer.run(ask("rollback", file));
  expect(back.stdout, back.stderr).toContain("Trying to confirm success...");
  expect(back.stdout).toContain(activated);
  expect(await currentSystem(foo)).toBe(one);
  expect(await foo.readFile("/etc/mark")).toBe("one");
  const { value } = await json(...ask("status", file));
  const number = value.generations.find((generation: { system: string }) => generation.system === two).number;
  const forth = await deployer.run(ask("rollback", file, "foo", "--to", String(number)));
  expect(forth.exitCode, forth.stdout).toBe(0);
  expect(await currentSystem(foo)).toBe(two);
  const none = await deployer.run(ask("rollback", file, "--to", "99"));
  expect(none.exitCode).toBe(1);
  expect(none.stdout).toContain("there is no generation 99 (generations: ");
  expect(await currentSystem(foo)).toBe(two);
});

test("confirm gives the word that a lost deployer owes", async () => {
  const nothing = await deployer.run(ask("confirm", deployer.file(network("two"))));
  expect(nothing.stdout).toBe("foo\n  no deployment waits to be confirmed\n");
  expect(nothing.exitCode).toBe(1);
  const file = deployer.file(
    network("three", `healthChecks.slow = { command = "sleep 60"; timeout = 90; };`),
  );
  const lost = deployer.spawn(["deploy", "-f", file]);
  await poll("waiting", 60_000, async () =>
    (await foo.exec("cat /run/nixus/*/state 2>/dev/null || true")).stdout.includes("state=waiting")
      ? true
      : undefined,
  );
  const pending = await deployer.run(ask("status", file));
  expect(pending.stdout).toMatch(/pending +\S+, waiting, by root@/);
  lost.kill("SIGKILL");
  await lost.done;
  const confirmed = await deployer.run(ask("confirm", file));
  expect(confirmed.stdout, confirmed.stderr).toBe("foo\n  activated\n");
  expect(await foo.readFile("/etc/mark")).toBe("three");
});

test("drift, failed units and what a machine needs are told", async () => {
  const file = deployer.file(network("three"));
  await foo.exec(
    "systemd-run --unit=ill --quiet /bin/false; for i in $(seq 50); do systemctl is-failed --quiet ill && break; sleep 0.1; done; ln -sfn $(readlink -f /nix/var/nix/profiles/system-2-link) /run/current-system; touch /run/reboot-required",
  );
  const { stdout } = await deployer.run(ask("status", file));
  expect(stdout).toMatch(/failed units +.*ill\.service/);
  expect(stdout).toMatch(/drift +its system was changed outside of Nixus/);
  expect(stdout).toMatch(/reboot needed +for packages/);
});

test("exec and ssh run commands, with the node's options", async () => {
  const file = deployer.file(network("three"));
  const good = await deployer.run(ask("exec", file, "--on", "@all", "--", "uname", "-s;", "id", "-u"));
  expect(good.stdout, good.stderr).toBe(`[${name}] Linux\n[${name}] 0\n`);
  const bad = await deployer.run(ask("exec", file, "--", "echo no >&2; exit 3"));
  expect([bad.exitCode, bad.stderr]).toEqual([1, `[${name}] no\n[${name}] exit status 3\n`]);
  const { stdout } = await deployer.run(ask("exec", file, "--json", "--", "echo a; echo b >&2"));
  expect(JSON.parse(stdout)).toEqual([
    { node: "foo", host: `root@${name}`, value: { exitCode: 0, stdout: ["a"], stderr: "b\n" } },
  ]);
  const ssh = await deployer.run(ask("ssh", file, "foo", "cat /etc/mark; exit 4"));
  expect([ssh.exitCode, ssh.stdout]).toEqual([4, "three"]);
  expect((await deployer.run(ask("ssh", file, "fo"))).stderr).toContain("did you mean 'foo'?");
});
