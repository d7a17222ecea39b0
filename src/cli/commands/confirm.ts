import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { askMachines, type MachineFlags, machineParameters } from "../machines.ts";
import * as text from "../text.ts";

export const confirmCommand = buildCommand<MachineFlags, string[], Context>({
  async func(flags, ...words) {
    const { confirmPending } = await import("../../deploy/confirm-pending.ts");
    const answers = await askMachines(
      this,
      flags,
      words,
      (_node, connection, signal) => confirmPending(connection, signal),
      (name, { message }) => `${name}\n  ${message}\n`,
    );
    const good = (answer: (typeof answers)[number]) => "value" in answer && answer.value.ok;
    if (!answers.every(good)) this.process.exitCode = 1;
  },
  parameters: machineParameters,
  docs: { brief: text.confirm.brief, customUsage: ["[NODE...]"] },
});
