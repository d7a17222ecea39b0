import { spawn } from "node:child_process";
import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { UsageError, UserError } from "../errors.ts";
import { settingsOf } from "../machines.ts";
import { proposeNodes } from "../node-names.ts";
import * as text from "../text.ts";
import { fileFlag, showTraceFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly showTrace: boolean;
}

export const sshCommand = buildCommand<Flags, string[], Context>({
  async func(flags, name, ...command) {
    if (name === undefined) throw new UsageError("which machine? Write nixus ssh NODE");
    const [node, ...more] = await settingsOf(this, flags, [name]);
    if (node === undefined || node.host === null || more.length > 0) {
      throw new UserError(`'${name}' is not one node that has a host`);
    }
    const { destinationArguments, destinationProblem } = await import("../../deploy/ssh/destination.ts");
    const problem = destinationProblem(node.host);
    if (problem !== undefined) throw new UserError(problem);
    const options = Object.entries(node.sshOptions).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const { StartError, started } = await import("../../store/programs.ts");
    const args = [...options, ...destinationArguments(node.host), ...command];
    const child = await started("ssh", () => spawn("ssh", args, { stdio: "inherit" })).catch((cause) => {
      if (!(cause instanceof StartError)) throw cause;
      throw new UserError(cause.absent ? text.ssh.absent : cause.message, { cause });
    });
    this.process.exitCode = await new Promise<number>((resolve) => {
      child.once("close", (code) => resolve(code ?? 255));
    });
  },
  parameters: {
    flags: { file: fileFlag, showTrace: showTraceFlag },
    aliases: { f: "file" },
    positional: {
      kind: "array",
      parameter: {
        brief: text.ssh.words,
        parse: String,
        placeholder: "node|command",
        proposeCompletions: proposeNodes,
      },
    },
  },
  docs: { brief: text.ssh.brief, customUsage: ["NODE [[--] COMMAND...]"] },
});
