// Disks of virtual machines: the debian-vm image on ext4, with a boot loader that Debian's own tools have installed.

import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, digest, ensureImage, imageDirectory, makeAtomically } from "./image.mjs";
import { processor } from "./qemu.mjs";
import { command, SetupError, step } from "./step.mjs";

/**
 * GRUB is started by a BIOS, systemd-boot by UEFI.
 * @typedef {"bios" | "uefi"} Firmware
 */

const MiB = 1024 ** 2;

/** Where the partition of the root file system begins, in bytes, and its size. */
export const rootPartition = { start: 1 * MiB, size: 1536 * MiB };

/** The EFI system partition lies behind. */
const systemPartition = { start: rootPartition.start + rootPartition.size, size: 100 * MiB };

const sectors = (/** @type {number} */ bytes) => bytes / 512;

/** Of the kernel. Where there is no KVM, the processor is emulated: nothing is done that nobody needs. */
export const kernelParameters =
  "console=ttyS0 quiet mitigations=off init_on_alloc=0 audit=0 apparmor=0 nowatchdog rcupdate.rcu_expedited=1 tsc=reliable no_timer_check";

/** Everything that decides what is on a disk. */
const recipe = {
  /** The partitions, as sfdisk(8) reads them. */
  partitions: {
    bios: [
      "label: dos",
      `start=${sectors(rootPartition.start)}, size=${sectors(rootPartition.size)}, type=linux, bootable`,
    ],
    uefi: [
      "label: gpt",
      `start=${sectors(rootPartition.start)}, size=${sectors(rootPartition.size)}, type=linux`,
      `start=${sectors(systemPartition.start)}, size=${sectors(systemPartition.size)}, type=uefi`,
    ],
  },
  /** What runs on the machine when it is started for the first time, from outside of its disk. */
  install: {
    bios: `
      dpkg --purge systemd-boot systemd-boot-efi
      {
        printf '%s\\n' GRUB_DEFAULT=0 GRUB_TIMEOUT=0 GRUB_DISTRIBUTOR=Debian GRUB_TERMINAL=serial
        echo 'GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"'
        echo "GRUB_CMDLINE_LINUX='$PARAMETERS'"
      } >/etc/default/grub
      grub-install /dev/vda
      update-grub
    `,
    uefi: `
      dpkg --purge grub-pc-bin grub2-common grub-common
      mkdir -p /boot/efi
      echo 'LABEL=EFI /boot/efi vfat umask=0077 0 0' >>/etc/fstab
      mount /boot/efi
      mkdir -p /etc/kernel
      echo debian >/etc/kernel/entry-token
      echo "root=LABEL=root ro $PARAMETERS" >/etc/kernel/cmdline
      bootctl install --no-variables --make-entry-directory=yes
      printf 'timeout 0\\neditor no\\n' >/boot/efi/loader/loader.conf
      for image in /boot/vmlinuz-*; do
        version=\${image#/boot/vmlinuz-}
        kernel-install --verbose add "$version" "$image" "/boot/initrd.img-$version"
      done
    `,
  },
  parameters: kernelParameters,
  /** One sector a cluster: a FAT32 has many clusters, or OVMF does not take it for one. */
  systemPartition: ["-F", "32", "-s", "1", "-n", "EFI"],
};

/** @param {Firmware} firmware */
function diskFile(firmware) {
  return join(cacheDirectory(), `vm-${firmware}-${digest([imageDirectory("debian-vm"), recipe])}`);
}

/**
 * The disk of a machine with this firmware, built first when it is not in the cache. Nobody may write to it.
 * @param {Firmware} firmware
 * @returns {Promise<string>}
 */
export async function ensureDisk(firmware) {
  const file = diskFile(firmware);
  if (existsSync(file)) {
    utimesSync(file, new Date(), new Date());
    return file;
  }
  const image = await ensureImage("debian-vm");
  await step(`Making the disk of virtual machines (${firmware})`, () =>
    makeAtomically(file, async (scratch) => {
      await makePartitions(join(scratch, "result"), image, firmware);
      await install(scratch, image, firmware);
    }),
  );
  return file;
}

/**
 * @param {string} disk
 * @param {string} image
 * @param {Firmware} firmware
 */
async function makePartitions(disk, image, firmware) {
  const end = systemPartition.start + systemPartition.size + MiB;
  await command(["truncate", "-s", String(end), disk]);
  await command(["sfdisk", "--quiet", disk], { input: `${recipe.partitions[firmware].join("\n")}\n` });
  const options = `offset=${rootPartition.start},lazy_itable_init=1,lazy_journal_init=1`;
  const blocks = `${rootPartition.size / 1024}k`;
  await command([
    "mke2fs",
    "-q",
    "-t",
    "ext4",
    "-L",
    "root",
    "-m",
    "0",
    "-E",
    options,
    "-d",
    image,
    disk,
    blocks,
  ]);
  if (firmware === "uefi") {
    const { start, size } = systemPartition;
    const place = [`--offset=${sectors(start)}`, disk, String(size / 1024)];
    await command(["mkfs.vfat", ...recipe.systemPartition, ...place]);
  }
}

/**
 * Starts the machine with its kernel from outside, to install its boot loader.
 * @param {string} scratch
 * @param {string} image
 * @param {Firmware} firmware
 */
async function install(scratch, image, firmware) {
  const boot = readdirSync(join(image, "boot"));
  const kernel = boot.find((name) => name.startsWith("vmlinuz-"));
  const initrd = boot.find((name) => name.startsWith("initrd.img-"));
  if (kernel === undefined || initrd === undefined) throw new SetupError(`${image}/boot has no kernel`);
  const script = `
    exec >/dev/console 2>&1
    set -eux
    PARAMETERS='${recipe.parameters}'
    echo 'LABEL=root / ext4 errors=remount-ro 0 0' >/etc/fstab
    ${recipe.install[firmware]}
    # Without a machine id this was a first boot, which enables all units.
    systemctl disable ssh.socket
    rm -f /etc/machine-id /var/lib/dbus/machine-id
    : boot loader installed
  `;
  // The script comes on a disk of its own, whose size is a multiple of 512 bytes.
  const [code, log] = [join(scratch, "script"), join(scratch, "console.log")];
  writeFileSync(code, script.padEnd(Math.ceil(script.length / 512) * 512, "\n"));
  const parameters = `root=LABEL=root rw ${recipe.parameters} systemd.run="/bin/sh /dev/vdb" systemd.run_success_action=poweroff systemd.run_failure_action=poweroff`;
  const drives = [
    `file=${join(scratch, "result")},format=raw,if=virtio,cache=unsafe`,
    `file=${code},format=raw,if=virtio,readonly=on`,
  ];
  const external = ["-kernel", join(image, "boot", kernel), "-initrd", join(image, "boot", initrd)];
  const qemu = ["qemu-system-x86_64", ...processor(), "-no-reboot", "-serial", `file:${log}`];
  const disks = drives.flatMap((drive) => ["-drive", drive]);
  await command(["timeout", "900", ...qemu, ...disks, ...external, "-append", parameters]);
  const output = readFileSync(log, "utf8");
  if (!/^\+ : boot loader installed/m.test(output)) {
    throw new SetupError(`no boot loader could be installed on the disk:\n${output.slice(-4000)}`);
  }
}
