/** Runs the phases that a node defines itself, before and after the built-in ones. */
import { dirname } from "node:path";
import type { StepName } from "../events/event.ts";
import type { DeployPhase } from "../fleet/settings.ts";
import { type BuiltInPhase, builtInPhases, type PhasePlan } from "../plan/phases.ts";
import { NodeError } from "./errors.ts";
import { runLocally } from "./local-script.ts";
import type { NodeSession } from "./session.ts";

const places = [...builtInPhases, "end"] as const;

/** The phases of one deployment of a node; each is run once. */
export class Phases {
  private readonly plan: PhasePlan;
  private next = 0;

  constructor(plan: PhasePlan) {
    this.plan = plan;
  }

  /** Whether any stands between the activation and the end. */
  get beforeCommit(): boolean {
    return this.plan.confirm.length + this.plan.commit.length > 0;
  }

  /**
   * Runs all that come before the built-in phase and were not run yet. Fails with a NodeError when one of them fails;
   * `onStep` is called before each.
   */
  async reach(
    place: BuiltInPhase | "end",
    session: NodeSession,
    signal: AbortSignal,
    onStep: (step: StepName) => void,
  ): Promise<void> {
    while (this.next <= places.indexOf(place)) {
      const at = places[this.next]!;
      this.next += 1;
      for (const phase of this.plan[at]) {
        onStep("phase");
        await runPhase(phase, session, signal);
      }
    }
  }
}

async function runPhase(
  { name, script }: DeployPhase,
  { node, context, report }: NodeSession,
  signal: AbortSignal,
): Promise<void> {
  report({ type: "phase", phase: name });
  const exitCode = await runLocally(node, {
    script,
    cwd: dirname(context.file),
    signal,
    onLine: (line) => report({ type: "output", step: "phase", line }),
  });
  if (exitCode !== 0) throw new NodeError(`the phase '${name}' failed with exit status ${exitCode}`);
}
