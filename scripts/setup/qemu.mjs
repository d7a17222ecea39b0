// What all runs of a virtual machine have in common.

import { accessSync, constants, readFileSync } from "node:fs";

/**
 * KVM, where it runs ordinary kernels: some hosts have a /dev/kvm for guests that are made for it, and no processor that
 * helps. Else the processor is emulated, some ten times slower.
 * @returns {"kvm" | "tcg"}
 */
export function accelerator() {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8")) ? "kvm" : "tcg";
  } catch {
    return "tcg";
  }
}

/**
 * Processor, memory, and nothing else: no display, no default devices.
 * @returns {string[]}
 */
export function processor() {
  // Emulated, the instructions of newer processors are slower than the older ones that programs use without them.
  const [acceleration, model] =
    accelerator() === "kvm" ? ["kvm", "max"] : ["tcg,tb-size=256", "qemu64,-svm,+rdrand"];
  return [
    ...["-machine", "q35", "-accel", acceleration, "-cpu", model, "-smp", "1", "-m", "512"],
    ...["-nodefaults", "-no-user-config", "-display", "none"],
  ];
}

/** OVMF's code, and the variables of a machine that was never started. */
export const uefi = { code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd" };
