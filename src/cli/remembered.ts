/** What a deployment begins with, and what is remembered of it for the next one. */
import type { DeploymentReport } from "../deploy/deploy.ts";
import type { SecretAccess } from "../deploy/secrets/update.ts";
import type { EventSink } from "../events/event.ts";
import type { EvaluatedNetwork, EvaluatedNode } from "../fleet/evaluated.ts";
import { select } from "../fleet/selection.ts";
import { UserError } from "./errors.ts";
import { whyNoMachine } from "./machines.ts";
import { evaluateWithSecrets, type NetworkWithSecrets } from "./secrets/evaluate.ts";

export interface Beginning {
  readonly file: string;
  /** Selectors. */
  readonly words: readonly string[];
  readonly showTrace: boolean;
  readonly useCache: boolean;
  /** Fail instead of changing `nixus.lock`. */
  readonly locked: boolean;
  /** Leave `nixus.lock` alone. */
  readonly dryRun: boolean;
  readonly access: SecretAccess;
}

/** The selected nodes of the network, evaluated, and their secrets. */
export async function evaluateForDeployment(
  { file, words, showTrace, useCache, locked, dryRun, access }: Beginning,
  sink: EventSink,
): Promise<NetworkWithSecrets> {
  const started = Date.now();
  sink({ type: "evaluating", time: started, file });
  const { network, contents } = await evaluateWithSecrets(
    { file, nodes: words, locked, dryRun, access },
    {
      showTrace,
      useCache,
      onMessage: (_kind, message) => sink({ type: "evaluation-warning", time: Date.now(), message }),
    },
    sink,
  );
  for (const message of network.warnings) sink({ type: "evaluation-warning", time: Date.now(), message });
  const time = Date.now();
  const nodes = network.nodes.map((node) => node.name);
  sink({ type: "evaluated", time, nodes, milliseconds: time - started });
  if (network.failures.length === 0) refuseNoMachine(network.nodes, words);
  return { network, contents };
}

/** What the last deployment has missed, with the systems that it had. */
export async function resumeDeployment(
  directory: string,
  beginning: Beginning,
  sink: EventSink,
): Promise<NetworkWithSecrets> {
  const { readMissed } = await import("../deploy/state/missed.ts");
  const network = readMissed(directory);
  if (network === undefined) {
    throw new UserError("there is nothing to resume: the last deployment from here has missed no machine");
  }
  return await withCurrentSecrets(network, beginning, sink);
}

/** What `nixus build` has built, and nothing else. */
export async function builtForDeployment(
  network: EvaluatedNetwork,
  beginning: Beginning,
  sink: EventSink,
): Promise<NetworkWithSecrets> {
  return await withCurrentSecrets(network, beginning, sink);
}

async function withCurrentSecrets(
  network: EvaluatedNetwork,
  beginning: Beginning,
  sink: EventSink,
): Promise<NetworkWithSecrets> {
  const nodes = select(beginning.words, network.nodes);
  refuseNoMachine(nodes, beginning.words);
  const used = nodes.flatMap(({ secrets }) => secrets.filter((secret) => secret.used));
  if (used.length === 0) return { network: { ...network, nodes }, contents: new Map() };
  // Contents are kept nowhere: they are read again, and have to be those that the systems point to.
  const words = nodes.map(({ name }) => name);
  const now = await evaluateForDeployment({ ...beginning, words, locked: true }, sink);
  const known = new Set(now.network.nodes.flatMap(({ secrets }) => secrets.map(({ entry }) => entry.file)));
  if (used.some(({ entry }) => !known.has(entry.file))) {
    throw new UserError(
      "secrets have other contents now than the systems that are to be deployed point to; deploy the network itself",
    );
  }
  return { network: { ...network, nodes }, contents: now.contents };
}

function refuseNoMachine(nodes: readonly EvaluatedNode[], words: readonly string[]): void {
  if (nodes.some(({ host }) => host !== null)) return;
  throw new UserError(`there is nothing to deploy: ${whyNoMachine(nodes, words)}`);
}

export interface Done {
  readonly directory: string;
  /** The network file. */
  readonly file: string;
  readonly network: EvaluatedNetwork;
  readonly report: DeploymentReport;
  /** Whether it was what an earlier deployment had missed, or a part of that. */
  readonly resumed: boolean;
}

/** What a deployment leaves to the next one. Failing to remember is told, but is no failure of the deployment. */
export async function rememberDeployment(done: Done, sink: EventSink): Promise<void> {
  const { readMissed, rememberMissed } = await import("../deploy/state/missed.ts");
  const { rememberSeen } = await import("../deploy/state/last-seen.ts");
  const { directory, file, report } = done;
  await tellStateErrors(sink, () => {
    rememberSeen(directory, file, report.nodes);
    // What was not even tried this time is still missed.
    const network = (done.resumed ? readMissed(directory) : undefined) ?? done.network;
    const good = report.nodes.filter(({ outcome }) => outcome === "activated" || outcome === "unchanged");
    const names = new Set(good.map(({ node }) => node));
    const missed = network.nodes.filter(({ name, host }) => host !== null && !names.has(name));
    rememberMissed(directory, network, new Set(missed.map(({ name }) => name)));
  });
}

/** What machines are known to run. */
export async function rememberMachines(
  { directory, file, report }: Omit<Done, "network" | "resumed">,
  sink: EventSink,
): Promise<void> {
  const { rememberSeen } = await import("../deploy/state/last-seen.ts");
  await tellStateErrors(sink, () => rememberSeen(directory, file, report.nodes));
}

async function tellStateErrors(sink: EventSink, action: () => void): Promise<void> {
  const { StateError } = await import("../deploy/state/directory.ts");
  try {
    action();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    sink({ type: "evaluation-warning", time: Date.now(), message: error.message });
  }
}
