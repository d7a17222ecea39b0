/** Options of the linux platform that need a machine to show what they do. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffSnapshots, Lab, type Machine } from "./lib/index.ts";
import { activated, Deployer, networkWith } from "./nixus.ts";
import { offerPackages } from "./repository.ts";

const name = "foo.example.com";

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name, image: "debian-services" }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

async function deployed(configuration: string): Promise<string> {
  const result = await deployer.deploy(networkWith(configuration));
  expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(activated) });
  return result.stdout;
}

describe("packages of the distribution", () => {
  test("are installed before the system is activated, and stay", async () => {
    await offerPackages(foo, [
      { name: "hello-tool", contents: "mkdir -p usr/bin && cp /bin/echo usr/bin/hello-tool" },
      { name: "provider", control: ["Provides: hello-virtual"] },
      {
        name: "daemon",
        contents: `mkdir -p lib/systemd/system
          printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >lib/systemd/system/daemon.service`,
        // As debhelper writes it.
        postinst: `if deb-systemd-helper --quiet was-enabled daemon.service; then deb-systemd-helper enable daemon.service; fi
          deb-systemd-invoke start daemon.service`,
      },
    ]);
    const withTool = `environment.systemPackages = [ "hello-tool" "coreutils" ];
      system.activationScripts.say = "hello-tool said >/run/said";`;
    expect(await deployed(withTool)).toContain(`[${name}] Installing packages: hello-tool...`);
    expect(await foo.readFile("/run/said")).toBe("said\n");
    expect(await deployed("")).not.toContain("Installing packages");
    expect((await foo.exec("hello-tool there")).stdout).toBe("there\n");
  });

  test("bring services that run when a system says so, and at no other time", async () => {
    const daemon = async () =>
      (await foo.exec("systemctl is-active daemon; systemctl is-enabled daemon", { check: false })).stdout;
    const installed = `environment.systemPackages = [ "daemon" ];`;
    await deployed(installed);
    expect(await daemon()).toBe("inactive\ndisabled\n");
    await deployed(`${installed} systemd.services.daemon.wantedBy = [ "multi-user.target" ];`);
    expect(await daemon()).toBe("active\nenabled-runtime\n");
    const misspelt = await deployer.deploy(
      networkWith(`systemd.services.demon.wantedBy = [ "multi-user.target" ];`),
    );
    expect(misspelt.stdout).toContain("the following units failed: demon.service");
    expect(await daemon()).toBe("active\nenabled-runtime\n");
    await deployed("");
    expect(await daemon()).toBe("inactive\ndisabled\n");
    expect((await foo.exec("systemctl is-enabled ssh")).stdout).toBe("enabled\n");
  });

  test("that no package is named as are refused before anything is switched", async () => {
    for (const [wrong, reason] of [
      ["hello-virtual", "no package has the name 'hello-virtual'; name the package that provides it"],
      ["no-such-thing", "Unable to locate package no-such-thing"],
    ] as const) {
      const before = await foo.snapshot();
      const result = await deployer.deploy(
        networkWith(`environment.systemPackages = [ "${wrong}" ]; environment.etc.never.text = "";`),
      );
      expect(result.exitCode).toBe(1);
      expect(result.stdout).toContain(reason);
      expect(result.stdout).not.toContain("Triggering");
      expect(diffSnapshots(before, await foo.snapshot()).filter((line) => line.includes("/etc/"))).toEqual(
        [],
      );
    }
  });
});

describe("units of all types", () => {
  const units = (port: number) => `
    systemd.sockets.echo = { wantedBy = [ "sockets.target" ]; listenStreams = [ "127.0.0.1:${port}" ]; };
    systemd.services.echo = { serviceConfig.ExecStart = "/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:7100"; };
    systemd.sockets.answer = { wantedBy = [ "sockets.target" ]; listenStreams = [ "127.0.0.1:7100" ]; socketConfig.Accept = true; };
    systemd.services."answer@".serviceConfig = { ExecStart = "/bin/echo answered"; StandardOutput = "socket"; };
    systemd.paths.inbox = { wantedBy = [ "multi-user.target" ]; pathConfig.PathExists = "/srv/inbox/new"; };
    systemd.services.inbox.script = "mv /srv/inbox/new /srv/inbox/seen";
    systemd.mounts = [ { what = "tmpfs"; type = "tmpfs"; where = "/srv/scratch"; options = "size=1M"; wantedBy = [ "multi-user.target" ]; } ];
    systemd.slices.small.sliceConfig.TasksMax = 50;
    systemd.services.witness.serviceConfig.Slice = "small.slice";
    systemd.tmpfiles.rules = [ "d /srv/inbox 0700 keeper root -" ];
    users.users.keeper = { isSystemUser = true; group = "keepers"; };
    users.groups.keepers = { };
    security.sudo.extraRules = [ { users = [ "keeper" ]; commands = [ { command = "/usr/bin/id -u"; options = [ "NOPASSWD" ]; } ]; } ];
    boot.kernel.sysctl."net.ipv4.ip_forward" = true;
  `;
  const ask = async (port: number) =>
    (await foo.exec(`timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3'`, { check: false }))
      .stdout;

  async function expectInEffect(port: number): Promise<void> {
    expect(await ask(port)).toBe("answered\n");
    await foo.exec(
      "touch /srv/inbox/new; until [ -e /srv/inbox/seen ]; do sleep 0.1; done; rm /srv/inbox/seen",
    );
    expect(
      (await foo.exec("ls /srv/scratch/; findmnt -n -o FSTYPE,SIZE /srv/scratch | tail -n 1")).stdout,
    ).toMatch(/tmpfs +1M/);
    expect(
      (
        await foo.exec(
          "cat /sys/fs/cgroup/small.slice/pids.max || systemctl show -p TasksMax --value small.slice",
        )
      ).stdout,
    ).toBe("50\n");
    expect((await foo.exec("systemctl show -p Slice --value witness")).stdout).toBe("small.slice\n");
    expect((await foo.exec("stat -c '%U %a' /srv/inbox")).stdout).toBe("keeper 700\n");
    expect(
      (await foo.exec("setpriv --reuid keeper --regid keepers --clear-groups sudo -n id -u")).stdout,
    ).toBe("0\n");
    const other = await foo.exec("setpriv --reuid keeper --regid keepers --clear-groups sudo -n true", {
      check: false,
    });
    expect(other.exitCode).not.toBe(0);
    expect(await foo.readFile("/proc/sys/net/ipv4/ip_forward")).toBe("1\n");
  }

  test("take effect", async () => {
    await deployed(units(7101));
    await expectInEffect(7101);
  });

  test("a socket moves while its service runs", async () => {
    expect((await foo.exec("systemctl is-active echo.service")).stdout).toBe("active\n");
    await deployed(units(7102));
    expect(await ask(7101)).toBe("");
    await expectInEffect(7102);
  });

  test("are there after a boot", async () => {
    await foo.reboot();
    await foo.waitForBoot();
    await foo.waitForSsh();
    await expectInEffect(7102);
    expect(await foo.journal()).not.toMatch(/ordering cycle/i);
  });

  test("rules that sudo does not understand are refused before anything changes", async () => {
    const result = await deployer.deploy(
      networkWith(`${units(7103)} security.sudo.extraConfig = "let them all be root";`),
    );
    expect(result.stdout).toContain("sudo would refuse the new /etc/sudoers.d/zz-nixus");
    expect(result.exitCode).toBe(1);
    await expectInEffect(7102);
  });

  test("leave nothing but their data", async () => {
    await deployed("");
    const gone = await foo.exec(
      "ls /etc/sudoers.d/zz-nixus /run/tmpfiles.d/nixus.conf; systemctl list-units --all --no-legend --plain 'echo*' 'answer*' inbox.path 'srv-*' small.slice | grep -v not-found",
      { check: false },
    );
    expect(gone.stdout).toBe("");
    expect(await foo.readFile("/proc/sys/net/ipv4/ip_forward")).toBe("0\n");
    expect((await foo.exec("stat -c %a /srv/inbox; findmnt -n /srv/scratch || true")).stdout).toBe("700\n");
  });
});
