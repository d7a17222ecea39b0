/** What the commands that ask machines have in common. */
import type { MachineAnswer, MachinesOptions, ReachableNode } from "../deploy/machines.ts";
import type { Connection } from "../deploy/ssh/connection.ts";
import type { NodeSettings } from "../fleet/settings.ts";
import { fileFlag, jsonFlag, parallelFlag, showTraceFlag } from "./commands/flags.ts";
import type { Context } from "./context.ts";
import { UserError } from "./errors.ts";
import { evaluate, evaluationOptions } from "./evaluation/client.ts";
import { abortOnInterrupt } from "./interrupt.ts";
import { findNetworkFile } from "./network-file.ts";
import { proposeNodes } from "./node-names.ts";
import * as text from "./text.ts";

export interface MachineFlags {
  readonly file?: string;
  readonly json: boolean;
  readonly parallel: number;
  readonly showTrace: boolean;
}

export const machineFlags = {
  file: fileFlag,
  json: jsonFlag,
  parallel: parallelFlag(text.machines.parallel),
  showTrace: showTraceFlag,
} as const;

export const selectorWords = {
  kind: "array",
  parameter: {
    brief: text.selectors,
    parse: String,
    placeholder: "node",
    proposeCompletions: proposeNodes,
  },
} as const;

/** Parameters of commands that ask the selected machines. */
export const machineParameters = {
  flags: machineFlags,
  aliases: { f: "file", p: "parallel" },
  positional: selectorWords,
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
    evaluationOptions(process, { showTrace: flags.showTrace }),
  );
  return nodes;
}

/** The selected nodes that have a machine. Throws a UserError when there is none. */
export async function machinesOf(
  context: Context,
  flags: Pick<MachineFlags, "file" | "showTrace">,
  words: readonly string[],
): Promise<readonly NodeSettings[]> {
  const nodes = await settingsOf(context, flags, words);
  const machines = nodes.filter(({ host }) => host !== null);
  if (machines.length === 0) throw new UserError(`there is no machine: ${whyNoMachine(nodes, words)}`);
  return machines;
}

/** Why nodes that the words select, none of which has a host, are no machines. */
export function whyNoMachine(nodes: readonly { readonly name: string }[], words: readonly string[]): string {
  const [first, ...more] = nodes;
  if (first === undefined) {
    return words.length === 0
      ? "the network has no node that is enabled"
      : "no node is left of those that are enabled";
  }
  return more.length === 0 ? `node '${first.name}' has no host` : "none of these nodes has a host";
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

/** Asks the selected machines, prints what they say, and returns it. */
export async function askMachines<T>(
  context: Context,
  flags: MachineFlags,
  words: readonly string[],
  ask: (node: ReachableNode, connection: Connection, signal: AbortSignal) => Promise<T>,
  render: (node: string, value: T) => string,
): Promise<readonly MachineAnswer<T>[]> {
  const nodes = await machinesOf(context, flags, words);
  const { onMachines } = await import("../deploy/machines.ts");
  const answers = await interruptible(context, flags, (options) =>
    onMachines(nodes, options, (node, connection) => ask(node, connection, options.signal)),
  );
  printAnswers(context, flags.json, answers, render);
  return answers;
}

/** Prints answers as JSON, or as text with a line for each machine that gave none, and sets the exit status. */
function printAnswers<T>(
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
