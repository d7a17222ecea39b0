// Programs that the tests and the demo need from the operating system, and how Debian installs them.

import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { command, SetupError, step } from "./step.mjs";

/**
 * Program (or file, by its absolute path) -> Debian package that has it.
 * @typedef {Readonly<Record<string, string>>} Programs
 */

/** What the checks of `npm test` use beside npm packages. @satisfies {Programs} */
export const checkPrograms = { shellcheck: "shellcheck" };

/** What unit tests use where it is there, and do without where it is not. @satisfies {Programs} */
export const testPrograms = { age: "age" };

/** What test machines need on the machine that runs them. @satisfies {Programs} */
export const machinePrograms = {
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  ip: "iproute2",
  ssh: "openssh-client",
  "nix-store": "nix-bin",
  unshare: "util-linux",
  losetup: "mount",
  "mkfs.ext4": "e2fsprogs",
  perl: "perl-base",
};

/** What virtual machines need beside. @satisfies {Programs} */
export const virtualMachinePrograms = {
  "qemu-system-x86_64": "qemu-system-x86",
  "/usr/share/OVMF/OVMF_CODE_4M.fd": "ovmf",
  nbdkit: "nbdkit",
  sfdisk: "fdisk",
  "mkfs.vfat": "dosfstools",
};

export const isRoot = process.getuid?.() === 0;

// Root's PATH lacks the system programs when it comes from an unprivileged login (`su` without `-`).
const { PATH = "" } = process.env;
const path = [...new Set([...PATH.split(delimiter), "/usr/sbin", "/sbin"])];
Object.assign(process.env, { PATH: path.join(delimiter) });

/** @param {string} program */
function isInstalled(program) {
  if (program.startsWith("/")) return existsSync(program);
  return path.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The packages of the programs that are not there, sorted, without repetition.
 * @param {Programs} programs
 */
export function missingPackages(programs) {
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  return [...new Set(missing.map(([, name]) => name))].sort();
}

/** @param {readonly string[]} packages */
export function installCommand(packages) {
  return `apt-get install --no-install-recommends ${packages.join(" ")}`;
}

/**
 * Installs what is missing, when this is root on a machine with apt; otherwise nothing changes.
 * @param {Programs} programs
 * @returns {Promise<string[]>} the packages that are still missing
 */
export async function ensurePrograms(programs) {
  const missing = missingPackages(programs);
  if (missing.length === 0 || !isRoot || !isInstalled("apt-get")) return missing;
  await step(`Installing Debian packages (${missing.join(", ")})`, async () => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await command(["apt-get", "update", "-q"], { env });
    await command(["apt-get", "install", "-q", "-y", "--no-install-recommends", ...missing], { env });
  });
  const still = missingPackages(programs);
  if (still.length > 0)
    throw new SetupError(`apt-get installed ${still.join(", ")} without the programs in it`);
  return still;
}
