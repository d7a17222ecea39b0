/** Going back to an earlier generation: a deployment, guarded as any other, of a system that the machine has already. */
import type { EvaluatedNetwork, EvaluatedNode } from "../fleet/evaluated.ts";
import type { NodeSettings } from "../fleet/settings.ts";
import { generationToRollBackTo } from "../plan/status.ts";
import { NodeError } from "./errors.ts";
import { type MachineAnswer, type MachinesOptions, onMachines, readStatus } from "./machines.ts";

/**
 * Asks each machine for its generations and chooses: the one with the number `to`, or the last with another system
 * before the current one. A machine that has none, or can't be asked, is a problem.
 */
export async function chooseGenerations(
  nodes: readonly NodeSettings[],
  to: number | null,
  options: MachinesOptions,
): Promise<MachineAnswer<EvaluatedNode>[]> {
  return await onMachines(nodes, options, async (node, connection) => {
    const status = await readStatus(node, connection, options.signal);
    const generation = generationToRollBackTo(status, to);
    const { generations } = status;
    const has = generations.map(({ number }) => number).join(", ") || "none";
    if (generation === undefined) {
      throw new NodeError(
        to === null
          ? `there is no earlier generation with another system to go back to (generations: ${has})`
          : `there is no generation ${to} (generations: ${has})`,
      );
    }
    if (generation.system === "") {
      throw new NodeError(`the system of generation ${generation.number} is gone from the machine's store`);
    }
    return systemOnMachine(node, generation.system);
  });
}

/** A node whose new system is in the machine's store, with all that belongs to it. */
function systemOnMachine(node: NodeSettings, toplevel: string): EvaluatedNode {
  return {
    ...node,
    ...{ toplevel, source: { type: "store" }, closurePaths: [], closure: [], baseline: null },
    // What these do belongs to the deployment of a new system.
    phases: [],
    packages: [],
    secrets: [],
  };
}

/** The network of these nodes, and of the machines that could not be asked. */
export function rollBackNetwork(
  file: string,
  answers: readonly MachineAnswer<EvaluatedNode>[],
): EvaluatedNetwork {
  return {
    file,
    nodes: answers.flatMap((answer) => ("value" in answer ? [answer.value] : [])),
    failures: answers.flatMap((answer) =>
      "problem" in answer
        ? [{ node: answer.node.name, host: answer.node.host, message: answer.problem }]
        : [],
    ),
    objects: [],
    deployers: [],
    warnings: [],
  };
}
