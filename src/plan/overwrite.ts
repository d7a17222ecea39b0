/** That a deployment of others is not undone by one that knows nothing of it. Pure. */
import type { Facts } from "./facts.ts";
import { isoTime, parseHistoryLine } from "./history.ts";

/**
 * Why the machine's system may not be replaced: it is neither the one that was last seen there from this network, nor
 * `wanted`. undefined: it may be. `lastSeen` null: nothing is known of it here.
 */
export function overwriteProblem(facts: Facts, wanted: string, lastSeen: string | null): string | undefined {
  const running = facts.currentSystem;
  // A deployment that was left half-way: the switcher brings it to its end first, and asks again what runs.
  if (facts.lock !== null) return undefined;
  if (lastSeen === null || running === null || running === lastSeen || running === wanted) return undefined;
  return `the machine runs ${running}, which ${origin(facts)}; when it was last seen from here it ran ${lastSeen}. To replace it all the same, deploy with --force`;
}

function origin({ currentSystem, lastDeployment }: Facts): string {
  const last = lastDeployment === null ? undefined : parseHistoryLine(lastDeployment);
  if (last === undefined) return "was not put there by Nixus";
  const runs = last.outcome === "activated" ? last.system : last.previous;
  return runs === currentSystem && last.outcome === "activated"
    ? `was deployed by ${last.by} at ${isoTime(last.end)}`
    : `was not put there by Nixus (its last deployment was by ${last.by} at ${isoTime(last.end)})`;
}
