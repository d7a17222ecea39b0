// The base image of the test machines: a directory tree of a small Debian, built once and kept in the user's cache.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { debianSources } from "./sources.mjs";
import { command, step } from "./step.mjs";

const suite = "bookworm";

/** Everything that decides what is in the image: its hash is the image's name in the cache. */
const recipe = {
  suite,
  variant: "minbase",
  packages: [
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "nix-bin",
    "iproute2",
    "iputils-ping",
    "sudo",
    "busybox",
  ],
  // Not needed by anybody here, and a fifth of all files.
  exclude: [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/lintian/*",
  ],
  // $1 is the new root. Each machine gets its own host key and machine id when it starts.
  customize: [
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'chroot "$1" systemctl enable systemd-networkd.service',
    'chroot "$1" systemctl disable apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service',
    'rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*',
    'rm -f "$1"/etc/resolv.conf "$1"/etc/hostname "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id',
  ],
};

/** What a virtual machine does without, to start sooner. */
const idleGenerators = [
  ...["bless-boot", "cryptsetup", "debug", "gpt-auto", "getty", "hibernate-resume", "integritysetup"],
  ...["rc-local", "system-update", "sysv", "veritysetup"],
];
const idleUnits = [
  ...["e2scrub_reap.service", "e2scrub_all.timer", "fstrim.timer", "dpkg-db-backup.timer"],
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "systemd-tmpfiles-clean.timer", "getty@tty1.service"],
  ...[
    "systemd-logind.service",
    "systemd-modules-load.service",
    "modprobe@.service",
    "kmod-static-nodes.service",
  ],
  ...["systemd-pstore.service", "systemd-sysext.service", "systemd-boot-update.service"],
  ...[
    "systemd-network-generator.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
  ],
  ...[
    "systemd-binfmt.service",
    "proc-sys-fs-binfmt_misc.automount",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
  ],
  ...["sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount"],
  ...["sys-fs-fuse-connections.mount", "systemd-pcrphase.service", "systemd-pcrphase-sysinit.service"],
];

/**
 * Images that differ from the base in their packages. What comes with them is not started by itself.
 * @typedef {object} Variant
 * @property {readonly string[]} [with] packages that it has beside those of the base
 * @property {readonly string[]} [without] packages that it does not have
 * @property {readonly string[]} [disabled] units that are not to be started
 * @property {readonly string[]} [customize] further scripts; $1 is the new root
 * @satisfies {Readonly<Record<string, Variant>>}
 */
const variants = {
  debian: {},
  "debian-without-nix": { without: ["nix-bin"] },
  /** With the daemons that network modules configure. */
  "debian-services": {
    with: [
      ...["bind9", "bind9-dnsutils", "nsd"],
      ...["nftables", "wireguard-tools", "wireguard-go", "openvpn"],
      "curl",
    ],
    disabled: ["named.service", "nsd.service", "nftables.service", "openvpn.service"],
  },
  /** With what NixOS's switch-to-configuration.pl is written in. */
  "debian-perl": { with: ["perl", "libnet-dbus-perl", "libfile-slurp-perl"] },
  /** What the disks of virtual machines are made from (vm-image.mjs): a kernel, and boot loaders of both kinds. */
  "debian-vm": {
    with: [
      ...["linux-image-cloud-amd64", "initramfs-tools", "udev", "e2fsprogs", "dosfstools", "zstd"],
      ...["grub-pc-bin", "grub2-common", "systemd-boot"],
      "qemu-guest-agent",
    ],
    customize: [
      // Like the link of a container.
      `printf '[Match]\\nType=ether\\n[Link]\\nName=host0\\n' >"$1/etc/systemd/network/10-host0.link"`,
      // From here on: where there is no KVM, the processor is emulated, and each process that the machine does without counts.
      // All modules come with a small initrd, and udev has few devices to look at.
      `printf 'MODULES=list\\n' >"$1/etc/initramfs-tools/conf.d/modules"`,
      `printf '%s\\n' virtio_pci virtio_blk virtio_net virtio_console ext4 crc32c >>"$1/etc/initramfs-tools/modules"`,
      'chroot "$1" update-initramfs -u',
      'mkdir -p "$1/etc/systemd/system/systemd-udev-trigger.service.d" "$1/etc/systemd/system-generators"',
      `printf '[Service]\\nExecStart=\\nExecStart=udevadm trigger --action=add --subsystem-match=block --subsystem-match=net --subsystem-match=virtio-ports\\n' >"$1/etc/systemd/system/systemd-udev-trigger.service.d/few.conf"`,
      `for name in ${idleGenerators.join(" ")}; do ln -s /dev/null "$1/etc/systemd/system-generators/systemd-$name-generator"; done`,
      `chroot "$1" systemctl mask ${idleUnits.join(" ")}`,
      `printf 'KexAlgorithms curve25519-sha256\\nUsePAM no\\n' >"$1/etc/ssh/sshd_config.d/quick.conf"`,
    ],
  },
};

/** @typedef {keyof typeof variants} ImageName */

export function cacheDirectory() {
  const { XDG_CACHE_HOME } = process.env;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "nixus", "test-machines");
}

