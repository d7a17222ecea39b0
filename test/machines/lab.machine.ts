import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureLabLibrary } from "../../scripts/setup/build.mjs";
import { diffSnapshots, Lab, type Machine, removeStaleLabs } from "./lib/index.ts";

const [fooName, barName] = ["foo.example.com", "bar.example.com"] as const;

describe("a lab with two machines", () => {
  let lab: Lab;
  let foo: Machine;
  let bar: Machine;

  beforeAll(async () => {
    lab = await Lab.start({
      machines: [
        { name: fooName, files: { "/etc/secret": { text: "from the start\n", mode: 0o600 } } },
        { name: barName },
      ],
    });
    foo = lab.machine(fooName);
    bar = lab.machine(barName);
  });
  afterAll(() => lab?.stop());

  const ssh = (name: string, command: string) =>
    lab.run(["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", name, command]);

  test("the deployer logs in by name, without a question", async () => {
    expect(await ssh(fooName, "hostname --fqdn; id -un")).toMatchObject({
      stdout: `${fooName}\nroot\n`,
      stderr: "",
      exitCode: 0,
    });
    expect(await ssh(barName, "hostname")).toMatchObject({ stdout: "bar\n", exitCode: 0 });
    expect(await ssh(fooName, "exit 7")).toMatchObject({ exitCode: 7 });
  });

  test("machines are booted without failed units, with Nix, and reach each other", async () => {
    for (const machine of lab.machines) {
      expect(await machine.waitForBoot()).toBe("running");
      expect((await machine.exec("nix-store --version")).stdout).toContain("nix-store (Nix)");
    }
    await foo.exec(`ping -c 1 -W 2 ${bar.address}`);
    expect(await foo.bootId()).not.toBe(await bar.bootId());
    expect(await foo.readFile("/etc/machine-id")).not.toBe(await bar.readFile("/etc/machine-id"));
  });

  test("files given at the start are there, in directories as the image has them", async () => {
    const { stdout } = await foo.exec("cat /etc/secret; stat -c '%a %U' /etc/secret /etc /root /root/.ssh");
    expect(stdout).toBe("from the start\n600 root\n755 root\n700 root\n700 root\n");
  });

  test("services of one machine are not touched by another's", async () => {
    await foo.exec("systemctl stop ssh.service");
    expect((await ssh(barName, "echo still here")).stdout).toBe("still here\n");
    expect((await ssh(fooName, "true")).exitCode).toBe(255);
    await foo.exec("systemctl start ssh.service");
    await foo.waitForSsh();
  });

  test("a snapshot is equal to the next one, and shows each kind of change", async () => {
    const before = await foo.snapshot();
    expect(before.files.size).toBeGreaterThan(1000);
    expect(before.units.get("ssh.service")).toBe("enabled, loaded active running");
    expect(diffSnapshots(before, await foo.snapshot())).toEqual([]);

    await foo.exec(`
      echo new >/etc/new; chmod 600 /etc/debian_version; ln -sf nowhere /etc/os-release
      systemctl disable --now systemd-networkd-wait-online.service; ip address add 10.44.0.99/24 dev host0
      printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/system/extra.service
      systemctl daemon-reload; systemctl start extra.service
    `);
    const changes = diffSnapshots(before, await foo.snapshot());
    expect(changes).toContainEqual(expect.stringMatching(/^\+ \/etc\/new: file 0644 0:0 4 bytes/));
    expect(changes).toContainEqual(
      expect.stringMatching(/^~ \/etc\/debian_version: file 0644 .* => file 0600/),
    );
    expect(changes).toContainEqual(expect.stringMatching(/^~ \/etc\/os-release: symlink .* -> nowhere$/));
    expect(changes).toContainEqual(expect.stringMatching(/^\+ extra.service: .*loaded active running$/));
    expect(changes).toContain("+ address host0 inet 10.44.0.99/24: present");
  });

  test("a reboot from inside brings the machine back, with the same disk", async () => {
    const bootId = await foo.bootId();
    const before = await foo.snapshot();
    await foo.reboot();
    expect(foo.bootCount).toBe(2);
    expect(await foo.bootId()).not.toBe(bootId);
    expect(await foo.waitForBoot()).toBe("running");
    const changes = diffSnapshots(before, await foo.snapshot());
    expect(changes.filter((line) => !line.includes("extra.service") && !line.includes("10.44.0.99"))).toEqual(
      [],
    );
    expect((await ssh(fooName, "cat /etc/new")).stdout).toBe("new\n");
  });

  test("a power cut keeps what was synced and loses what was not", async () => {
    await foo.exec("echo kept >/root/synced; sync /root/synced; sync -f /root; echo lost >/root/unsynced");
    await foo.powerCut();
    expect(foo.isOn).toBe(false);
    expect((await ssh(fooName, "true")).exitCode).toBe(255);
    await foo.powerOn();
    await foo.waitForSsh();
    const { stdout } = await ssh(fooName, "cat /root/synced; test -s /root/unsynced || echo gone");
    expect(stdout).toBe("kept\ngone\n");
    expect(await foo.waitForBoot()).toBe("running");
  });

  test("a machine that is switched off stays off until it is switched on", async () => {
    await foo.exec("systemctl poweroff", { check: false });
    await expect.poll(() => foo.isOn, { timeout: 20_000 }).toBe(false);
    await expect(foo.exec("true")).rejects.toThrow("foo.example.com is off");
    await foo.powerOn();
    await foo.waitForSsh();
  });

  test("a machine without network cannot be reached, but looked into; the network comes back", async () => {
    await bar.cutNetwork();
    expect((await ssh(barName, "true")).exitCode).toBe(255);
    expect((await bar.exec("hostname")).stdout).toBe("bar\n");
    expect((await ssh(fooName, "hostname")).stdout).toBe("foo\n");
    await bar.restoreNetwork();
    await bar.waitForSsh();
    expect((await ssh(barName, "hostname")).stdout).toBe("bar\n");
  });

  test("the deployer has a home of its own and sees nothing of the host's network", async () => {
    const { stdout } = await lab.run(["sh", "-c", "echo ~root; ls -A ~/.ssh; ip -br link | cut -d' ' -f1"]);
    expect(stdout).toContain(`${lab.home}\nid_ed25519\nid_ed25519.pub\nknown_hosts\n`);
    expect(stdout).not.toContain("eth0");
  });

  test("a command of the deployer is killed with what it started", async () => {
    const running = lab.spawn(["sh", "-c", "sleep 1000 & echo started; wait"]);
    await running.waitForOutput(/started/);
    running.kill("SIGKILL");
    expect(await running.done).toMatchObject({ stdout: "started\n", signal: "SIGKILL", timedOut: false });
    const timed = await lab.run(["sh", "-c", "sleep 1000"], { timeout: 200 });
    expect(timed).toMatchObject({ timedOut: true });
    expect((await lab.run(["ps", "-e", "-o", "args"])).stdout).not.toContain("sleep 1000");
  });
});

