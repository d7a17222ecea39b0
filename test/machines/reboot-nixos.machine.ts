/**
 * Restarts of NixOS-shaped systems, by a boot loader of the test's: a unit that puts the system into effect which the
 * menu's default names, or the one that is to be started once; and the program that says so (`bootSelector`).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type Machine, type Result } from "./lib/index.ts";
import { activated, committedSystem, currentSystem, Deployer, rolledBack } from "./nixus.ts";

const name = "foo.example.com";

/** The default is who has installed the boot loader last, by its `switch-to-configuration boot`. */
const loader = `#!/bin/sh
if [ -e /boot/once ]; then
  system=$(cat /boot/once)
  rm -f /boot/once && sync /boot || system=$(cat /boot/default)
else
  system=$(cat /boot/default)
fi
ln -sfn "$system" /run/current-system
ln -sfn "$system" /run/booted-system
`;

const loaderUnit = `[Unit]
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/loader
[Install]
WantedBy=sysinit.target
`;

/** Only what has an entry in the menu can be started: a generation of the profile when the boot loader was installed. */
const selector = `#!/bin/sh
case $1 in
check) [ -e /boot/default ] || { echo "there is no boot loader"; exit 1; } ;;
set-once)
  grep -q -x "$2" /boot/menu || { echo "there is no entry for $2"; exit 1; }
  echo "$2" >/boot/once.new && sync /boot/once.new && mv /boot/once.new /boot/once && sync /boot
  ;;
clear) rm -f /boot/once && sync /boot ;;
esac
`;

/** makes NAME KERNEL INHIBITOR: a system in the store, printed. */
const makeSystem = `
set -e
directory=/tmp/systems/$NAME
mkdir -p "$directory/bin" "/tmp/kernels/$KERNEL"
echo "$KERNEL" >"/tmp/kernels/$KERNEL/bzImage"
ln -s "$(nix-store --add "/tmp/kernels/$KERNEL")/bzImage" "$directory/kernel"
printf '{"dbus":"%s"}' "$INHIBITOR" >"$directory/switch-inhibitors"
cat >"$directory/bin/switch-to-configuration" <<'SCRIPT'
#!/bin/sh
system=$(readlink -f "$0") && system=\${system%/bin/*}
case $1 in
test | switch) ln -sfn "$system" /run/current-system ;;
boot)
  mkdir -p /boot
  for link in /nix/var/nix/profiles/system-*-link; do readlink -f "$link"; done >/boot/menu
  echo "$system" >/boot/default && sync -f /boot
  ;;
esac
SCRIPT
chmod 755 "$directory/bin/switch-to-configuration"
nix-store --add "$directory"
`;

let lab: Lab;
let foo: Machine;
let deployer: Deployer;
const systems = new Map<string, string>();
const system = (which: string): string => systems.get(which) ?? "";

beforeAll(async () => {
  const executable = (text: string) => ({ text, mode: 0o755 });
  lab = await Lab.start({
    machines: [
      {
        name,
        files: {
          "/usr/local/lib/loader": executable(loader),
          "/usr/local/lib/selector": executable(selector),
          "/etc/systemd/system/loader.service": { text: loaderUnit, mode: 0o644 },
        },
      },
    ],
  });
  foo = lab.machine();
  deployer = new Deployer(lab);
  for (const [which, kernel, inhibitor] of [
    ["first", "5.10", "dbus"],
    ["same-kernel", "5.10", "dbus"],
    ["kernel", "6.1", "dbus"],
    ["inhibitor", "6.1", "broker"],
    ["other-kernel", "5.10", "broker"],
  ] as const) {
    const env = { NAME: which, KERNEL: kernel, INHIBITOR: inhibitor };
    systems.set(which, (await foo.exec(makeSystem, { env })).stdout.trim());
  }
  await foo.exec(
    'nix-env --profile /nix/var/nix/profiles/system --set "$FIRST" && "$FIRST/bin/switch-to-configuration" boot && systemctl enable --now loader.service',
    { env: { FIRST: system("first") } },
  );
});
afterAll(() => lab?.stop());

