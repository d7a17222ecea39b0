/** The boot loaders that can have a system started once, with the programs that speak to them replaced. */
import { execFileSync } from "node:child_process";
import { test as baseTest, describe, expect } from "vitest";
import { SwitcherHost } from "./rig/switcher-host.ts";

const vendor = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
const oneShot = `sys/firmware/efi/efivars/LoaderEntryOneShot-${vendor}`;
const initOf = (system: string) => `init=/nix/store/${system}/init loglevel=4`;

/**
 * Notes its calls; sets the variable as the real one does. The boot path is that of the EFI system partition where there is
 * no extended boot loader partition (bootctl(1)).
 */
const bootctl = `#!/bin/sh
echo "$@" >>"$NIXUS_ROOT/fake/bootctl"
case $1 in
--print-esp-path) echo /boot ;;
--print-boot-path) cat "$NIXUS_ROOT/fake/boot-path" 2>/dev/null || echo /boot ;;
set-oneshot)
  [ ! -e "$NIXUS_ROOT/fake/no-efi" ] || exit 1
  if [ -n "$2" ]; then printf '%s' "$2" >"$NIXUS_ROOT/${oneShot}"; else rm -f "$NIXUS_ROOT/${oneShot}"; fi
  ;;
esac
`;

/** The block is a file of lines here. */
const grubEditenv = `#!/bin/sh
block=$1
touch "$block"
case $2 in
set) echo "$3" >"$block" ;;
unset) : >"$block" ;;
list) cat "$block" ;;
esac
`;

/** As install-grub.pl of NixOS writes it. */
const grubMenu = (first: string, generations: readonly string[]) => `
if [ "\${next_entry}" ]; then
  set default="\${next_entry}"
  set next_entry=
  save_env next_entry
  set timeout=1
  set boot_once=true
else
  set default=1
  set timeout=5
fi
function savedefault {
  if [ -z "\${boot_once}" ]; then
    save_env chosen
  fi
}
menuentry "Memory > test" {
  linux16 /memtest.bin
}
menuentry "NixOS - Default" --unrestricted {
  search --set=drive1 --fs-uuid 1
  linux /kernels/k ${initOf(first)}
  initrd /kernels/i
}
submenu "NixOS - All configurations" {
${generations
  .map(
    (system, index) =>
      `menuentry "NixOS - Configuration ${9 - index} (2026-01-01 - 25.11)" {\n  linux /kernels/k ${initOf(system)}\n  initrd /kernels/i\n}\n`,
  )
  .join("\n")}}
`;

const program = `#!/bin/sh
echo "$@" >>"$NIXUS_ROOT/fake/selector"
if [ -e "$NIXUS_ROOT/fake/no-$1" ]; then echo "the firmware is locked"; exit 3; fi
`;

const test = baseTest.extend<{ host: SwitcherHost }>({
  host: async ({ task: _task }, use) => {
    const host = new SwitcherHost("/bin/sh");
    host.write("bin/bootctl", bootctl, 0o755);
    host.write("bin/grub-editenv", grubEditenv, 0o755);
    host.write("etc/selector", program, 0o755);
    // What is in the tests' directory may be in memory, and on any device.
    host.write(
      "bin/stat",
      '#!/bin/sh\nif [ "$1" = -f ]; then cat "$NIXUS_ROOT/fake/fs"; else exec /usr/bin/stat "$@"; fi\n',
      0o755,
    );
    host.write("fake/fs", "ext2/ext3\n");
    host.write("bin/df", '#!/bin/sh\ncat "$NIXUS_ROOT/fake/df"\n', 0o755);
    host.write("fake/df", "Filesystem\n/dev/sda1 1 1 1 1% /boot\n");
    await use(host);
    host.dispose();
  },
});

/** What find_selector says, of a machine that runs `old`. */
function find(host: SwitcherHost, wanted: string, platform = "nixos"): string {
  const script = `
    for part in common selector selector-restorer selector-systemd-boot selector-grub selector-program; do
      . "$NIXUS_ROOT/switcher/$part.sh"
    done
    previous=/nix/store/old
    if find_selector ${platform} '${wanted}'; then echo "$selector"; else echo "no: $selector_problem"; fi`;
  const env = { PATH: `${host.root}/bin:${process.env["PATH"]}`, NIXUS_ROOT: host.root };
  return execFileSync("sh", ["-uc", script], { env, encoding: "utf8" }).trim();
}

