import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { interruptible, type MachineFlags, machineFlags, machinesOf, selectorWords } from "../machines.ts";
import { findNetworkFile } from "../network-file.ts";
import { rememberMachines } from "../remembered.ts";
import { endingInEvent } from "../sinks.ts";
import * as text from "../text.ts";
import { machineNames, type View, viewOf } from "../view.ts";
import { jsonEventsFlag, progressFlag, switchFlag } from "./flags.ts";
import { type RolloutFlags, rolloutFlags, rolloutOptions, wholeNumber } from "./rollout-flags.ts";

interface Flags extends RolloutFlags, MachineFlags {
  readonly to?: number;
  readonly wait: boolean;
  readonly progress: boolean;
}

export const rollbackCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...words) {
    const view = viewOf(this.process, { ...flags, verbose: false });
    await endingInEvent(flags.json, view.sink, () => rollBackNodes(this, flags, words, view));
  },
  parameters: {
    flags: {
      ...machineFlags,
      json: jsonEventsFlag,
      ...rolloutFlags,
      progress: progressFlag,
      to: {
        kind: "parsed",
        parse: wholeNumber,
        brief: text.rollback.to,
        placeholder: "generation",
        optional: true,
      },
      wait: switchFlag(text.deploy.wait),
    },
    aliases: { f: "file", p: "parallel" },
    positional: selectorWords,
  },
  docs: { brief: text.rollback.brief, customUsage: ["[NODE...]"] },
});

async function rollBackNodes(
  context: Context,
  flags: Flags,
  words: readonly string[],
  view: View,
): Promise<void> {
  const { process } = context;
  const { sink } = view;
  const file = findNetworkFile(flags.file, process.cwd());
  const nodes = await machinesOf(context, flags, words);
  const { chooseGenerations, rollBackNetwork } = await import("../../deploy/roll-back.ts");
  const { deploy } = await import("../../deploy/deploy.ts");
  const { stateDirectory } = await import("../../deploy/state/directory.ts");
  await interruptible(context, flags, async (options) => {
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
    const directory = stateDirectory(file, process.env);
    await rememberMachines({ directory, file, report }, sink);
    if (!report.ok) process.exitCode = 1;
  }).finally(() => view.end());
}
