/** Goes through every machine that can come to be, breadth first, so that what is found is told in as few steps as can be. */
import { createHash } from "node:crypto";
import { isFault, transitions } from "./events.ts";
import { final, momentary } from "./invariants.ts";
import { type Machine, normalised, type Rules } from "./model.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** States in which nothing happens any more. */
  readonly ends: number;
  /** What was seen, for statements on what is reached at all. */
  readonly labels: ReadonlySet<string>;
  readonly counterexample: Counterexample | undefined;
}

export interface Counterexample {
  readonly problem: string;
  /** What happened, in order; faults begin with `!`. */
  readonly trace: readonly string[];
  readonly machine: Machine;
}

export function explore(initial: Machine, rules: Rules): Exploration {
  const seen = new Set<string>([key(initial)]);
  // By number of the state: the one before it, and what led from there.
  const parents: number[] = [-1];
  const causes: string[] = [""];
  const labels = new Set<string>();
  let frontier: { number: number; machine: Machine }[] = [{ number: 0, machine: initial }];
  let count = 0;
  let ends = 0;

  const found = (number: number, problem: string, machine: Machine): Exploration => {
    const trace: string[] = [];
    for (let at = number; at > 0; at = parents[at] ?? 0) trace.unshift(causes[at] ?? "");
    return { ...result(), counterexample: { problem, trace, machine } };
  };
  const result = (): Exploration => ({
    ...{ states: seen.size, transitions: count, ends, labels, counterexample: undefined },
  });

  while (frontier.length > 0) {
    const reached: typeof frontier = [];
    for (const { number, machine } of frontier) {
      const wrong = momentary(machine);
      if (wrong !== undefined) return found(number, wrong, machine);
      const all = transitions(machine, rules);
      count += all.length;
      if (all.every(({ label }) => isFault(label))) {
        ends += 1;
        const left = final(machine);
        if (left !== undefined) return found(number, left, machine);
      }
      for (const { label, to: after } of all) {
        const to = normalised(after);
        const hash = key(to);
        if (seen.has(hash)) continue;
        seen.add(hash);
        labels.add(label);
        reached.push({ number: parents.length, machine: to });
        parents.push(number);
        causes.push(label);
      }
    }
    frontier = reached;
  }
  return result();
}

/** The trace as text, with the machine that it leads to. */
export function explain({ problem, trace, machine }: Counterexample): string {
  const { runs, whole, profile, loader, lock, history, run } = machine;
  const end = { runs, whole, profile, loader, lock, history, run };
  return [`${problem}, after:`, ...trace.map((label) => `  ${label}`), JSON.stringify(end, null, 2)].join(
    "\n",
  );
}

/** Equal for equal machines: the order in which an object's parts were added is not a difference. */
function key(machine: Machine): string {
  const ordered = JSON.stringify({
    ...machine,
    run: sorted(machine.run),
    processes: sorted(machine.processes),
    deployers: sorted(machine.deployers),
    said: sorted(machine.said),
  });
  return createHash("sha1").update(ordered).digest("base64");
}

function sorted(record: object): [string, unknown][] {
  const entries = Object.entries(record);
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