/** @param {unknown} data */
export function digest(data) {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 16);
}

/** @param {ImageName} name */
export function imageDirectory(name) {
  return join(cacheDirectory(), `${name}-${digest([recipe, variants[name]])}`);
}

/**
 * Makes a file or directory of the cache that appears under its name only when it is complete; another process doing the
 * same is harmless.
 * @param {string} path
 * @param {(scratch: string) => Promise<void>} fill makes `result` in the scratch directory
 */
export async function makeAtomically(path, fill) {
  mkdirSync(cacheDirectory(), { recursive: true });
  const scratch = mkdtempSync(join(cacheDirectory(), ".new-"));
  try {
    await fill(scratch);
    try {
      renameSync(join(scratch, "result"), path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {Variant} variant
 */
async function bootstrap(root, variant) {
  const packages = [...recipe.packages, ...(variant.with ?? [])];
  const disabled = (variant.disabled ?? []).map((unit) => `chroot "$1" systemctl disable ${unit}`);
  const options = [
    `--variant=${recipe.variant}`,
    "--mode=root",
    `--include=${packages.join(",")}`,
    ...recipe.exclude.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...[...disabled, ...(variant.customize ?? []), ...recipe.customize].map(
      (script) => `--customize-hook=${script}`,
    ),
  ];
  // mmdebstrap reads apt sources from standard input when the mirror is "-".
  const sources = debianSources(suite);
  const mirror = sources.length > 0 ? ["-"] : [];
  await command(["mmdebstrap", ...options, suite, root, ...mirror], { input: `${sources.join("\n")}\n` });
}

/**
 * Removes packages from a copy of the base image.
 * @param {string} base
 * @param {string} root
 * @param {readonly string[]} packages
 */
async function withoutPackages(base, root, packages) {
  await command(["cp", "-a", "--reflink=auto", base, root]);
  await command(["chroot", root, "dpkg", "--purge", ...packages]);
}

/**
 * The directory of an image, built first when it is not in the cache.
 * @param {ImageName} [name]
 * @returns {Promise<string>}
 */
export async function ensureImage(name = "debian") {
  const directory = imageDirectory(name);
  if (existsSync(directory)) {
    utimesSync(directory, new Date(), new Date());
    return directory;
  }
  /** @type {Variant} */
  const variant = variants[name];
  const base = variant.without === undefined ? undefined : await ensureImage();
  await step(`Building the ${name} image of the test machines`, () =>
    makeAtomically(directory, async (scratch) => {
      const result = join(scratch, "result");
      if (base === undefined) await bootstrap(result, variant);
      else await withoutPackages(base, result, variant.without ?? []);
    }),
  );
  removeOutdated();
  return directory;
}

/** Removes images of earlier recipes, but none that another checkout of the project may be using right now. */
function removeOutdated() {
  const current = new Set(
    Object.keys(variants).map((name) => imageDirectory(/** @type {ImageName} */ (name))),
  );
  const days = 24 * 3600 * 1000;
  for (const entry of readdirSync(cacheDirectory())) {
    const path = join(cacheDirectory(), entry);
    if (current.has(path) || statSync(path).mtimeMs > Date.now() - 7 * days) continue;
    rmSync(path, { recursive: true, force: true });
  }
}
