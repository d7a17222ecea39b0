/** Systems of the linux platform on a real machine: what switch-to-configuration and the restorer do there. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshdConfig } from "../../src/fleet/platforms/linux/sshd-config.ts";
import { emptySystem, type LinuxSystem } from "../../src/fleet/platforms/linux/system.ts";
import { addLinuxSystem } from "../../src/fleet/platforms/linux/tree.ts";
import { exportStream } from "../../src/store/export.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { etcText, group, system, text, unit, user } from "../fleet/linux/systems.ts";
import { diffSnapshots, Lab, type Machine, type Snapshot } from "./lib/index.ts";

const name = "foo.example.com";
const generation0 = emptySystem("x86_64-linux");

function service(command: string, parts = ""): string {
  return `[Unit]\nDescription=Test\n\n[Service]\nExecStart=${command}\n${parts}`;
}

const wanted = { wantedBy: ["multi-user.target"] };

const committed = system({
  hostName: "renamed",
  etc: [etcText("motd", "committed\n"), etcText("nixus/deep/file", "x\n")],
  units: [
    unit("hello.service", service("/bin/sleep 1001"), wanted),
    unit("removed.service", service("/bin/sleep 1002"), wanted),
    unit("tick.service", service("/bin/sh -c 'echo tick >>/run/ticks'", "Type=oneshot\n")),
    unit("tick.timer", "[Timer]\nOnActiveSec=1s\nAccuracySec=100ms\n", { wantedBy: ["timers.target"] }),
    unit("cron-like.service", service("/bin/sleep 1003"), { ...wanted, aliases: ["also.service"] }),
    unit("systemd-journald.service", "[Service]\nNice=1\n", {
      strategy: "drop-in",
      change: { restartIfChanged: false, reloadIfChanged: false, stopIfChanged: false },
    }),
  ],
  users: [user("alice", { shell: "/bin/bash", extraGroups: ["sudo", "ops"] })],
  groups: [group("ops")],
  activationScripts: [{ name: "note", text: text('echo "$NIXOS_ACTION" >>/run/activations') }],
});

const unconfirmed = system({
  etc: [etcText("motd", "unconfirmed\n"), etcText("extra", "x\n")],
  units: [unit("hello.service", service("/bin/sleep 2001"), wanted)],
  users: [user("mallory")],
});

describe("a linux machine", () => {
  let lab: Lab;
  let machine: Machine;
  let found: Snapshot;
  let accounts: string;
  const store = new VirtualStore();

  beforeAll(async () => {
    lab = await Lab.start({ machines: [{ name }] });
    machine = lab.machine();
    found = await machine.snapshot();
    accounts = await databases();
  });
  afterAll(() => lab?.stop());

  const databases = async () =>
    (await machine.exec("cd /etc && tail -n +1 passwd shadow group gshadow subuid subgid")).stdout;

  /** Sends the system, as a deployment does; its store path. */
  async function send(target: LinuxSystem): Promise<string> {
    const path = addLinuxSystem(store, target);
    const chunks: Uint8Array[] = [];
    for await (const chunk of exportStream(store.closure([path]))) chunks.push(chunk);
    await machine.exec("nix-store --import >/dev/null && sync", { input: Buffer.concat(chunks) });
    return path;
  }

  async function activate(target: LinuxSystem, action = "test") {
    const path = await send(target);
    return machine.exec(`${path}/bin/switch-to-configuration ${action} 2>&1`, { check: false });
  }

  async function expectActivated(target: LinuxSystem, action = "test"): Promise<string> {
    const { exitCode, stdout } = await activate(target, action);
    expect(`${exitCode}\n${exitCode === 0 ? "" : stdout}`).toBe("0\n");
    return stdout;
  }

  /** Activates and commits, as a deployment does. */
  async function commit(target: LinuxSystem): Promise<void> {
    await expectActivated(target);
    await machine.exec(
      `mkdir -p /nix/var/nix/profiles && nix-env -p /nix/var/nix/profiles/system --set ${await send(target)}`,
    );
    await expectActivated(target, "boot");
    await machine.exec("sync");
  }

  async function expectAsFound(): Promise<void> {
    const now = await machine.snapshot();
    expect(
      diffSnapshots(found, now).filter((line) => !/\/home\/|\/etc\/(passwd|group|g?shadow)\b/.test(line)),
    ).toEqual([]);
    expect(await databases()).toBe(accounts);
    expect((await machine.exec("hostname")).stdout).toBe("foo\n");
  }

  const mainCommand = async (name: string) =>
    (await machine.exec(`tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value ${name})/cmdline`)).stdout;
  const state = async (name: string) =>
    (await machine.exec(`systemctl is-active ${name}`, { check: false })).stdout.trim();

  test("a first activation takes effect", async () => {
    const output = await expectActivated(committed);
    expect(output).toContain("activating the configuration...\nsetting up /etc...\n");
    expect(output).toContain(
      "starting the following units: cron-like.service, hello.service, removed.service, tick.timer\n",
    );
    expect(await mainCommand("hello.service")).toBe("/bin/sleep 1001 ");
    expect(await mainCommand("also.service")).toBe("/bin/sleep 1003 ");
    expect(await machine.readFile("/etc/motd")).toBe("committed\n");
    expect((await machine.exec("hostname; id -nG alice; getent passwd alice | cut -d: -f6-")).stdout).toBe(
      "renamed\nusers sudo ops\n/home/alice:/bin/bash\n",
    );
    expect((await machine.exec("stat -c '%a %U %G' /home/alice")).stdout).toBe("700 alice users\n");
    expect(await machine.readFile("/run/activations")).toBe("test\n");
    expect((await machine.exec("readlink /run/current-system")).stdout.trim()).toBe(await send(committed));
    expect((await machine.exec("systemctl show -p Nice --value systemd-journald")).stdout).toBe("1\n");
    await machine.exec("until [ -s /run/ticks ]; do sleep 0.2; done");
  });

  test("changed services are restarted, others are left running, removed ones go", async () => {
    const before = (await machine.exec("systemctl show -p MainPID --value cron-like.service")).stdout;
    const changed = system({
      ...committed,
      units: [
        unit("hello.service", service("/bin/sleep 1009"), wanted),
        ...committed.units.filter(({ name }) => !/^(hello|removed)/.test(name)),
      ],
    });
    const output = await expectActivated(changed);
    expect(output).toContain("stopping the following units: hello.service, removed.service\n");
    expect(output).toContain("\nstarting the following units: hello.service\n");
    expect(await mainCommand("hello.service")).toBe("/bin/sleep 1009 ");
    expect((await machine.exec("systemctl show -p MainPID --value cron-like.service")).stdout).toBe(before);
    expect((await machine.exec("systemctl show -p LoadState --value removed.service")).stdout).toBe(
      "not-found\n",
    );
  });

  test("generation 0 leaves the machine as it was found", async () => {
    await expectActivated(generation0);
    await expectAsFound();
    expect((await machine.exec("test -d /home/alice")).exitCode).toBe(0);
  });

  test("keys of users let them in, and no more when they go", async () => {
    const login = () =>
      lab.run(["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", `alice@${name}`, "id -un"]);
    expect((await login()).exitCode).not.toBe(0);
    const settings = sshdConfig(new Map([["PasswordAuthentication", false]]), null);
    await expectActivated(
      system({
        users: [
          user("alice", { shell: "/bin/bash", authorizedKeys: [lab.publicKey.trim()] }),
          user("root", { group: null, home: null, shell: null, authorizedKeys: [lab.publicKey.trim()] }),
        ],
        sshd: { config: settings },
      }),
    );
    expect(await login()).toMatchObject({ stdout: "alice\n", exitCode: 0 });
    expect((await machine.exec("sshd -T | grep -i ^passwordauth")).stdout).toBe(
      "passwordauthentication no\n",
    );
    await expectActivated(generation0);
    expect((await login()).exitCode).not.toBe(0);
    await expectAsFound();
  });

  test("a configuration that sshd refuses is refused before anything changes", async () => {
    const { exitCode, stdout } = await activate(
      system({ etc: [etcText("motd", "never\n")], sshd: { config: "PermitRootLogin perhaps\n" } }),
    );
    expect(stdout).toContain("sshd would refuse the new configuration: ");
    expect(stdout).toContain("nothing was changed");
    expect(exitCode).toBe(1);
    await expectAsFound();
  });

  test("it is said which key files sshd will not read any more", async () => {
    const { exitCode, stdout } = await activate(
      system({ sshd: { config: "AuthorizedKeysFile /etc/keys/%u\n" } }),
    );
    expect(stdout).toContain("warning: sshd will not read keys from .ssh/authorized_keys any more");
    expect(exitCode).toBe(0);
    await expectActivated(generation0);
    await expectAsFound();
  });

  test("a main sshd_config without an Include gets one while it is needed", async () => {
    await machine.exec(
      "cp -a /etc/ssh/sshd_config /root/sshd_config; sed -i /^Include/d /etc/ssh/sshd_config",
    );
    const without = await machine.readFile("/etc/ssh/sshd_config");
    await expectActivated(system({ sshd: { config: "ClientAliveInterval 123\n" } }));
    expect(await machine.readFile("/etc/ssh/sshd_config")).toBe(
      `Include /etc/ssh/sshd_config.d/*.conf\n${without}`,
    );
    expect((await machine.exec("sshd -T | grep -i ^clientaliveinterval")).stdout).toBe(
      "clientaliveinterval 123\n",
    );
    await expectActivated(generation0);
    expect(await machine.readFile("/etc/ssh/sshd_config")).toBe(without);
    await machine.exec("mv /root/sshd_config /etc/ssh/sshd_config && systemctl reload ssh");
    await expectAsFound();
  });

  test("a second network manager is refused", async () => {
    await machine.exec(`
      printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n' >/run/systemd/system/NetworkManager.service
      systemctl daemon-reload && systemctl start NetworkManager.service`);
    const { exitCode, stdout } = await activate(
      system({ network: { files: [{ name: "10-x.network", text: text("[Match]\nName=x\n") }] } }),
    );
    expect(stdout).toContain("NetworkManager.service manages this machine's network");
    expect(exitCode).toBe(1);
    await machine.exec(
      "systemctl stop NetworkManager.service && rm /run/systemd/system/NetworkManager.service && systemctl daemon-reload",
    );
    await expectAsFound();
  });

  test("network files take effect at once, and what they replaced comes back", async () => {
    const file = (address: string) =>
      text(`[Match]\nName=host0\n\n[Network]\nAddress=${address}/24\nAddress=10.44.0.77/24\n`);
    await expectActivated(
      system({ network: { files: [{ name: "10-host0.network", text: file(machine.address) }] } }),
    );
    await machine.exec("until ip -o address show dev host0 | grep -q 10.44.0.77; do sleep 0.1; done");
    expect((await machine.exec("test ! -e /etc/systemd/network/10-host0.network")).exitCode).toBe(0);
    await expectActivated(generation0);
    await machine.exec("while ip -o address show dev host0 | grep -q 10.44.0.77; do sleep 0.1; done");
    await machine.exec("until ip -4 route | grep -q ^default; do sleep 0.1; done");
    await expectAsFound();
  });

  test("a network that does not work is gone after a power cut", async () => {
    await expectActivated(
      system({
        network: {
          files: [
            {
              name: "10-host0.network",
              text: text("[Match]\nName=host0\n\n[Network]\nAddress=192.0.2.1/24\n"),
            },
          ],
        },
      }),
    );
    await machine.powerCut();
    await machine.powerOn();
    await machine.waitForBoot();
    await machine.waitForSsh();
    await expectAsFound();
  });

  test("a unit that fails gives status 4", async () => {
    const { exitCode, stdout } = await activate(
      system({
        units: [
          unit("bad.service", service("/bin/false"), wanted),
          unit("good.service", service("/bin/sleep 1"), wanted),
        ],
      }),
    );
    expect(stdout).toContain("warning: the following units failed: bad.service\n");
    expect(stdout).toContain("code=exited, status=1/FAILURE");
    expect(exitCode).toBe(4);
    await expectActivated(generation0);
    await expectAsFound();
  });

  test("a power cut in the middle of an activation boots the machine as it was found, when nothing was committed", async () => {
    await cutPowerDuring(unconfirmed);
    await expectAsFound();
    expect((await machine.exec("systemctl show -p Result --value nixus-restore.service")).stdout).toBe(
      "success\n",
    );
    await expectActivated(generation0);
    await expectAsFound();
  });

  test("a committed system is in effect after a boot", async () => {
    await commit(committed);
    await machine.reboot();
    await machine.waitForBoot();
    await expectCommitted();
    expect((await machine.exec("cat /run/activations")).stdout).toBe("boot\n");
    expect(await machine.journal()).not.toMatch(/ordering cycle/i);
    expect((await machine.exec("readlink /run/booted-system")).stdout.trim()).toBe(await send(committed));
  });

  test("a power cut during or after an unconfirmed activation boots the committed system", async () => {
    await cutPowerDuring(unconfirmed);
    await expectCommitted();
    await expectActivated(unconfirmed);
    expect(await mainCommand("hello.service")).toBe("/bin/sleep 2001 ");
    await machine.powerCut();
    await machine.powerOn();
    await machine.waitForBoot();
    await expectCommitted();
  });

  test("a power cut at any moment of an activation boots the committed system", async () => {
    const path = await send(unconfirmed);
    for (const milliseconds of [20, 80, 160, 260, 380, 520, 700]) {
      // One cut takes effect in the middle of files, another in the middle of accounts ...: none may show afterwards.
      await machine.exec(`setsid ${path}/bin/switch-to-configuration test >/dev/null 2>&1 &
        sleep ${milliseconds / 1000}`);
      await machine.powerCut();
      await machine.powerOn();
      await machine.waitForBoot();
      await expectCommitted();
    }
  });

  test("an activation killed while a script hangs can be gone back from", async () => {
    const path = await send(
      system({
        ...unconfirmed,
        activationScripts: [{ name: "hang", text: text("touch /run/hanging; sleep 600") }],
      }),
    );
    await machine.exec(`
      setsid ${path}/bin/switch-to-configuration test >/dev/null 2>&1 &
      until [ -e /run/hanging ]; do sleep 0.1; done
      kill -KILL $!`);
    expect(await machine.readFile("/etc/motd")).toBe("unconfirmed\n");
    await expectActivated(committed);
    await expectCommitted();
  });

  test("back at generation 0, nothing is left", async () => {
    await commit(generation0);
    await expectAsFound();
    await machine.reboot();
    await machine.waitForBoot();
    await expectAsFound();
  });

  /** Cuts the power while an activation script hangs: files, accounts and units are changed, nothing is finished. */
  async function cutPowerDuring(target: LinuxSystem): Promise<void> {
    const path = await send(
      system({
        ...target,
        activationScripts: [{ name: "hang", text: text("touch /run/reached; sleep 600") }],
      }),
    );
    await machine.exec(`
      setsid ${path}/bin/switch-to-configuration test >/dev/null 2>&1 &
      until [ -e /run/reached ]; do sleep 0.1; done; grep -q unconfirmed /etc/motd`);
    await machine.powerCut();
    await machine.powerOn();
    await machine.waitForBoot();
  }

  async function expectCommitted(): Promise<void> {
    expect(await machine.readFile("/etc/motd")).toBe("committed\n");
    expect((await machine.exec("test ! -e /etc/extra && ! getent passwd mallory && hostname")).stdout).toBe(
      "renamed\n",
    );
    for (const name of ["hello", "removed", "cron-like"])
      expect(await state(`${name}.service`)).toBe("active");
    expect(await mainCommand("hello.service")).toBe("/bin/sleep 1001 ");
    expect((await machine.exec("id -nG alice")).stdout).toBe("users sudo ops\n");
  }
});
