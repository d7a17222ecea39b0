import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { askMachines, type MachineFlags, machineFlags, selectorWords } from "../machines.ts";
import { renderHistory } from "../render/status.ts";
import * as text from "../text.ts";
import { positiveInteger } from "./flags.ts";

interface Flags extends MachineFlags {
  readonly limit: number;
}

export const historyCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...words) {
    const { readStatus } = await import("../../deploy/machines.ts");
    await askMachines(
      this,
      flags,
      words,
      async (node, connection, signal) => {
        const { history, generations } = await readStatus(node, connection, signal);
        return { deployments: history.slice(-flags.limit), generations };
      },
      (name, { deployments, generations }) => renderHistory(name, deployments, generations),
    );
  },
  parameters: {
    flags: {
      ...machineFlags,
      limit: {
        kind: "parsed",
        parse: positiveInteger,
        brief: text.history.limit,
        default: "20",
        placeholder: "n",
      },
    },
    aliases: { f: "file", p: "parallel", n: "limit" },
    positional: selectorWords,
  },
  docs: { brief: text.history.brief, customUsage: ["[NODE...]"] },
});