function installSystemdBoot(host: SwitcherHost): void {
  // A file of efivarfs can only be read from its beginning to its end (no lseek(2)), which tail does not do with one that it opens.
  host.write(
    "bin/tail",
    `#!/bin/sh\ncase "$*" in *efivars*) echo "tail: Illegal seek" >&2; exit 1 ;; esac\nexec /usr/bin/tail "$@"\n`,
    0o755,
  );
  const said = Buffer.from("systemd-boot 252.1\0", "utf16le").toString("latin1");
  host.write(`sys/firmware/efi/efivars/LoaderInfo-${vendor}`, `\x06\0\0\0${said}`);
  entry(host, "nixos-generation-1.conf", "old");
  host.write("boot/loader/loader.conf", "timeout 5\ndefault nixos-generation-1.conf\n");
}

function entry(host: SwitcherHost, name: string, system: string): void {
  host.write(`boot/loader/entries/${name}`, `title NixOS\nlinux /k.efi\noptions quiet ${initOf(system)}\n`);
}

function installGrub(host: SwitcherHost, ...generations: string[]): void {
  host.write("boot/grub/grub.cfg", grubMenu("old", generations));
}

/** Installing the boot loader for the previous system gives the new one an entry. */
const begin = (host: SwitcherHost, selector: string, id = "a") => host.start(id, "new", { selector });

async function restarted(host: SwitcherHost, selector: string): Promise<void> {
  void begin(host, selector);
  await host.becomes("restarted", () => host.has("fake/reboot"));
  host.killSwitcher("a");
  host.hangUp();
}

/** The machine has started into this system, whose unit goes on. */
function startedInto(host: SwitcherHost, boot: string, system: string) {
  host.startBoot(boot);
  host.remove("fake/reboot");
  host.link("run/current-system", `nix/store/${system}`);
  return host.startUnits();
}

async function expectFailed(
  host: SwitcherHost,
  selector: string,
  reason: RegExp,
  id?: string,
): Promise<void> {
  expect((await begin(host, selector, id)).lines.at(-1)).toMatch(reason);
  expect(host.has("fake/reboot")).toBe(false);
  expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/old");
  expect(host.activations.at(-1)).toBe("old boot");
  expect(host.list("etc/systemd")).toEqual([]);
  expect(host.history.at(-1)).toMatchObject({ outcome: "failed" });
}

describe.concurrent("systemd-boot", () => {
  test("starts the entry of the new generation once, and the commit makes it the default", async ({
    host,
  }) => {
    installSystemdBoot(host);
    expect(find(host, "")).toBe("systemd-boot");
    const entries = '"$NIXUS_ROOT/boot/loader/entries/nixos-generation-2+3.conf"';
    host.behaviour("old", "boot", `printf 'options %s\\n' '${initOf("new")}' >${entries}`);
    await restarted(host, "systemd-boot");
    // The count of its tries is no part of an entry's name.
    expect(host.read(oneShot)).toBe("nixos-generation-2.conf");
    expect(host.activations).toEqual(["old boot"]);
    expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/new");
    host.remove(oneShot);
    const [unit] = startedInto(host, "boot-2", "new");
    await host.reaches("a", "waiting");
    expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("result activated ");
    await unit;
    expect(host.activations).toEqual(["old boot", "new boot"]);
  });

  test("finds entries on an extended boot loader partition; the default stands on the EFI system partition", async ({
    host,
  }) => {
    installSystemdBoot(host);
    host.write("fake/boot-path", "/xbootldr\n");
    host.write("xbootldr/loader/entries/nixos-generation-2.conf", `options ${initOf("new")}\n`);
    host.write("xbootldr/loader/loader.conf", "default nobody-reads-this.conf\n");
    await restarted(host, "systemd-boot");
    expect(host.read(oneShot)).toBe("nixos-generation-2.conf");
  });

  test("a machine that started its default does not start the new one later; the profile follows", async ({
    host,
  }) => {
    installSystemdBoot(host);
    entry(host, "nixos-generation-2.conf", "new");
    await restarted(host, "systemd-boot");
    await Promise.all(startedInto(host, "boot-2", "old"));
    expect(host.has(oneShot)).toBe(false);
    expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/old");
    expect(host.history.at(-1)).toMatchObject({ outcome: "rolled-back" });
  });

  test("that has not kept the previous system as its default is put back", async ({ host }) => {
    installSystemdBoot(host);
    entry(host, "nixos-generation-2.conf", "new");
    host.behaviour(
      "old",
      "boot",
      'echo "default nixos-generation-2.conf" >"$NIXUS_ROOT/boot/loader/loader.conf"',
    );
    await expectFailed(
      host,
      "systemd-boot",
      /^result failed the default of systemd-boot is nixos-generation-2/,
    );
  });

  test("without an entry, or without the firmware's consent, nothing is changed", async ({ host }) => {
    installSystemdBoot(host);
    await expectFailed(host, "systemd-boot", /no entry for \/nix\/store\/new$/);
    entry(host, "nixos-generation-2.conf", "new");
    host.write("fake/no-efi", "");
    // The first one may still be going, now that its end is told.
    const reason = /'bootctl set-oneshot nixos-generation-2.conf' failed$/;
    await expectFailed(host, "systemd-boot", reason, "b");
  });

  test("with entries that can't be recognised is none", ({ host }) => {
    installSystemdBoot(host);
    host.remove("boot/loader/entries");
    expect(find(host, "")).toMatch(/^no: its systemd-boot has no entry for the system that runs/);
  });
});

