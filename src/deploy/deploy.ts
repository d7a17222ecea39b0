/** Deploys an evaluated network: its nodes in the order of a rollout, with a truthful report at the end. */
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import type { EventSink, Outcome } from "../events/event.ts";
import type { EvaluatedNetwork, EvaluationFailure } from "../fleet/evaluated.ts";
import { planPhases } from "../plan/phases.ts";
import { planRollout, type Rollout, type RolloutOptions, type Unit } from "../plan/rollout.ts";
import { sharedHosts } from "../plan/shared-hosts.ts";
import { AtomicGroup } from "./atomic-group.ts";
import { deployer, deploymentId, withSocketDirectory } from "./identity.ts";
import { deployNode, type NodeResult } from "./node.ts";
import { reporterFor } from "./reporter.ts";
import { announceBatches, runRollout, type Slots } from "./rollout.ts";
import type { SecretContents } from "./secrets/contents.ts";
import type { DeployableNode, DeploymentContext } from "./session.ts";
import { defaultTiming, type Timing } from "./steps/switch.ts";
import { Builds } from "./stores/builds.ts";
import { Places } from "./stores/places.ts";
import { switcherObject } from "./target/scripts.ts";

export interface DeploymentOptions extends Partial<RolloutOptions> {
  /** How many machines at the same time; 16 when left out. */
  readonly parallel?: number;
  /** How many may fail while others are still begun; left out: none with batches, otherwise any number. */
  readonly maxFailures?: number | null;
  /** Milliseconds between two batches. */
  readonly pause?: number;
  /** Whether to wait for machines that others deploy, instead of failing. */
  readonly wait?: boolean;
  /** The system that each machine ran when it was last seen from here, by the node's name. */
  readonly lastSeen?: ReadonlyMap<string, string>;
  /** Whether to replace systems that were not last seen from here. */
  readonly force?: boolean;
  /** Whether machines whose nodes say `never` are rebooted too, when that is needed. */
  readonly reboot?: boolean;
  /** Whether to change nothing, and only say what would be done. */
  readonly dryRun?: boolean;
  /** When it aborts, no switch is begun any more; those under way are left to the machines' switchers. */
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
  /** The contents of the secrets that the nodes use; needed only for those that a machine lacks. */
  readonly secrets?: SecretContents;
}

export interface DeploymentReport {
  /** In the order of the network, after those that could not be evaluated. */
  readonly nodes: readonly NodeResult[];
  /** Whether every machine is on its new system, or may be passed over. */
  readonly ok: boolean;
}

const defaultParallel = 16;

/**
 * Deploys the nodes and reports what became of each. A node's failure is part of the report; the only failures are a
 * RolloutError or a PhaseError when an order is impossible, and what keeps everything from beginning (no temporary
 * directory).
 */
export async function deploy(
  network: EvaluatedNetwork,
  options: DeploymentOptions,
  sink: EventSink,
): Promise<DeploymentReport> {
  const nodes = new Map(network.nodes.filter(isDeployable).map((node) => [node.name, node]));
  const { dryRun = false } = options;
  const planned = planRollout([...nodes.values()], {
    batch: options.batch ?? null,
    canaries: options.canaries ?? [],
  });
  // Who only looks looks at all, whatever becomes of the others.
  const rollout = dryRun ? allAtOnce([...nodes.keys()]) : planned;
  for (const node of nodes.values()) planPhases(node.name, node.phases);
  const unevaluated = network.failures.map((failure) => reportUnevaluated(failure, sink));
  return await withSocketDirectory(async (directory) => {
    const objects = new Map(network.objects.map((object) => [object.path, object]));
    const signal = options.signal ?? new AbortController().signal;
    // Each machine that is deployed at the same time listens to it.
    setMaxListeners(0, signal);
    const places = new Places(process.env, directory, signal);
    const builds = new Builds(objects, sink);
    const id = deploymentId();
    const numbers = new Map([...nodes.keys()].map((name, index) => [name, index]));
    const idOf = (name: string) => `${id}-${numbers.get(name)}`;
    const context: DeploymentContext = {
      deployments: new Map([...nodes.keys()].map((name) => [idOf(name), name])),
      conflicts: sharedHosts([...nodes.values()]),
      by: deployer(),
      file: network.file,
      objects,
      switcher: switcherObject(),
      secrets: options.secrets ?? new Map(),
      lastSeen: options.lastSeen ?? new Map(),
      force: options.force ?? false,
      wait: options.wait ?? false,
      reboot: options.reboot ?? false,
      sink,
      dryRun,
      places,
      builds,
      signal,
      timing: options.timing ?? defaultTiming,
    };
    if (dryRun) announceBatches(planned, sink);
    const deployUnit = async (unit: Unit, slots: Slots): Promise<NodeResult[]> => {
      const group = unit.group === null ? undefined : new AtomicGroup(unit.group, unit.nodes);
      return await Promise.all(
        unit.nodes.map((name) =>
          deployNode(
            nodes.get(name)!,
            idOf(name),
            join(directory, String(numbers.get(name))),
            context,
            group,
            slots,
          ),
        ),
      );
    };
    const deployed = await runRollout<NodeResult>({
      rollout,
      parallel: options.parallel ?? defaultParallel,
      maxFailures: dryRun ? null : (options.maxFailures ?? null),
      pause: options.pause ?? 0,
      signal: context.signal,
      sink,
      deploy: deployUnit,
      skip: (name, reason) => skipped(nodes.get(name)!, reason, sink),
    }).finally(() => closeStores(builds, places));
    const results = [...unevaluated, ...[...nodes.keys()].map((name) => deployed.get(name)!)];
    const ok = results.every((result) => result.ok);
    sink({ type: "summary", time: Date.now(), outcomes: countOutcomes(results), ok });
    return { nodes: results, ok };
  });
}

function allAtOnce(names: readonly string[]): Rollout {
  return [{ canary: false, units: names.map((name) => ({ nodes: [name], group: null, after: [] })) }];
}

async function closeStores(builds: Builds, places: Places): Promise<void> {
  await builds.close();
  await places.close();
}

function isDeployable(node: EvaluatedNetwork["nodes"][number]): node is DeployableNode {
  return node.host !== null;
}

function skipped(node: DeployableNode, message: string, sink: EventSink): NodeResult {
  const report = reporterFor(node, sink);
  const problem = { step: "connect", message } as const;
  report({ type: "warning", ...problem });
  report({ type: "finished", outcome: "skipped", system: node.toplevel });
  return {
    ...{ node: node.name, outcome: "skipped", system: node.toplevel, problem, ok: false, runs: null },
    output: [],
  };
}

/** A node that is not begun because nobody knows what it should become. */
function reportUnevaluated({ node, host, message }: EvaluationFailure, sink: EventSink): NodeResult {
  const report = reporterFor({ name: node, host }, sink);
  const problem = { step: "evaluate", message } as const;
  report({ type: "problem", ...problem });
  report({ type: "finished", outcome: "failed", system: "" });
  return { node, outcome: "failed", system: "", problem, ok: false, runs: null, output: [] };
}

function countOutcomes(results: readonly NodeResult[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = {
    activated: 0,
    unchanged: 0,
    "rolled-back": 0,
    failed: 0,
    skipped: 0,
    unknown: 0,
  };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}
