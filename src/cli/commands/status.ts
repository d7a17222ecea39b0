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
import { findNetworkFile } from "../network-file.ts";
import { renderStatus } from "../render/status.ts";
import * as text from "../text.ts";

export const statusCommand = buildCommand<MachineFlags, string[], Context>({
  async func(flags, ...words) {
    const nodes = await settingsOf(this, flags, words);
    const { onMachines, readStatus } = await import("../../deploy/machines.ts");
    const { stateDirectory } = await import("../../deploy/state/directory.ts");
    const { readLastSeen } = await import("../../deploy/state/last-seen.ts");
    const file = findNetworkFile(flags.file, this.process.cwd());
    const lastSeen = readLastSeen(stateDirectory(file, this.process.env));
    const answers = await interruptible(this, flags, (options) =>
      onMachines(nodes, options, (node, connection) => readStatus(node, connection, options.signal)),
    );
    printAnswers(this, flags.json, answers, (name, status) =>
      renderStatus(name, status, lastSeen.get(name) ?? null),
    );
  },
  parameters: { flags: machineFlags, aliases: { f: "file", p: "parallel" }, positional: selectorWords },
  docs: { brief: text.status.brief },
});
