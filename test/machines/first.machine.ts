/** The first deployment to an untouched Debian. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { diffSnapshots, Lab, type Machine, type Snapshot } from "./lib/index.ts";
import { activated, committedSystem, currentSystem, Deployer, networkWith, rolledBack } from "./nixus.ts";

const name = "foo.example.com";

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

/** Something of every kind that the platform manages. */
const everything = `
  networking.hostName = "renamed";
  networking.hosts."192.0.2.1" = [ "router.example.com" ];
  environment.etc."deep/er/file".text = "new";
  environment.etc."issue".text = "replaced";
  environment.etc."copied" = { text = "copied"; mode = "0640"; group = "adm"; };
  users.groups.staff2 = { };
  users.users.alice = {
    isNormalUser = true;
    extraGroups = [ "staff2" "adm" ];
    openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8bM2uv2bXhTBqEIyXbmcMcOSCmhbVfpC1mX1qS5k5z alice@home" ];
  };
  users.users.service = { isSystemUser = true; group = "staff2"; };
  services.openssh.settings.X11Forwarding = false;
  systemd.services.tick = { script = "date > /run/tick"; startAt = "hourly"; };
  systemd.services.scripted = {
    wantedBy = [ "multi-user.target" ];
    environment.WHO = "a b%c";
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = "printf %s \\"$WHO\\" > /run/scripted";
  };
`;

/** What is different from before. Homes of accounts are never deleted, also of accounts that are gone again. */
async function changedSince(before: Snapshot): Promise<string[]> {
  return diffSnapshots(before, await foo.snapshot()).filter((line) => !line.startsWith("+ /home/alice"));
}

test("that is rolled back leaves the machine exactly as it was found", async () => {
  const before = await foo.snapshot();
  const result = await deployer.deploy(
    networkWith(`${everything} system.activationScripts.z-broken = "exit 1";`),
  );
  expect(result.stdout).toContain(`[${name}] ${rolledBack}`);
  expect(result.exitCode).not.toBe(0);
  expect(await changedSince(before)).toEqual([]);
});

test("that loses the network leaves the machine exactly as it was found", async () => {
  const before = await foo.snapshot();
  const result = await deployer.deploy(
    networkWith(`${everything}
      systemd.network.networks."05-uplink" = { matchConfig.Name = "host0"; address = [ "192.0.2.77/24" ]; };`),
  );
  expect(result.stdout).toContain(`[${name}] ${rolledBack}`);
  expect(await changedSince(before)).toEqual([]);
});

test("that is cut short by a power cut leaves the machine as it was found after the next boot", async () => {
  const before = await foo.snapshot();
  const deployment = deployer.spawn([
    "deploy",
    "-f",
    deployer.file(
      networkWith(`${everything} system.activationScripts.z-slow = "touch /run/slow; sleep 20";`),
    ),
  ]);
  for (;;) {
    const { stdout } = await foo.exec("ls /run/slow 2>/dev/null || true");
    if (stdout !== "") break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await foo.powerCut();
  deployment.kill("SIGKILL");
  await deployment.done;
  await foo.powerOn();
  expect(await foo.waitForBoot()).toBe("running");
  await foo.waitForSsh();
  expect(await changedSince(before)).toEqual([]);
});

test("puts everything into effect and survives a reboot", async () => {
  const result = await deployer.deploy(networkWith(everything));
  expect(result.stdout).toContain(`[${name}] ${activated}`);
  expect(result.exitCode).toBe(0);
  const check = async () => {
    const { stdout } = await foo.exec(`
      hostname
      cat /etc/deep/er/file; echo
      cat /etc/issue; echo
      stat -c '%a %U %G' /etc/copied
      getent hosts 192.0.2.1
      id -nG alice
      getent passwd alice | cut -d: -f6,7
      getent passwd service | cut -d: -f7
      stat -c '%a %U' /home/alice
      cat /run/scripted; echo
      systemctl is-active scripted.service tick.timer witness.service
      sshd -T 2>/dev/null | grep -i '^x11forwarding'
    `);
    expect(stdout).toBe(
      [
        "renamed",
        "new",
        "replaced",
        "640 root adm",
        "192.0.2.1       router.example.com",
        "users adm staff2",
        "/home/alice:/bin/bash",
        "/usr/sbin/nologin",
        "700 alice",
        "a b%c",
        "active",
        "active",
        "active",
        "x11forwarding no",
        "",
      ].join("\n"),
    );
  };
  await check();
  const system = await currentSystem(foo);
  expect(await committedSystem(foo)).toBe(system);
  await foo.reboot();
  await foo.waitForSsh();
  await check();
  expect(await currentSystem(foo)).toBe(system);
  expect((await foo.exec("readlink /run/booted-system")).stdout.trim()).toBe(system);
});

test("can be followed by one that manages nothing any more: files, accounts and units are back", async () => {
  const result = await deployer.deploy(`{
    nodes.foo = { host = "root@${name}"; platform = "linux"; };
  }`);
  expect(result.exitCode).toBe(0);
  const { stdout } = await foo.exec(`
    hostname
    cat /etc/issue
    ls /etc/deep /etc/copied /run/systemd/system/witness.service 2>/dev/null
    getent passwd alice service
    getent group staff2
    stat -c '%a' /home/alice
    true
  `);
  expect(stdout).toBe("foo\nDebian GNU/Linux 12 \\n \\l\n\n700\n");
});
