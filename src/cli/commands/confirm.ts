import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import {
  interruptible,
  type MachineFlags,
  machineFlags,
  printAnswers,
  selectorWords,
  settingsOf,
} from "../machines.ts";
import * as text from "../text.ts";

export const confirmCommand = buildCommand<MachineFlags, string[], Context>({
  async func(flags, ...words) {
    const nodes = await settingsOf(this, flags, words);
    const { onMachines } = await import("../../deploy/machines.ts");
    const { confirmPending } = await import("../../deploy/confirm-pending.ts");
    const answers = await interruptible(this, flags, (options) =>
      onMachines(nodes, options, (_node, connection) => confirmPending(connection, options.signal)),
    );
    printAnswers(this, flags.json, answers, (name, { message }) => `${name}\n  ${message}\n`);
    const good = (answer: (typeof answers)[number]) => "value" in answer && answer.value.ok;
    if (!answers.every(good)) this.process.exitCode = 1;
  },
  parameters: { flags: machineFlags, aliases: { f: "file", p: "parallel" }, positional: selectorWords },
  docs: { brief: text.confirm.brief },
});
