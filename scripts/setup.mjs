// Sets up everything that the project's commands need on a fresh machine. Uses nothing but Node: it runs before the
// npm packages are there. As a program: `node scripts/setup.mjs` does all of it.

import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureLabLibrary, ensureProgram } from "./setup/build.mjs";
import {
  checkPrograms,
  ensurePrograms,
  installCommand,
  isRoot,
  machinePrograms,
  missingPackages,
  testPrograms,
  virtualMachinePrograms,
} from "./setup/debian.mjs";
import { ensureImage } from "./setup/image.mjs";
import { ensureNpmPackages } from "./setup/npm.mjs";
import { SetupError } from "./setup/step.mjs";
import { ensureDisk } from "./setup/vm-image.mjs";

/** What building and the unit tests need, and what those can do without. */
export async function setUpProgram() {
  await ensureNpmPackages();
  await ensureProgram();
  try {
    await ensurePrograms(testPrograms);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
  }
}

/**
 * What test machines need. Without root nothing is changed.
 * @returns {Promise<string | undefined>} why there can be no test machines here and what to do; undefined: there can
 */
export async function setUpMachines() {
  if (!isRoot) {
    const missing = missingPackages(machinePrograms);
    const install = missing.length > 0 ? ` and these packages: sudo ${installCommand(missing)}` : "";
    return `test machines need root (run it with sudo)${install}`;
  }
  const missing = await ensurePrograms(machinePrograms);
  if (missing.length > 0) {
    return `test machines need programs of these Debian packages: ${missing.join(", ")} (on Debian: ${installCommand(missing)})`;
  }
  await ensureImage();
  await ensureLabLibrary();
  return undefined;
}

/**
 * What virtual machines need, when there can be test machines. The processor is one of this machine's architecture.
 * @returns {Promise<string | undefined>} why there can be none here and what to do; undefined: there can
 */
export async function setUpVirtualMachines() {
  if (process.arch !== "x64") return "virtual machines are made for x86_64 alone";
  const missing = await ensurePrograms(virtualMachinePrograms);
  if (missing.length > 0) {
    return `virtual machines need programs of these Debian packages: ${missing.join(", ")} (on Debian: ${installCommand(missing)})`;
  }
  await ensureDisk("bios");
  await ensureDisk("uefi");
  return undefined;
}

/**
 * What the checks beside the tests need.
 * @returns {Promise<string | undefined>} what is missing and what to do
 */
export async function setUpChecks() {
  const missing = await ensurePrograms(checkPrograms);
  return missing.length > 0 ? `${missing.join(", ")} is missing: sudo ${installCommand(missing)}` : undefined;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await setUpProgram();
    const problems = [await setUpChecks(), await setUpMachines()].filter((problem) => problem !== undefined);
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
