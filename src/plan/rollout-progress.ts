/** How a rollout goes on: which unit may begin, and which never will. Pure; the outcomes so far decide. */
import type { Outcome } from "../events/event.ts";
import { type Batch, batchNodes, type Rollout, type Unit } from "./rollout.ts";

export type Outcomes = ReadonlyMap<string, Outcome>;

export type Decision =
  | { readonly type: "begin" }
  /** It depends on nodes that have not ended. */
  | { readonly type: "wait" }
  /** It is not deployed at all. */
  | { readonly type: "skip"; readonly reason: string };

/**
 * How many nodes may fail while others are still begun: as many as were said; otherwise none where there are batches,
 * which are there to be stopped at, and any number where all go at once.
 */
function allowedFailures(rollout: Rollout, maxFailures: number | null): number {
  return maxFailures ?? (rollout.length > 1 ? 0 : Number.POSITIVE_INFINITY);
}

export function isFailure(outcome: Outcome): boolean {
  switch (outcome) {
    case "activated":
    case "unchanged":
    case "skipped":
      return false;
    case "rolled-back":
    case "failed":
    case "unknown":
      return true;
  }
}

/** Whether the unit of a batch may begin; those of earlier batches have ended. */
export function decide(
  unit: Unit,
  rollout: Rollout,
  outcomes: Outcomes,
  maxFailures: number | null,
): Decision {
  for (const name of unit.after) {
    const outcome = outcomes.get(name);
    if (outcome === undefined) return { type: "wait" };
    if (outcome !== "activated" && outcome !== "unchanged") {
      return { type: "skip", reason: `it comes after '${name}', which is not on its new system` };
    }
  }
  const failures = [...outcomes.values()].filter(isFailure).length;
  const reason = stopReason(failures, rollout, outcomes, maxFailures);
  return reason === undefined ? { type: "begin" } : { type: "skip", reason };
}

function stopReason(
  failures: number,
  rollout: Rollout,
  outcomes: Outcomes,
  maxFailures: number | null,
): string | undefined {
  const [first] = rollout;
  const canary = first?.canary ? failedCanary(first, outcomes) : undefined;
  if (canary !== undefined && failures > (maxFailures ?? 0)) {
    return `the canary '${canary}' failed, so that no other machine was begun`;
  }
  if (failures <= allowedFailures(rollout, maxFailures)) return undefined;
  const machines = failures === 1 ? "1 machine" : `${failures} machines`;
  return `${machines} failed, so that no other was begun (--max-failures ${maxFailures ?? 0})`;
}

function failedCanary(batch: Batch, outcomes: Outcomes): string | undefined {
  return batchNodes(batch).find((name) => {
    const outcome = outcomes.get(name);
    return outcome !== undefined && isFailure(outcome);
  });
}
