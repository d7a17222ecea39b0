/** What the commands that ask machines have in common. */
import type { MachineAnswer, MachinesOptions } from "../deploy/machines.ts";
import type { NodeSettings } from "../fleet/settings.ts";
import { positiveInteger, showTraceFlag } from "./commands/flags.ts";
import type { Context } from "./context.ts";
import { evaluate } from "./evaluation/client.ts";
import { abortOnInterrupt } from "./interrupt.ts";
import { findNetworkFile } from "./network-file.ts";
import * as text from "./text.ts";

export interface MachineFlags {
  readonly file?: string;
  readonly json: boolean;
  readonly parallel: number;
  readonly showTrace: boolean;
}

export const machineFlags = {
  file: {
    kind: "parsed",
    parse: String,
    brief: text.flags.file,
    placeholder: "file",
    optional: true,
  },
  json: { kind: "boolean", brief: text.flags.json, default: false, withNegated: false },
  parallel: {
    kind: "parsed",
    parse: positiveInteger,
    brief: text.machines.parallel,
    default: "16",
    placeholder: "n",
  },
  showTrace: showTraceFlag,
} as const;

export const selectorWords = {
  kind: "array",
  parameter: { brief: text.selectors, parse: String, placeholder: "node" },
} as const;

/** The selected nodes. Their configurations are not evaluated: what is broken there keeps nobody from looking. */
export async function settingsOf(
  { process }: Context,
  flags: Pick<MachineFlags, "file" | "showTrace">,
  words: readonly string[],
): Promise<readonly NodeSettings[]> {
  const file = findNetworkFile(flags.file, process.cwd());
  const { nodes } = await evaluate(
    { kind: "settings", file, nodes: words },
    {
      showTrace: flags.showTrace,
      useCache: true,
      onMessage: (kind, message) => process.stderr.write(`${kind}: ${message}\n`),
    },
  );
  return nodes;
}

/** Runs an action that an interrupt ends. */
export async function interruptible<T>(
  context: Context,
  flags: Pick<MachineFlags, "parallel">,
  action: (options: MachinesOptions) => Promise<T>,
): Promise<T> {
  const interrupted = abortOnInterrupt(context.process);
  try {
    return await action({ parallel: flags.parallel, signal: interrupted.signal });
  } finally {
    interrupted.stop();
  }
}

/** Prints answers as JSON, or as text with a line for each machine that gave none, and sets the exit status. */
export function printAnswers<T>(
  { process }: Context,
  json: boolean,
  answers: readonly MachineAnswer<T>[],
  render: (node: string, value: T) => string,
): void {
  if (json) {
    const plain = answers.map(({ node, ...rest }) => ({ node: node.name, host: node.host, ...rest }));
    process.stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
  } else {
    const texts = answers.map((answer) =>
      "problem" in answer
        ? `${answer.node.name}\n  error: ${answer.problem.replaceAll("\n", "\n  ")}\n`
        : render(answer.node.name, answer.value),
    );
    process.stdout.write(texts.join("\n"));
  }
  if (answers.some((answer) => "problem" in answer)) process.exitCode = 1;
}