describe.concurrent("GRUB", () => {
  test("starts the entry in the submenu once", async ({ host }) => {
    installGrub(host, "old");
    expect(find(host, "")).toBe("grub");
    host.write("fake/menu", grubMenu("old", ["new", "old"]));
    host.behaviour("old", "boot", 'cp "$NIXUS_ROOT/fake/menu" "$NIXUS_ROOT/boot/grub/grub.cfg"');
    await restarted(host, "grub");
    expect(host.read("boot/grub/grubenv")).toBe("next_entry=2>0\n");
    host.write("boot/grub/grubenv", "");
    void startedInto(host, "boot-2", "new");
    await host.reaches("a", "waiting");
    void host.ask("reject", "a", "no");
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/old");
    host.hangUp();
    await Promise.all(startedInto(host, "boot-3", "old"));
    expect(host.history.at(-1)).toMatchObject({ outcome: "rolled-back", reason: "no" });
  });

  test("that starts something else by itself is put back, and its block is empty", async ({ host }) => {
    installGrub(host, "new", "old");
    host.write(
      "boot/grub/grub.cfg",
      host.read("boot/grub/grub.cfg").replace("set default=1", "set default=saved"),
    );
    host.write("boot/grub/grubenv", "next_entry=7\n");
    await expectFailed(host, "grub", /^result failed the default of GRUB is its entry saved/);
    expect(host.read("boot/grub/grubenv")).toBe("");
  });

  test.for([
    { what: "a file system that GRUB can't write to", file: "fake/fs", text: "btrfs\n", why: "file system" },
    { what: "a mapped device", file: "fake/df", text: "Filesystem\n/dev/mapper/x 1\n", why: "device" },
    {
      what: "a menu that knows no next_entry",
      file: "boot/grub/grub.cfg",
      text: "menuentry x {\n}\n",
      why: "next_entry",
    },
  ])("on $what is none", ({ file, text, why }, { host }) => {
    installGrub(host, "old");
    host.write(file, text);
    expect(find(host, "")).toMatch(new RegExp(`^no: it was not started by systemd-boot; .*${why}`));
  });
});

describe.concurrent("a program of the machine", () => {
  test("is asked, told, and told again when it is given up", async ({ host }) => {
    expect(find(host, "/etc/selector")).toBe("/etc/selector");
    await restarted(host, "/etc/selector");
    host.write("fake/no-systemd-run", "");
    await Promise.all(startedInto(host, "boot-2", "old"));
    expect(host.read("fake/selector").trim().split("\n")).toEqual([
      "check",
      "set-once /nix/store/new",
      "clear",
    ]);
  });

  test("that refuses is quoted", ({ host }) => {
    host.write("fake/no-check", "");
    expect(find(host, "/etc/selector")).toBe(
      "no: /etc/selector check failed (exit status 3): the firmware is locked",
    );
    expect(find(host, "/etc/nothing")).toBe("no: /etc/nothing is no program on the machine");
  });

  test("that does not take it back has the machine restart", async ({ host }) => {
    host.write("fake/no-set-once", "");
    host.write("fake/no-clear", "");
    void begin(host, "/etc/selector");
    await host.becomes("restarted", () => host.has("fake/reboot"));
    expect(host.read("run/nixus/a/log")).toContain("stays the next one to start");
  });
});

test("a machine that forgets everything can't start a system once", ({ host }) => {
  host.write("fake/fs", "tmpfs\n");
  expect(find(host, "/etc/selector")).toMatch(/^no: .*does not outlive a restart$/);
  expect(find(host, "", "linux")).toMatch(/^no: .*does not outlive a restart$/);
});

test("the linux platform has its restorer", ({ host }) => {
  expect(find(host, "", "linux")).toBe("restorer");
});
