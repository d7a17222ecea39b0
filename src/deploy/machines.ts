/** The same thing done on several machines, for commands that ask or look. */
import { join } from "node:path";
import type { NodeSettings } from "../fleet/settings.ts";
import { type MachineStatus, parseStatus, StatusError } from "../plan/status.ts";
import { NodeError, RemoteCommandError } from "./errors.ts";
import { withSocketDirectory } from "./identity.ts";
import { Connection } from "./ssh/connection.ts";
import { destinationProblem } from "./ssh/destination.ts";
import { lastLines, privilegeProblem } from "./ssh/failures.ts";
import { defaultTiming } from "./steps/switch.ts";
import { statusScript } from "./target/scripts.ts";

export type ReachableNode = NodeSettings & { readonly host: string };

/** What became of one machine: a value, or the problem that kept us from it. */
export type MachineAnswer<T> =
  | { readonly node: ReachableNode; readonly value: T }
  | { readonly node: ReachableNode; readonly problem: string };

export interface MachinesOptions {
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/** Answers in the order of the nodes; those without a host are left out. A failure of one is its answer. */
export async function onMachines<T>(
  nodes: readonly NodeSettings[],
  { parallel, signal }: MachinesOptions,
  job: (node: ReachableNode, connection: Connection) => Promise<T>,
): Promise<MachineAnswer<T>[]> {
  const reachable = nodes.filter((node): node is ReachableNode => node.host !== null);
  return await withSocketDirectory(async (directory) => {
    const answers: MachineAnswer<T>[] = [];
    const rest = reachable.entries();
    const worker = async () => {
      for (const [index, node] of rest)
        answers[index] = await askOne(node, join(directory, String(index)), job);
    };
    await Promise.all(Array.from({ length: Math.min(parallel, reachable.length) }, worker));
    signal.throwIfAborted();
    return answers;
  });
}

async function askOne<T>(
  node: ReachableNode,
  controlPath: string,
  job: (node: ReachableNode, connection: Connection) => Promise<T>,
): Promise<MachineAnswer<T>> {
  const wrong = destinationProblem(node.host);
  if (wrong !== undefined) return { node, problem: wrong };
  const { host, sshOptions, privilegeEscalationCommand } = node;
  const connection = new Connection(
    { destination: host, sshOptions, privilegeEscalationCommand },
    controlPath,
  );
  try {
    return { node, value: await job(node, connection) };
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return { node, problem: error.message };
  } finally {
    await connection.close();
  }
}

export async function readStatus(
  node: ReachableNode,
  connection: Connection,
  signal: AbortSignal,
  timeLimit = defaultTiming.examination,
): Promise<MachineStatus> {
  const lines: string[] = [];
  const { exitCode, stderr } = await connection.run(statusScript(), {
    ...{ signal, timeLimit },
    onLine: (line) => lines.push(line),
  });
  try {
    return parseStatus(lines.join("\n"));
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    const said = lastLines(stderr) || lastLines(lines.join("\n")) || "nothing";
    throw new RemoteCommandError(
      privilegeProblem(node.privilegeEscalationCommand, stderr) ??
        `the machine could not be examined (exit status ${exitCode}; it said: ${said})`,
      { cause },
    );
  }
}
