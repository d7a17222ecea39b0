/** The faults: what happens, at which steps, and on which system the machine has to end. */
import { badSystems, failures, machineFaults } from "./bad-systems.ts";
import type { End, Fault } from "./case.ts";
import { accessFaults, diskFaults, networkFaults, powerFaults, processFaults } from "./disturbances.ts";

export const faults: readonly Fault[] = [
  ...powerFaults,
  ...processFaults,
  ...networkFaults,
  ...diskFaults,
  ...accessFaults,
  ...failures,
  ...badSystems,
  ...machineFaults,
];

/** Faults on a machine that has never been deployed: nothing is there to go back to but what was found. */
export const firstFaults: readonly Fault[] = faults
  .filter(({ name }) =>
    ["power-cut", "kill-deployer", "kill-switcher", "network-cut", "restart"].includes(name),
  )
  .map((fault) => ({
    ...fault,
    at: Object.fromEntries(
      Object.entries(fault.at as Record<string, End>).filter(
        ([name]) =>
          !["roll-back", "rolled-half", "rolled-units", "reboot", "connect", "lock", "record"].includes(name),
      ),
    ),
  }));
