import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { interruptible, type MachineFlags, machineFlags, machinesOf, selectorWords } from "../machines.ts";
import { findNetworkFile } from "../network-file.ts";
import { rememberMachines } from "../remembered.ts";
import * as text from "../text.ts";
import { machineNames, viewOf } from "../view.ts";
import { progressFlag } from "./flags.ts";
import { type RolloutFlags, rolloutFlags, rolloutOptions, wholeNumber } from "./rollout-flags.ts";

interface Flags extends RolloutFlags, MachineFlags {
  readonly to?: number;
  readonly wait: boolean;
  readonly progress: boolean;
}

export const rollbackCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...words) {
    const view = viewOf(this.process, { ...flags, verbose: false });
    const { sink } = view;
    const file = findNetworkFile(flags.file, this.process.cwd());
    const nodes = await machinesOf(this, flags, words);
    const { chooseGenerations, rollBackNetwork } = await import("../../deploy/roll-back.ts");
    const { deploy } = await import("../../deploy/deploy.ts");
    const { stateDirectory } = await import("../../deploy/state/directory.ts");
    await interruptible(this, flags, async (options) => {
      const chosen = await chooseGenerations(nodes, flags.to ?? null, options);
      const network = rollBackNetwork(file, chosen);
      const { signal } = options;
      await view.begin(machineNames(network));
      const report = await deploy(
        network,
        // Who rolls back has seen that something is there that should not be.
        { ...rolloutOptions(flags, network), force: true, wait: flags.wait, signal },
        sink,
      );
      const directory = stateDirectory(file, this.process.env);
      await rememberMachines({ directory, file, report }, sink);
      if (!report.ok) this.process.exitCode = 1;
    }).finally(() => view.end());
  },
  parameters: {
    flags: {
      ...machineFlags,
      json: { kind: "boolean", brief: text.flags.jsonEvents, default: false, withNegated: false },
      ...rolloutFlags,
      progress: progressFlag,
      to: {
        kind: "parsed",
        parse: wholeNumber,
        brief: text.rollback.to,
        placeholder: "generation",
        optional: true,
      },
      wait: { kind: "boolean", brief: text.deploy.wait, default: false, withNegated: false },
    },
    aliases: { f: "file", p: "parallel" },
    positional: selectorWords,
  },
  docs: { brief: text.rollback.brief },
});
