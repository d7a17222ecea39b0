/** Carries out the plan of a rollout: batch after batch, in each as many nodes at the same time as are allowed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventSink, Outcome } from "../events/event.ts";
import { type Batch, batchNodes, type Rollout, type Unit } from "../plan/rollout.ts";
import { decide } from "../plan/rollout-progress.ts";

/** Counts who is at work. A node that only waits lets others have its place meanwhile. */
export interface Slots {
  away<T>(waiting: Promise<T>): Promise<T>;
}

export interface RolloutRun<R extends { readonly node: string; readonly outcome: Outcome }> {
  readonly rollout: Rollout;
  readonly parallel: number;
  readonly maxFailures: number | null;
  /** Milliseconds between two batches. */
  readonly pause: number;
  readonly signal: AbortSignal;
  readonly sink: EventSink;
  /** Deploys all nodes of a unit. Never fails. */
  readonly deploy: (unit: Unit, slots: Slots) => Promise<readonly R[]>;
  readonly skip: (node: string, reason: string) => R;
}

/** Resolves with the results of all nodes, by name. */
export async function runRollout<R extends { readonly node: string; readonly outcome: Outcome }>(
  run: RolloutRun<R>,
): Promise<ReadonlyMap<string, R>> {
  const results = new Map<string, R>();
  for (const [index, batch] of run.rollout.entries()) {
    if (index > 0) await pause(run, batch, results);
    announce(run, index);
    await new BatchRun(run, results).carryOut(batch);
  }
  return results;
}

/** Where there are several. */
function announce({ rollout, sink }: Pick<RolloutRun<never>, "rollout" | "sink">, index: number): void {
  const batch = rollout[index];
  if (batch === undefined || rollout.length === 1) return;
  const nodes = batchNodes(batch);
  const { canary } = batch;
  sink({ type: "batch", time: Date.now(), number: index + 1, count: rollout.length, canary, nodes });
}

/** Says in which batches the nodes would be deployed. */
export function announceBatches(rollout: Rollout, sink: EventSink): void {
  for (const index of rollout.keys()) announce({ rollout, sink }, index);
}

/** Not before a batch of which nothing will be begun. */
async function pause<R extends { readonly node: string; readonly outcome: Outcome }>(
  run: RolloutRun<R>,
  batch: Batch,
  results: ReadonlyMap<string, R>,
): Promise<void> {
  if (run.pause === 0 || run.signal.aborted) return;
  const outcomes = outcomesOf(results);
  if (batch.units.every((unit) => decide(unit, run.rollout, outcomes, run.maxFailures).type === "skip"))
    return;
  run.sink({ type: "pause", time: Date.now(), seconds: run.pause / 1000 });
  await sleep(run.pause, undefined, { signal: run.signal }).catch(() => {});
}

function outcomesOf<R extends { readonly outcome: Outcome }>(
  results: ReadonlyMap<string, R>,
): ReadonlyMap<string, Outcome> {
  return new Map([...results].map(([name, { outcome }]) => [name, outcome]));
}

class BatchRun<R extends { readonly node: string; readonly outcome: Outcome }> {
  private readonly run: RolloutRun<R>;
  private readonly results: Map<string, R>;
  private readonly outcomes: Map<string, Outcome>;
  private working = 0;
  private wake: () => void = () => {};

  constructor(run: RolloutRun<R>, results: Map<string, R>) {
    this.run = run;
    this.results = results;
    this.outcomes = new Map(outcomesOf(results));
  }

  async carryOut({ units }: Batch): Promise<void> {
    let waiting: readonly Unit[] = units;
    const running = new Set<Promise<void>>();
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      waiting = waiting.filter((unit) => !this.begin(unit, running));
      if (waiting.length === 0 && running.size === 0) return;
      await changed;
    }
  }

  /** Whether it was begun, or never will be. */
  private begin(unit: Unit, running: Set<Promise<void>>): boolean {
    // With everybody at work nothing can be begun, and nothing is to be thought about a thousand times.
    if (this.working >= this.run.parallel) return false;
    const decision = decide(unit, this.run.rollout, this.outcomes, this.run.maxFailures);
    switch (decision.type) {
      case "wait":
        return false;
      case "skip":
        this.ended(unit.nodes.map((name) => this.run.skip(name, decision.reason)));
        return true;
      case "begin": {
        const size = unit.nodes.length;
        if (this.working > 0 && this.working + size > this.run.parallel) return false;
        this.working += size;
        const work = this.run.deploy(unit, this).then((results) => {
          this.working -= size;
          running.delete(work);
          this.ended(results);
        });
        running.add(work);
        return true;
      }
    }
  }

  private ended(results: readonly R[]): void {
    for (const result of results) {
      this.results.set(result.node, result);
      this.outcomes.set(result.node, result.outcome);
    }
    this.wake();
  }

  async away<T>(promise: Promise<T>): Promise<T> {
    this.working -= 1;
    this.wake();
    try {
      return await promise;
    } finally {
      this.working += 1;
    }
  }
}