function deploy(which: string, settings: string, ...flags: string[]): Promise<Result> {
  const file = join(lab.home, `${which}.nix`);
  writeFileSync(
    file,
    `{ nodes.foo = {
      host = "root@${name}";
      buildOn = "target";
      bootSelector = "/usr/local/lib/selector";
      rebootTimeout = 15;
      ${settings}
      configuration.system = "${system(which)}";
    }; }`,
  );
  return deployer.spawn(["deploy", "-f", file, ...flags], 240_000).done;
}

async function expectOn(which: string): Promise<void> {
  expect(await currentSystem(foo)).toBe(system(which));
  expect(await committedSystem(foo)).toBe(system(which));
  expect((await foo.readFile("/boot/default")).trim()).toBe(system(which));
  expect((await foo.exec("ls -d /boot/once /etc/systemd/system.attached", { check: false })).stdout).toBe("");
}

test("the same kernel is switched to while the machine runs", async () => {
  const { stdout, stderr } = await deploy("same-kernel", 'rebootPolicy = "ifNeeded";');
  expect(stdout, stderr).toContain(activated);
  expect(stdout).not.toContain("eboot");
  expect(foo.bootCount).toBe(1);
  await expectOn("same-kernel");
});

test("another kernel is started once, and the boot loader's default after it was confirmed", async () => {
  const { stdout, stderr } = await deploy("kernel", 'rebootPolicy = "ifNeeded";');
  expect(stdout, stderr).toContain(activated);
  expect(stdout).toContain("A reboot is due: another kernel\n");
  expect(foo.bootCount).toBe(2);
  await expectOn("kernel");
});

test("a switch inhibitor is refused; nothing is changed, and it is said what to do", async () => {
  const { stdout, exitCode } = await deploy("inhibitor", "");
  expect(exitCode).toBe(1);
  expect(stdout).toContain("dbus (dbus -> broker)");
  expect(stdout).toContain("--reboot");
  expect(stdout).toContain("The machine was not changed");
  expect(foo.bootCount).toBe(2);
  await expectOn("kernel");
});

test("a boot loader that can't start it once is refused, saying why", async () => {
  await foo.exec("mv /boot/default /boot/away");
  const { stdout } = await deploy("inhibitor", "", "--reboot");
  await foo.exec("mv /boot/away /boot/default");
  expect(stdout).toContain("there is no boot loader");
  expect(stdout).toContain("The machine was not changed");
  await expectOn("kernel");
});

test("with --reboot it is restarted; what fails there leads back, boot loader and profile too", async () => {
  const check = 'healthChecks.no = { command = "false"; };';
  const refused = await deploy("inhibitor", check, "--reboot");
  expect(refused.stdout, refused.stderr).toContain(rolledBack);
  expect(refused.stdout).toContain("Rebooting into the new system...");
  expect(foo.bootCount).toBe(4);
  await expectOn("kernel");
  const { stdout, stderr } = await deploy("inhibitor", "", "--reboot");
  expect(stdout, stderr).toContain(activated);
  expect(foo.bootCount).toBe(5);
  await expectOn("inhibitor");
});

test("what was switched to while the machine ran is started, and gives way to what it was started with", async () => {
  const live = await deploy("other-kernel", "");
  expect(live.stdout, live.stderr).toContain("is in effect after a reboot only: another kernel");
  expect(foo.bootCount).toBe(5);
  await expectOn("other-kernel");
  const preview = await deploy("other-kernel", "", "--reboot", "--dry-run");
  expect(preview.stdout, preview.stderr).toContain("another kernel");
  const check = 'healthChecks.no = { command = "false"; };';
  const failed = await deploy("other-kernel", check, "--reboot");
  expect(failed.stdout, failed.stderr).toContain(rolledBack);
  expect(foo.bootCount).toBe(7);
  await expectOn("inhibitor");

  await deploy("other-kernel", "");
  const { stdout, stderr } = await deploy("other-kernel", "", "--reboot");
  expect(stdout, stderr).toContain(activated);
  expect(stdout).toContain("A reboot is due: another kernel\n");
  expect(foo.bootCount).toBe(8);
  await expectOn("other-kernel");
  const again = await deploy("other-kernel", "", "--reboot");
  expect(again.stdout, again.stderr).not.toContain("eboot");
  expect(foo.bootCount).toBe(8);
});
