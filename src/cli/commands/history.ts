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
import { renderHistory } from "../render/status.ts";
import * as text from "../text.ts";
import { positiveInteger } from "./flags.ts";

interface Flags extends MachineFlags {
  readonly limit: number;
}

export const historyCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...words) {
    const nodes = await settingsOf(this, flags, words);
    const { onMachines, readStatus } = await import("../../deploy/machines.ts");
    const answers = await interruptible(this, flags, (options) =>
      onMachines(nodes, options, async (node, connection) => {
        const { history, generations } = await readStatus(node, connection, options.signal);
        return { deployments: history.slice(-flags.limit), generations };
      }),
    );
    printAnswers(this, flags.json, answers, (name, { deployments }) => renderHistory(name, deployments));
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
  docs: { brief: text.history.brief },
});
