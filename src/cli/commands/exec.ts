import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { interruptible, type MachineFlags, machineFlags, machinesOf } from "../machines.ts";
import * as text from "../text.ts";
import { nodesFlag } from "./flags.ts";

interface Flags extends MachineFlags {
  readonly on?: readonly string[];
}

interface Output {
  readonly exitCode: number;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

export const execCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...command) {
    if (command.length === 0) throw new UsageError("no command; write e.g. nixus exec --on @web -- uptime");
    const nodes = await machinesOf(this, flags, flags.on ?? []);
    const { onMachines } = await import("../../deploy/machines.ts");
    const { hostOf } = await import("../../deploy/ssh/destination.ts");
    const { stdout, stderr } = this.process;
    const answers = await interruptible(this, flags, (options) =>
      onMachines(nodes, options, async (node, connection): Promise<Output> => {
        const lines: string[] = [];
        const prefix = `[${hostOf(node.host)}] `;
        const result = await connection.run(`${command.join(" ")}\n`, {
          signal: options.signal,
          onLine: (line) => (flags.json ? lines.push(line) : stdout.write(`${prefix}${line}\n`)),
        });
        if (!flags.json) for (const line of textLines(result.stderr)) stderr.write(`${prefix}${line}\n`);
        return { exitCode: result.exitCode, stdout: lines, stderr: result.stderr };
      }),
    );
    for (const answer of answers) {
      if ("problem" in answer) {
        if (!flags.json) stderr.write(`[${hostOf(answer.node.host)}] error: ${answer.problem}\n`);
      } else if (!flags.json && answer.value.exitCode !== 0) {
        stderr.write(`[${hostOf(answer.node.host)}] exit status ${answer.value.exitCode}\n`);
      }
    }
    if (flags.json) {
      const plain = answers.map(({ node, ...rest }) => ({ node: node.name, host: node.host, ...rest }));
      stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
    }
    const good = answers.every((answer) => "value" in answer && answer.value.exitCode === 0);
    if (!good) this.process.exitCode = 1;
  },
  parameters: {
    flags: {
      ...machineFlags,
      on: nodesFlag(text.exec.on),
    },
    aliases: { f: "file", p: "parallel" },
    positional: {
      kind: "array",
      parameter: { brief: text.exec.command, parse: String, placeholder: "command" },
    },
  },
  docs: { brief: text.exec.brief, customUsage: ["[--on NODE]... [--] COMMAND..."] },
});

function textLines(output: string): string[] {
  return output.split("\n").filter((line) => line !== "");
}