test("a target without Nix can be had", async () => {
  await using lab = await Lab.start({ machines: [{ name: fooName, image: "debian-without-nix" }] });
  const { exitCode } = await lab.run(["ssh", fooName, "nix-store --version"]);
  expect(exitCode).toBe(127);
});

test("a target without systemd can be had", async () => {
  await using lab = await Lab.start({ machines: [{ name: fooName, init: "sshd" }] });
  const { stdout, stderr } = await lab.run([
    "ssh",
    fooName,
    "test -d /run/systemd/system || echo none; systemctl",
  ]);
  expect(stdout).toBe("none\n");
  expect(stderr).toContain("not been booted with systemd");
});

test("what a killed owner left behind is removed, and labs do not see each other", async () => {
  await ensureLabLibrary();
  await using other = await Lab.start({ machines: [{ name: fooName }] });
  const library = join(import.meta.dirname, "../../dist-test/lab.js");
  const owner = spawn(process.execPath, [join(import.meta.dirname, "abandoned-lab.mjs"), library], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const directory = await new Promise<string>((resolve, reject) => {
    owner.stdout.once("data", (data: Buffer) => resolve(join(data.toString().trim(), "..")));
    owner.once("exit", (code) => reject(new Error(`the owner of the lab ended with ${code}`)));
  });
  expect(readdirSync(directory)).toContain("machine-1");
  expect((await other.run(["ssh", fooName, "hostname"])).stdout).toBe("foo\n");
  owner.kill("SIGKILL");
  await new Promise((resolve) => owner.once("close", resolve));

  await removeStaleLabs();
  expect(existsSync(directory)).toBe(false);
  expect((await other.run(["ssh", fooName, "hostname"])).stdout).toBe("foo\n");
});
