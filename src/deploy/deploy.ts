/** Deploys an evaluated network: its nodes in parallel, each on its own, with a truthful report at the end. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { EventSink, Outcome } from "../events/event.ts";
import type { EvaluatedNetwork, EvaluationFailure } from "../fleet/evaluated.ts";
import { deployNode, type NodeResult } from "./node.ts";
import { reporterFor } from "./reporter.ts";
import type { SecretContents } from "./secrets/contents.ts";
import type { DeployableNode, DeploymentContext } from "./session.ts";
import { defaultTiming, type Timing } from "./steps/switch.ts";
import { switcherObject } from "./target/scripts.ts";

export interface DeploymentOptions {
  /** Names of the nodes to deploy; all that have a host when left out. */
  readonly nodes?: readonly string[];
  /** How many machines at the same time; 16 when left out. */
  readonly parallel?: number;
  /** When it aborts, no switch is begun any more; those under way are left to the machines' switchers. */
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
  /** The contents of the secrets that the nodes use; needed only for those that a machine lacks. */
  readonly secrets?: SecretContents;
}

export interface DeploymentReport {
  /** In the order of the network, after those that could not be evaluated. */
  readonly nodes: readonly NodeResult[];
  /** Whether every machine is on its new system. */
  readonly ok: boolean;
}

/** A node was asked for that can't be deployed. */
export class SelectionError extends Error {
  override readonly name = "SelectionError";
}

const defaultParallel = 16;

/** Longest directory of control sockets: ssh adds 17 characters to a path that may have 107 (unix(7)). */
const longestSocketDirectory = 80;

/**
 * Deploys the nodes and reports what became of each. A node's failure is part of the report; the only failures are a
 * SelectionError and what keeps everything from beginning (no temporary directory).
 */
export async function deploy(
  network: EvaluatedNetwork,
  options: DeploymentOptions,
  sink: EventSink,
): Promise<DeploymentReport> {
  const nodes = selectNodes(network, options.nodes);
  const unevaluated = network.failures.map((failure) => reportUnevaluated(failure, sink));
  const context: DeploymentContext = {
    id: deploymentId(),
    by: deployer(),
    objects: new Map(network.objects.map((object) => [object.path, object])),
    switcher: switcherObject(),
    secrets: options.secrets ?? new Map(),
    sink,
    signal: options.signal ?? new AbortController().signal,
    timing: options.timing ?? defaultTiming,
  };
  const directory = await socketDirectory();
  try {
    const deployed = await inParallel(nodes, options.parallel ?? defaultParallel, (node, index) =>
      deployNode(node, join(directory, String(index)), context),
    );
    const results = [...unevaluated, ...deployed];
    const ok = results.every(({ outcome }) => outcome === "activated" || outcome === "unchanged");
    sink({ type: "summary", time: Date.now(), outcomes: countOutcomes(results), ok });
    return { nodes: results, ok };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A node that is not begun because nobody knows what it should become. */
function reportUnevaluated({ node, host, message }: EvaluationFailure, sink: EventSink): NodeResult {
  const report = reporterFor({ name: node, host }, sink);
  const problem = { step: "evaluate", message } as const;
  report({ type: "problem", ...problem });
  report({ type: "finished", outcome: "failed", system: "" });
  return { node, outcome: "failed", system: "", problem, output: [] };
}

function selectNodes(network: EvaluatedNetwork, names: readonly string[] | undefined): DeployableNode[] {
  const known = new Map(network.nodes.map((node) => [node.name, node]));
  for (const name of names ?? []) {
    const node = known.get(name);
    if (node === undefined) {
      const all = [...known.keys()].join(", ");
      throw new SelectionError(`there is no node '${name}' in ${network.file} (nodes: ${all})`);
    }
    if (node.host === null) throw new SelectionError(`node '${name}' has no host, so it can't be deployed`);
  }
  return network.nodes.filter(
    (node): node is DeployableNode =>
      node.host !== null && (names === undefined || names.includes(node.name)),
  );
}

/** Sortable by time, and unique on every machine. */
function deploymentId(): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:T]/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}

/** `user@host`, as it is shown to others who find the machine locked. */
function deployer(): string {
  const user = process.env["SUDO_USER"] ?? userName();
  return `${user}@${hostname()}`.replace(/[^A-Za-z0-9@._-]/g, "_");
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id without an account.
    return `uid${process.getuid?.() ?? ""}`;
  }
}

/** A private directory (mode 0700) whose name is short enough for control sockets. */
async function socketDirectory(): Promise<string> {
  const parent = tmpdir();
  const usable = Buffer.byteLength(join(parent, "nixus-XXXXXX")) <= longestSocketDirectory ? parent : "/tmp";
  return await mkdtemp(join(usable, "nixus-"));
}

/** Runs a job for each item, at most `limit` at a time. The results are in the order of the items. */
async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  job: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) results[index] = await job(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
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
