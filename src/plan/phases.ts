/** In which order the phases of a node's deployment run: its own scripts before and after the built-in phases. Pure. */
import type { DeployPhase } from "../fleet/settings.ts";

/** In this order. `switch` is the activation, `confirm` the connection that proves it, `commit` the end. */
export const builtInPhases = ["connect", "build", "copy", "secrets", "switch", "confirm", "commit"] as const;
export type BuiltInPhase = (typeof builtInPhases)[number];

/** The scripts that run before a built-in phase, by its name; those that run after everything are at `end`. */
export type PhasePlan = Readonly<Record<BuiltInPhase | "end", readonly DeployPhase[]>>;

/** The phases ask for an order that is impossible, or one has a name that is taken. */
export class PhaseError extends Error {
  override readonly name = "PhaseError";
}

/**
 * The order. Phases that say nothing of what comes after the switch come before it; one that only has to come before
 * something runs right before that, one that has to come after something right after it. Names in `before` and `after`
 * that are no phases are ignored, as everywhere in DAGs. Throws a PhaseError that names `node`.
 */
export function planPhases(node: string, phases: readonly DeployPhase[]): PhasePlan {
  const taken = phases.find(({ name }) => isBuiltIn(name));
  if (taken !== undefined) {
    throw new PhaseError(
      `node '${node}': the phase '${taken.name}' is built in; give yours another name and order it with lib.dag.entryBefore or entryAfter`,
    );
  }
  const earlier = predecessors(phases);
  const afterSwitch = reaching(earlier, "switch");
  for (const { name } of phases) if (!afterSwitch.has(name)) earlier.get("switch")!.add(name);

  const plan: Record<BuiltInPhase | "end", DeployPhase[]> = {
    ...{ connect: [], build: [], copy: [], secrets: [], switch: [], confirm: [], commit: [], end: [] },
  };
  const left = new Map([...phases].sort((a, b) => (a.name < b.name ? -1 : 1)).map((one) => [one.name, one]));
  const placed = new Set<string>();
  const ready = (name: string) => [...earlier.get(name)!].every((other) => placed.has(other));
  for (const next of [...builtInPhases, "end"] as const) {
    const needed = next === "end" ? new Set(left.keys()) : reachable(earlier, next);
    for (;;) {
      const free = [...left.values()].filter(({ name }) => ready(name));
      const chosen = free.find(({ name }) => followsSomething(earlier, name) || needed.has(name));
      if (chosen === undefined) break;
      left.delete(chosen.name);
      placed.add(chosen.name);
      plan[next].push(chosen);
    }
    if (next !== "end" && !ready(next)) throw new PhaseError(cycleMessage(node, earlier, placed, next));
    placed.add(next);
  }
  const stuck = [...left.keys()][0];
  if (stuck !== undefined) throw new PhaseError(cycleMessage(node, earlier, placed, stuck));
  return plan;
}

function isBuiltIn(name: string): name is BuiltInPhase {
  return (builtInPhases as readonly string[]).includes(name);
}

/** By phase, built-in ones among them: the phases that come earlier. */
function predecessors(phases: readonly DeployPhase[]): Map<string, Set<string>> {
  const earlier = new Map<string, Set<string>>();
  for (const [index, name] of builtInPhases.entries()) {
    earlier.set(name, new Set(builtInPhases.slice(0, index)));
  }
  for (const { name } of phases) earlier.set(name, new Set());
  for (const { name, before, after } of phases) {
    for (const later of before) earlier.get(later)?.add(name);
    for (const first of after) if (earlier.has(first)) earlier.get(name)!.add(first);
  }
  return earlier;
}

function followsSomething(earlier: ReadonlyMap<string, ReadonlySet<string>>, name: string): boolean {
  return earlier.get(name)!.size > 0;
}

/** All that come before `name`, directly or not. */
function reachable(earlier: ReadonlyMap<string, ReadonlySet<string>>, name: string): Set<string> {
  const found = new Set<string>();
  const visit = (at: string): void => {
    for (const other of earlier.get(at)!) {
      if (found.has(other)) continue;
      found.add(other);
      visit(other);
    }
  };
  visit(name);
  return found;
}

/** Phases that come after `name`, directly or not. */
function reaching(earlier: ReadonlyMap<string, ReadonlySet<string>>, name: string): Set<string> {
  return new Set([...earlier.keys()].filter((other) => reachable(earlier, other).has(name)));
}

/** Follows what has not been placed, until something comes again. */
function cycleMessage(
  node: string,
  earlier: ReadonlyMap<string, ReadonlySet<string>>,
  placed: ReadonlySet<string>,
  start: string,
): string {
  const path = [start];
  for (;;) {
    const next = [...earlier.get(path.at(-1)!)!].find((name) => !placed.has(name))!;
    const begin = path.indexOf(next);
    path.push(next);
    if (begin < 0) continue;
    const cycle = path.slice(begin).reverse();
    return `node '${node}': the order of its deployScriptPhases is a cycle, each has to come before the next: ${cycle.map((name) => `'${name}'`).join(" -> ")}`;
  }
}
