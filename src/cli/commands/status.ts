import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { askMachines, type MachineFlags, machineParameters } from "../machines.ts";
import { findNetworkFile } from "../network-file.ts";
import { renderStatus } from "../render/status.ts";
import * as text from "../text.ts";

export const statusCommand = buildCommand<MachineFlags, string[], Context>({
  async func(flags, ...words) {
    const { readStatus } = await import("../../deploy/machines.ts");
    const { stateDirectory } = await import("../../deploy/state/directory.ts");
    const { readLastSeen } = await import("../../deploy/state/last-seen.ts");
    const file = findNetworkFile(flags.file, this.process.cwd());
    const lastSeen = readLastSeen(stateDirectory(file, this.process.env));
    await askMachines(this, flags, words, readStatus, (name, status) =>
      renderStatus(name, status, lastSeen.get(name) ?? null),
    );
  },
  parameters: machineParameters,
  docs: { brief: text.status.brief, customUsage: ["[NODE...]"] },
});
