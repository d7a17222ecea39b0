/** Runs cases on several machines at a time. */
import { availableParallelism } from "node:os";
import { accelerator } from "../../../scripts/setup/qemu.mjs";
import { type Case, type CaseResult, casesOf, runCase } from "./case.ts";
import { faults, firstFaults } from "./faults.ts";
import { rebootFaults } from "./reboot-faults.ts";
import { rebootSteps } from "./reboot-steps.ts";
import { type Place, Rig } from "./rig.ts";
import { steps } from "./steps.ts";
import { firstVirtualFaults, virtualFaults } from "./virtual.ts";

/** All cases, ordinary ones first. */
export const allCases: readonly Case[] = [
  ...faults.flatMap((fault) => casesOf(fault, steps)),
  ...firstFaults.flatMap((fault) => casesOf(fault, steps, { first: true })),
  ...rebootFaults.flatMap((fault) => casesOf(fault, rebootSteps)),
  ...virtualFaults.flatMap((fault) => casesOf(fault, steps, { place: "bios" })),
  ...firstVirtualFaults.flatMap((fault) => casesOf(fault, steps, { place: "bios", first: true })),
];

/** So many machines at a time: most of a case's time is waiting, unless its processor is one of ours. */
function machines(place: Place): number {
  const processors = availableParallelism();
  if (place === "container") return Math.min(12, 3 * processors);
  return accelerator() === "kvm" ? processors : Math.max(1, processors - 1);
}

export interface RunOptions {
  /** The project's directory. */
  readonly project: string;
  readonly onResult?: (result: CaseResult) => void;
}

/** A machine on which a case failed is not used again. */
export async function runCases(cases: readonly Case[], options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const place of ["container", "bios", "uefi"] as const) {
    const there = cases.filter((item) => item.place === place);
    results.push(...(await runThere(place, there, options)));
  }
  return results;
}

async function runThere(place: Place, cases: readonly Case[], options: RunOptions): Promise<CaseResult[]> {
  const rest = cases.values();
  const results: CaseResult[] = [];
  const worker = async (): Promise<void> => {
    let rig: Rig | undefined;
    try {
      for (const item of rest) {
        rig ??= await Rig.start(options.project, place);
        const result = await runCase(rig, item);
        results.push(result);
        options.onResult?.(result);
        if (result.problems.length > 0) {
          await rig.stop();
          rig = undefined;
        }
      }
    } finally {
      await rig?.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(machines(place), cases.length) }, worker));
  return results;
}
