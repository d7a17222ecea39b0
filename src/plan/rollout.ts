/**
 * The rollout: in which order and in which batches the nodes of a deployment are deployed. Pure. Nodes of an atomic
 * group are one unit, which is never divided; a node that comes `after` others is in their batch or in a later one.
 */

/** What the order depends on. */
export interface RolloutNode {
  readonly name: string;
  /** Names of nodes that have to be on their new system before; those that are not deployed now don't count. */
  readonly after: readonly string[];
  /** Nodes of the same group are all on their new system in the end, or none of them. */
  readonly atomicGroup: string | null;
}

export type BatchSize =
  | { readonly type: "count"; readonly count: number }
  /** Of the nodes that are no canaries, rounded up. */
  | { readonly type: "share"; readonly percent: number };

export interface RolloutOptions {
  /** How many nodes a batch has at most (a larger atomic group is one of its own); null: all in one. */
  readonly batch: BatchSize | null;
  /** Names of nodes that go first, and have to do well before any other is begun. */
  readonly canaries: readonly string[];
}

/** What is deployed as a whole: an atomic group, or one node. */
export interface Unit {
  /** In the order of the network. */
  readonly nodes: readonly string[];
  readonly group: string | null;
  /** Names of nodes of other units that have to be on their new system before. */
  readonly after: readonly string[];
}

export interface Batch {
  readonly canary: boolean;
  /** Each comes after those that it depends on. */
  readonly units: readonly Unit[];
}

export type Rollout = readonly Batch[];

/** The order that the nodes ask for is impossible. */
export class RolloutError extends Error {
  override readonly name = "RolloutError";
}

/** Every node is in exactly one unit of one batch. Throws a RolloutError for a cycle. */
export function planRollout(nodes: readonly RolloutNode[], options: RolloutOptions): Rollout {
  const units = sortUnits(unitsOf(nodes), nodes);
  const first = withDependencies(units, new Set(options.canaries));
  const canaries = units.filter((unit) => first.has(unit));
  const rest = units.filter((unit) => !first.has(unit));
  const batches = cut(rest, batchLimit(options.batch, sizeOf(rest))).map((batch) => ({
    canary: false,
    units: batch,
  }));
  return canaries.length === 0 ? batches : [{ canary: true, units: canaries }, ...batches];
}

export function batchNodes(batch: Batch): string[] {
  return batch.units.flatMap((unit) => unit.nodes);
}

function sizeOf(units: readonly Unit[]): number {
  return units.reduce((sum, unit) => sum + unit.nodes.length, 0);
}

function batchLimit(batch: BatchSize | null, count: number): number {
  switch (batch?.type) {
    case undefined:
      return Number.POSITIVE_INFINITY;
    case "count":
      return batch.count;
    case "share":
      return Math.max(1, Math.ceil((count * batch.percent) / 100));
  }
}

function unitsOf(nodes: readonly RolloutNode[]): Unit[] {
  const deployed = new Set(nodes.map(({ name }) => name));
  const members = new Map<string, RolloutNode[]>();
  for (const node of nodes) {
    const key = node.atomicGroup === null ? `node ${node.name}` : `group ${node.atomicGroup}`;
    members.set(key, [...(members.get(key) ?? []), node]);
  }
  return [...members.values()].map((unit) => {
    const names = unit.map(({ name }) => name);
    for (const node of unit) {
      const other = node.after.find((name) => names.includes(name));
      if (other === undefined) continue;
      throw new RolloutError(
        other === node.name
          ? `node '${node.name}' can't come after itself`
          : `node '${node.name}' comes after '${other}', but both are in the atomic group '${node.atomicGroup}', which is switched as a whole`,
      );
    }
    const after = new Set(unit.flatMap((node) => node.after).filter((name) => deployed.has(name)));
    return { nodes: names, group: unit[0]!.atomicGroup, after: [...after] };
  });
}

/** Each after those that it depends on, otherwise in the order that they have. */
function sortUnits(units: readonly Unit[], nodes: readonly RolloutNode[]): Unit[] {
  const unitOf = new Map(units.flatMap((unit) => unit.nodes.map((name) => [name, unit] as const)));
  const sorted: Unit[] = [];
  const state = new Map<Unit, "visiting" | "done">();
  /** The units that are being visited, each but the first with the name by which the one before depends on it. */
  const path: { readonly unit: Unit; readonly by: string }[] = [];
  const visit = (unit: Unit, by: string): void => {
    const known = state.get(unit);
    if (known === "done") return;
    path.push({ unit, by });
    if (known === "visiting") {
      const begin = path.findIndex((step) => step.unit === unit);
      throw new RolloutError(cycleMessage(path.slice(begin), nodes));
    }
    state.set(unit, "visiting");
    for (const name of unit.after) visit(unitOf.get(name)!, name);
    path.pop();
    state.set(unit, "done");
    sorted.push(unit);
  };
  for (const unit of units) visit(unit, unit.nodes[0]!);
  return sorted;
}

/** The first and the last step are at the same unit. */
function cycleMessage(
  path: readonly { readonly unit: Unit; readonly by: string }[],
  nodes: readonly RolloutNode[],
): string {
  const clauses = path.slice(1).flatMap(({ by }, index) => {
    const { unit, by: enteredBy } = path[index]!;
    const from = nodes.find(({ name, after }) => unit.nodes.includes(name) && after.includes(by))!.name;
    // The cycle is entered at its end.
    const entered = index === 0 ? path.at(-1)!.by : enteredBy;
    const together =
      entered === from
        ? []
        : [`'${entered}' is switched together with '${from}' (atomic group '${unit.group}')`];
    return [...together, `'${from}' comes after '${by}'`];
  });
  return `the nodes can't be deployed in the order that they ask for: ${clauses.join(", ")}`;
}

/** The units with one of these nodes, and all that these depend on. `units` are sorted. */
function withDependencies(units: readonly Unit[], names: ReadonlySet<string>): Set<Unit> {
  const wanted = new Set(names);
  const found = new Set<Unit>();
  for (const unit of [...units].reverse()) {
    if (!unit.nodes.some((name) => wanted.has(name))) continue;
    found.add(unit);
    for (const name of unit.after) wanted.add(name);
  }
  return found;
}

function cut(units: readonly Unit[], limit: number): Unit[][] {
  const batches: Unit[][] = [];
  for (const unit of units) {
    const last = batches.at(-1);
    if (last !== undefined && sizeOf(last) + unit.nodes.length <= limit) last.push(unit);
    else batches.push([unit]);
  }
  return batches;
}
