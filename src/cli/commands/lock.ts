import { buildCommand } from "@stricli/core";
import { vpnSection } from "../../fleet/modules/vpn/lock-section.ts";
import { updateLockFile } from "../../fleet/update-lock-file.ts";
import type { Context } from "../context.ts";
import { evaluate, evaluationOptions } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import * as text from "../text.ts";
import { fileFlag, showTraceFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly showTrace: boolean;
}

export const lockCommand = buildCommand<Flags, [], Context>({
  async func(flags) {
    const { stdout } = this.process;
    const file = findNetworkFile(flags.file, this.process.cwd());
    const { assignments } = await evaluate(
      { kind: "lock", file },
      evaluationOptions(this.process, { ...flags, evalCache: false }),
    );
    const { addresses, changes } = assignments;
    updateLockFile(file, (lock) =>
      lock.with(vpnSection, Object.keys(addresses).length === 0 ? {} : { addresses }),
    );
    if (changes.length === 0) stdout.write(`${text.lock.unchanged}\n`);
    for (const change of changes) stdout.write(`${text.lock[change.change](change)}\n`);
  },
  parameters: { flags: { file: fileFlag, showTrace: showTraceFlag }, aliases: { f: "file" } },
  docs: { brief: text.lock.brief },
});
