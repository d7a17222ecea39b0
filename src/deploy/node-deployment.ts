/** The steps of one node, in their order; where it stands is what a failure is reported with. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome, StepName } from "../events/event.ts";
import { buildPlace } from "../plan/build.ts";
import type { Facts } from "../plan/facts.ts";
import { parseHistoryLine } from "../plan/history.ts";
import { overwriteProblem } from "../plan/overwrite.ts";
import { type PhasePlan, planPhases } from "../plan/phases.ts";
import { describeStep, plan, type Step, wantedPaths } from "../plan/plan.ts";
import { sameMachine } from "../plan/shared-hosts.ts";
import type { AtomicGroup } from "./atomic-group.ts";
import { BusyError, ConnectionError, NodeError } from "./errors.ts";
import { runHealthChecks } from "./health/check.ts";
import { Phases } from "./phases.ts";
import type { Reporter } from "./reporter.ts";
import type { Slots } from "./rollout.ts";
import { type NodeSession, objectAt } from "./session.ts";
import { isUnreachable } from "./ssh/failures.ts";
import { build } from "./steps/build.ts";
import { connect } from "./steps/connect.ts";
import { copyClosure, uncopy } from "./steps/copy.ts";
import { installPackages } from "./steps/packages.ts";
import { previewDeployment } from "./steps/preview.ts";
import { decideReboot, type Reboot } from "./steps/reboot.ts";
import { retried } from "./steps/retried.ts";
import { sendSecrets } from "./steps/secrets.ts";
import { switchSystem, type Verify } from "./steps/switch.ts";

export interface Problem {
  readonly step: StepName;
  readonly message: string;
}

/** How the deployment of a node has ended. */
export interface NodeEnd {
  readonly outcome: Outcome;
  readonly problem: Problem | null;
  /** The system that the machine is known to run now; null: it is not known. */
  readonly runs: string | null;
}

/** What the id of a deployment that undoes another one ends with. */
const undoSuffix = "-undo";

export type NodeGroup = AtomicGroup<{ readonly good: boolean; readonly why: string }>;

export class NodeDeployment {
  step: StepName = "connect";
  /** What a failure means: nothing was changed, until the switcher has been triggered. */
  outcomeOfFailure: Outcome = "failed";
  private readonly session: NodeSession;
  private readonly group: NodeGroup | undefined;
  private readonly slots: Slots;
  private readonly phasePlan: PhasePlan;
  private phases: Phases;
  /** What was switched, to be undone when a group asks for that. */
  private switched:
    | { readonly system: string; readonly previous: string; readonly reboot: Reboot | undefined }
    | undefined;

  /** Throws a PhaseError when the node's phases have an impossible order. */
  constructor(session: NodeSession, group: NodeGroup | undefined, slots: Slots) {
    this.session = session;
    this.group = group;
    this.slots = slots;
    this.phasePlan = planPhases(session.node.name, session.node.phases);
    this.phases = new Phases(this.phasePlan);
  }

  async run(): Promise<NodeEnd> {
    for (;;) {
      try {
        return await this.attempt();
      } catch (error) {
        // Somebody was faster between our look at the lock and the switch.
        if (error instanceof BusyError) this.requireOwnMachine([error.deployment]);
        if (!(error instanceof BusyError) || !this.session.context.wait) throw error;
        this.outcomeOfFailure = "failed";
        this.phases = new Phases(this.phasePlan);
      }
    }
  }

  private async attempt(): Promise<NodeEnd> {
    const { node, context, report } = this.session;
    context.signal.throwIfAborted();
    // Phases may change anything: nothing of them is run when nothing is to be changed.
    if (!context.dryRun) await this.reach("connect");
    this.step = "connect";
    const conflict = context.conflicts.get(node.name);
    if (conflict !== undefined) throw new NodeError(conflict);
    const wanted = {
      node,
      switcher: context.switcher.path,
      narSize: (path: string) => objectAt(context, path)?.narSize,
      reboot: context.reboot,
      place: buildPlace(node.buildOn, context.places.local !== undefined),
    };
    const facts = await this.freeMachine(wantedPaths(wanted));
    if ("unreachable" in facts) return this.passedOver(facts.unreachable);
    const planned = plan(wanted, facts);
    switch (planned.type) {
      case "refuse":
        throw new NodeError(planned.problem);
      case "unchanged":
        return { outcome: "unchanged", problem: null, runs: node.toplevel };
      case "deploy": {
        const lastSeen = context.lastSeen.get(node.name) ?? null;
        const overwritten = context.force ? undefined : overwriteProblem(facts, node.toplevel, lastSeen);
        for (const message of planned.warnings) report({ type: "warning", step: "connect", message });
        const refused = context.dryRun ? await this.preview(planned.steps, facts) : undefined;
        const problem = overwritten ?? refused;
        if (problem !== undefined) throw new NodeError(problem);
        if (context.dryRun) return { outcome: "skipped", problem: null, runs: null };
        return await this.take(planned.steps, facts);
      }
    }
  }

