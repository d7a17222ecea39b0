/** A fault at a step, run once: the deployment is held there, the fault happens, and the end is checked. */
import type { Outcome } from "../../../src/events/event.ts";
import { allProblems, type Expected, type Observed, observe } from "./check.ts";
import type { Deployment, NetworkOptions, Place, Rig } from "./rig.ts";
import type { Step, Systems } from "./steps.ts";

/** What a fault is done with. */
export interface Scene {
  readonly rig: Rig;
  readonly systems: Systems;
  readonly step: Step | null;
  readonly deployment: Deployment;
  /** How often the machine had been started when the deployment began. */
  readonly boots: number;
}

/** Which system the machine has to end on; `either`: both were trusted by then. */
export type End = "old" | "new" | "either";

export interface Fault {
  readonly name: string;
  /** What happens, for the table. */
  readonly what: string;
  /** The steps at which it happens, and how the machine has to end; none: it is in the new system, or there before. */
  readonly at: Readonly<Record<string, End>> | End;
  readonly network?: NetworkOptions;
  /** Before the deployment. */
  prepare?(rig: Rig, systems: Systems): Promise<void>;
  /** While it is held. */
  inject?(scene: Scene): Promise<void>;
  /** It is not let go: the fault is that it hangs there. */
  readonly hangs?: true;
  /** Once it goes on again. What would need no hand in a real fault, such as power that comes back. */
  heal?(scene: Scene): Promise<void>;
  /** When all is over, before the check: what somebody would do about the fault itself, e.g. make room on a full disk. */
  end?(scene: Scene): Promise<void>;
  /** The disk may be too full to record how it ended. */
  readonly losesRecord?: true;
  /** Outcomes that may be reported beside those that the end asks for. */
  readonly reports?: readonly (Outcome | null)[];
}

export interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly step: Step | null;
  readonly end: End;
  /** The machine has never been deployed before. */
  readonly first: boolean;
  readonly place: Place;
}

export interface CaseResult {
  readonly name: string;
  readonly fault: string;
  readonly step: string | null;
  readonly first: boolean;
  /** Nothing when it passed. */
  readonly problems: readonly string[];
  /** What helps to find out why it did not. */
  readonly details: readonly string[];
  readonly runs: "old" | "new" | "unknown";
  readonly reported: Outcome | null;
  readonly rebooted: boolean;
  readonly seconds: number;
}

/** The cases of a fault, on a machine that was deployed before or for the first time. */
export function casesOf(
  fault: Fault,
  steps: readonly Step[],
  { first = false, place = "container" }: { first?: boolean; place?: Place } = {},
): Case[] {
  const prefix = `${place === "container" ? "" : "vm/"}${first ? "first/" : ""}`;
  if (typeof fault.at === "string") {
    return [{ name: `${prefix}${fault.name}`, fault, step: null, end: fault.at, first, place }];
  }
  return Object.entries(fault.at).map(([name, end]) => {
    const step = steps.find((candidate) => candidate.name === name);
    if (step === undefined) throw new Error(`${fault.name}: there is no step ${name}`);
    return { name: `${prefix}${fault.name}/${name}`, fault, step, end, first, place };
  });
}

/** Runs a case; what goes wrong in it is in the result. */
export async function runCase(rig: Rig, item: Case): Promise<CaseResult> {
  const begun = performance.now();
  const { fault, step } = item;
  const problems: string[] = [];
  let observed: Observed | undefined;
  let deployment: Deployment | undefined;
  try {
    await rig.begin(item.first);
    const old = rig.runs;
    const systems: Systems = {
      old,
      new: rig.network({ ...fault.network, payload: step?.payload ?? false }),
    };
    await fault.prepare?.(rig, systems);
    const before = await rig.historyLength();
    await step?.arrange(rig, systems);
    deployment = rig.deploy(systems.new);
    const scene: Scene = { rig, systems, step, deployment, boots: rig.machine.bootCount };
    if (step !== null) {
      await rig.orEnd(deployment, step.reached(rig, systems, deployment));
      await fault.inject?.(scene);
      if (fault.hangs !== true) await step.release(rig, systems);
    } else {
      await fault.inject?.(scene);
    }
    await fault.heal?.(scene);
    await deployment.done;
    await rig.settled();
    await rig.disarm();
    await fault.end?.(scene);
    const expected: Expected = { end: item.end, systems, fault };
    observed = await observe(rig, scene, before);
    problems.push(...(await allProblems(rig, observed, expected, deployment)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    deployment?.kill("SIGKILL");
  }
  const details: string[] = [];
  if (problems.length > 0) {
    if (deployment !== undefined) {
      details.push(`reported: ${deployment.outcome} ${deployment.problem} ${deployment.errors}`.trimEnd());
    }
    details.push(await rig.journal());
  }
  return {
    name: item.name,
    fault: fault.name,
    step: step?.name ?? null,
    first: item.first,
    problems,
    details,
    runs: observed?.runs ?? "unknown",
    reported: deployment?.outcome ?? null,
    rebooted: observed?.rebooted ?? false,
    seconds: (performance.now() - begun) / 1000,
  };
}
