/** The deployment of one node, from the first connection to its outcome. */
import type { Outcome, StepName } from "../events/event.ts";
import { plan, type Step, wantedPaths } from "../plan/plan.ts";
import { InterruptedError, NodeError } from "./errors.ts";
import { runHealthChecks } from "./health/check.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import { type DeployableNode, type DeploymentContext, type NodeSession, objectAt } from "./session.ts";
import { Connection } from "./ssh/connection.ts";
import { connect } from "./steps/connect.ts";
import { copyClosure, uncopy } from "./steps/copy.ts";
import { installPackages } from "./steps/packages.ts";
import { sendSecrets } from "./steps/secrets.ts";
import { switchSystem } from "./steps/switch.ts";

export interface NodeResult {
  readonly node: string;
  readonly outcome: Outcome;
  readonly system: string;
  /** Where it ended and why; null when the machine is on its new system. */
  readonly problem: { readonly step: StepName; readonly message: string } | null;
  /** What the activation and the switcher printed last. */
  readonly output: readonly string[];
}

type End = Pick<NodeResult, "outcome" | "problem">;

const keptOutput = 20;

/** Never fails: what goes wrong is reported and is part of the result. */
export async function deployNode(
  node: DeployableNode,
  controlPath: string,
  context: DeploymentContext,
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
  const deployment = new NodeDeployment({ node, connection, report, context });
  let end: End;
  try {
    end = await deployment.run();
  } catch (error) {
    end = {
      outcome: deployment.outcomeOfFailure,
      problem: { step: deployment.step, message: messageOf(error, context.signal) },
    };
  } finally {
    await connection.close();
  }
  if (end.problem !== null) report({ type: "problem", ...end.problem });
  report({ type: "finished", outcome: end.outcome, system: node.toplevel });
  return { node: node.name, system: node.toplevel, output, ...end };
}

/** The steps of one node; where it stands is what a failure is reported with. */
class NodeDeployment {
  step: StepName = "connect";
  /** What a failure means: nothing was changed, until the switcher has been triggered. */
  outcomeOfFailure: Outcome = "failed";
  private readonly session: NodeSession;

  constructor(session: NodeSession) {
    this.session = session;
  }

  async run(): Promise<End> {
    const { node, context, report } = this.session;
    context.signal.throwIfAborted();
    const wanted = {
      node,
      switcher: context.switcher.path,
      narSize: (path: string) => objectAt(context, path)?.narSize,
    };
    const planned = plan(wanted, await connect(this.session, wantedPaths(wanted)));
    switch (planned.type) {
      case "refuse":
        throw new NodeError(planned.problem);
      case "unchanged":
        return { outcome: "unchanged", problem: null };
      case "deploy":
        for (const message of planned.warnings) report({ type: "warning", step: "connect", message });
        return await this.take(planned.steps);
    }
  }

  private async take(steps: readonly Step[]): Promise<End> {
    let copied = false;
    try {
      for (const step of steps) {
        this.session.context.signal.throwIfAborted();
        switch (step.type) {
          case "copy":
            this.step = "copy";
            copied = true;
            await copyClosure(this.session, step.paths, step.size);
            break;
          case "install-packages":
            this.step = "copy";
            await installPackages(this.session, step.packages);
            break;
          case "secrets":
            this.step = "secrets";
            copied = true;
            await sendSecrets(this.session, step.secrets);
            break;
          case "switch":
            this.step = "switch";
            return await this.switch(step.system, step.previous);
        }
      }
    } catch (error) {
      if (copied && this.outcomeOfFailure === "failed") await uncopy(this.session);
      throw error;
    }
    throw new Error("a plan without a switch");
  }

  private async switch(system: string, previous: string): Promise<End> {
    this.outcomeOfFailure = "unknown";
    const report: Reporter = (event) => {
      if (event.type === "confirming") this.step = "confirm";
      this.session.report(event);
    };
    const session = { ...this.session, report };
    try {
      const { outcome, problem } = await switchSystem(session, {
        system,
        previous,
        ...(session.node.healthChecks.length === 0
          ? {}
          : { verify: (signal) => runHealthChecks(session, signal) }),
      });
      return { outcome, problem: problem === "" ? null : { step: this.step, message: problem } };
    } catch (error) {
      if (error instanceof NodeError) this.outcomeOfFailure = "failed";
      throw error;
    }
  }
}

function messageOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted && error === signal.reason) return "interrupted before the switch";
  if (error instanceof InterruptedError) return "interrupted before the switch";
  if (error instanceof NodeError) return error.message;
  // A store object that changed under our hands, a full disk here: not the machine's doing.
  return error instanceof Error ? error.message : String(error);
}