  /** The facts, once no other deployment has the machine (with --wait), or the failure that lets it be passed over. */
  private async freeMachine(paths: readonly string[]): Promise<Facts | { readonly unreachable: NodeError }> {
    const { context, report } = this.session;
    let told = false;
    for (;;) {
      const facts = await this.reachable(paths);
      if ("unreachable" in facts) return facts;
      const last = facts.lastDeployment === null ? undefined : parseHistoryLine(facts.lastDeployment);
      this.requireOwnMachine([facts.lock?.id, last?.id]);
      if (!facts.lock?.live || !context.wait) return facts;
      const { by, since } = facts.lock;
      if (!told) report({ type: "waiting-for-lock", by, since });
      told = true;
      await this.slots.away(sleep(context.timing.lockRetry, undefined, { signal: context.signal }));
    }
  }

  /** Fails when one of these deployments, which the machine knows of, is that of another of our nodes. */
  private requireOwnMachine(deployments: readonly (string | undefined)[]): void {
    const { node, context } = this.session;
    for (const id of deployments) {
      const name = context.deployments.get(id?.replace(undoSuffix, "") ?? "");
      if (name !== undefined && name !== node.name) throw new NodeError(sameMachine(name));
    }
  }

  private async reachable(paths: readonly string[]): Promise<Facts | { readonly unreachable: NodeError }> {
    const { node, context, report } = this.session;
    const pauses = node.whenUnreachable === "retry" ? context.timing.unreachableRetries : [];
    for (let tries = 0; ; tries++) {
      try {
        return await connect(this.session, paths);
      } catch (error) {
        if (!(error instanceof ConnectionError) || !isUnreachable(error.failure)) throw error;
        if (node.whenUnreachable === "skip") return { unreachable: error };
        const pause = pauses[tries];
        if (pause === undefined) throw error;
        const message = `${error.message}; it is tried again in ${pause / 1000} s`;
        report({ type: "warning", step: "connect", message });
        await this.slots.away(sleep(pause, undefined, { signal: context.signal }));
      }
    }
  }

  /** Says what would be done; resolves with why the machine would refuse it. */
  private async preview(steps: readonly Step[], facts: Facts): Promise<string | undefined> {
    const { report } = this.session;
    report({ type: "planned", steps: steps.map(describeStep) });
    const { preview, refusal } = await previewDeployment(this.session, steps, facts);
    report({ type: "preview", preview });
    return refusal;
  }

  private passedOver({ message }: NodeError): NodeEnd {
    return { outcome: "skipped", problem: { step: "connect", message }, runs: null };
  }

  private async take(steps: readonly Step[], facts: Facts): Promise<NodeEnd> {
    let copied = false;
    let reboot: Reboot | undefined;
    try {
      for (const step of steps) {
        this.session.context.signal.throwIfAborted();
        switch (step.type) {
          case "build":
            await this.reach("build");
            this.step = "build";
            copied = true;
            this.session.report({
              type: "awaiting-builds",
              derivations: step.builds.map(({ derivation }) => derivation),
            });
            await build(this.session, step.place, step.builds);
            break;
          case "copy":
            await this.reach("copy");
            this.step = "copy";
            copied = true;
            await copyClosure(this.session, step.paths, step.size, step.closure);
            break;
          case "install-packages":
            await this.reach("copy");
            this.step = "copy";
            await installPackages(this.session, step.packages);
            break;
          case "secrets":
            await this.reach("secrets");
            this.step = "secrets";
            copied = true;
            await retried(this.session, "secrets", () => sendSecrets(this.session, step.secrets));
            break;
          case "switch":
          case "restart":
            this.step = "switch";
            reboot = await decideReboot(this.session, step);
            await this.reach("switch");
            this.step = "switch";
            await this.group?.arrive("ready", this.session.node.name, this.session.context.signal);
            return await this.switch({ ...step, reboot }, facts);
        }
      }
    } catch (error) {
      if (copied && this.outcomeOfFailure === "failed") await uncopy(this.session);
      throw error;
    }
    throw new Error("a plan without a switch");
  }

