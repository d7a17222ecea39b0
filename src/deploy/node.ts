/** The deployment of one node, from the first connection to its outcome. */
import type { Outcome } from "../events/event.ts";
import { PhaseError } from "../plan/phases.ts";
import { InterruptedError, NodeError } from "./errors.ts";
import { NodeDeployment, type NodeEnd, type NodeGroup, type Problem } from "./node-deployment.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Slots } from "./rollout.ts";
import type { DeployableNode, DeploymentContext } from "./session.ts";
import { Connection } from "./ssh/connection.ts";

export interface NodeResult {
  readonly node: string;
  readonly outcome: Outcome;
  readonly system: string;
  /** Where it ended and why; null when the machine is on its new system and all that belongs to it was done. */
  readonly problem: Problem | null;
  /** Whether nothing is left to do: it is on its new system, or its node lets it be passed over. */
  readonly ok: boolean;
  /** The system that the machine is known to run now; null: it is not known. */
  readonly runs: string | null;
  /** What the activation and the switcher printed last. */
  readonly output: readonly string[];
}

const keptOutput = 20;

/** Never fails: what goes wrong is reported and is part of the result. `id`: of the deployment. */
export async function deployNode(
  node: DeployableNode,
  id: string,
  controlPath: string,
  context: DeploymentContext,
  group: NodeGroup | undefined,
  slots: Slots,
): Promise<NodeResult> {
  const output: string[] = [];
  const send = reporterFor(node, context.sink);
  const report: Reporter = (event) => {
    if (event.type === "output") output.push(event.line);
    if (output.length > keptOutput) output.shift();
    send(event);
  };
  const connection = new Connection(
    {
      destination: node.host,
      sshOptions: node.sshOptions,
      privilegeEscalationCommand: node.privilegeEscalationCommand,
    },
    controlPath,
  );
  const deployment = new NodeDeployment({ node, id, connection, report, context }, group, slots);
  let end = await carriedOut(deployment, () => deployment.run(), context.signal);
  const bad = await group?.end(node.name, { good: isGood(end), why: end.problem?.message ?? end.outcome });
  if (bad !== undefined && end.outcome === "activated") {
    const why = `'${bad.member}', which is in the same atomic group '${group?.name}', is not on its new system: ${bad.end.why}`;
    end = await carriedOut(deployment, () => deployment.undo(why), context.signal);
  }
  await connection.close();
  const passed = end.outcome === "skipped";
  if (end.problem !== null) {
    report({ ...end.problem, type: passed ? "warning" : "problem" });
  }
  report({ type: "finished", outcome: end.outcome, system: node.toplevel });
  const ok = passed || (isGood(end) && end.problem === null);
  return { node: node.name, system: node.toplevel, output, ok, ...end };
}

function isGood({ outcome }: NodeEnd): boolean {
  return outcome === "activated" || outcome === "unchanged";
}

async function carriedOut(
  deployment: NodeDeployment,
  action: () => Promise<NodeEnd>,
  signal: AbortSignal,
): Promise<NodeEnd> {
  try {
    return await action();
  } catch (error) {
    const problem = { step: deployment.step, message: messageOf(error, signal) };
    return { outcome: deployment.outcomeOfFailure, problem, runs: null };
  }
}

function messageOf(error: unknown, signal: AbortSignal): string {
  const interrupted = signal.aborted && (error === signal.reason || isAbortError(error));
  if (interrupted || error instanceof InterruptedError) return "interrupted before the switch";
  if (error instanceof NodeError || error instanceof PhaseError) return error.message;
  // A store object that changed under our hands, a full disk here: not the machine's doing.
  return error instanceof Error ? error.message : String(error);
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
