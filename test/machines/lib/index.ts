/** Test machines: see README.md in this directory. */
export { Lab, type LabOptions, type MachineOptions } from "./lab.ts";
export type { MachineFile } from "./layer.ts";
export type { Machine } from "./machine.ts";
export { CommandError, type Result, type Running, type RunOptions } from "./process.ts";
export { diffSnapshots, type Snapshot } from "./snapshot.ts";
export { removeStaleLabs } from "./workspace.ts";