  private async switch(
    { system, previous, reboot }: NonNullable<NodeDeployment["switched"]>,
    facts: Facts,
  ): Promise<NodeEnd> {
    this.outcomeOfFailure = "unknown";
    const report: Reporter = (event) => {
      if (event.type === "confirming") this.step = "confirm";
      this.session.report(event);
    };
    const session = { ...this.session, report };
    const verify = this.verification(session);
    try {
      const { outcome, problem } = await switchSystem(session, {
        ...{ system, previous },
        ...(reboot === undefined ? {} : { reboot }),
        ...(verify === undefined ? {} : { verify }),
      });
      if (outcome !== "activated") {
        // Not what ran before, where the machine has gone back to what it was started with.
        const runs = outcome === "rolled-back" && facts.currentSystem !== null ? previous : null;
        return { outcome, problem: { step: this.step, message: problem }, runs };
      }
    } catch (error) {
      if (error instanceof NodeError) this.outcomeOfFailure = "failed";
      throw error;
    }
    this.switched = { system, previous, reboot };
    return { outcome: "activated", problem: await this.finalPhases(), runs: system };
  }

  /** What comes between the activation and the word: health checks, phases, the other members of the group. */
  private verification(session: NodeSession): Verify | undefined {
    const { node } = session;
    if (node.healthChecks.length === 0 && !this.phases.beforeCommit && this.group === undefined) {
      return undefined;
    }
    return async (signal) => {
      const problem = await runHealthChecks(session, signal);
      if (problem !== undefined) return problem;
      const step = this.step;
      await this.reach("commit", signal);
      this.step = step;
      await this.group?.arrive("verified", node.name, signal);
      return undefined;
    };
  }

  /** The machine is on its new system whatever becomes of these. */
  private async finalPhases(): Promise<Problem | null> {
    try {
      await this.reach("end");
      return null;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { step: "phase", message: `${message}; the machine is on its new system all the same` };
    }
  }

  private async reach(
    place: Parameters<Phases["reach"]>[0],
    signal = this.session.context.signal,
  ): Promise<void> {
    await this.phases.reach(place, this.session, signal, (step) => {
      this.step = step;
    });
  }

  /** With --wait, again and again until no other deployment has the machine. */
  private async notBusy<T>(action: () => Promise<T>): Promise<T> {
    const { wait, timing, signal } = this.session.context;
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof BusyError) || !wait) throw error;
        await sleep(timing.lockRetry, undefined, { signal });
      }
    }
  }

  /** Puts a machine back that was committed, since another member of its group was not. */
  async undo(why: string): Promise<NodeEnd> {
    const { switched, session } = this;
    if (switched === undefined) throw new Error("nothing was switched");
    session.report({ type: "warning", step: "commit", message: `${why}; going back to the previous system` });
    const order = {
      ...{ system: switched.previous, previous: switched.system, id: `${session.id}${undoSuffix}` },
      // The secrets that are at hand are those of the other system.
      ...(switched.reboot === undefined ? {} : { reboot: { ...switched.reboot, secrets: [] } }),
    };
    const result = await this.notBusy(() => switchSystem(session, order)).catch((error: unknown) => {
      if (error instanceof NodeError) return error;
      throw error;
    });
    const notPutBack = `${why}, but it could not be put back to its previous system`;
    if (result instanceof NodeError) {
      // Nothing was begun; what another deployment makes of it is not ours to say.
      const runs = result instanceof BusyError ? null : switched.system;
      return {
        outcome: "activated",
        problem: { step: "commit", message: `${notPutBack}: ${result.message}` },
        runs,
      };
    }
    const { outcome, problem } = result;
    if (outcome === "activated") {
      return { outcome: "rolled-back", problem: { step: "commit", message: why }, runs: switched.previous };
    }
    const message = `${notPutBack}: ${problem}`;
    const stays = outcome === "rolled-back";
    return {
      outcome: stays ? "activated" : "unknown",
      problem: { step: "commit", message },
      runs: stays ? switched.system : null,
    };
  }
}
