import { buildCommand } from "@stricli/core";
import type { EventSink } from "../../events/event.ts";
import type { EvaluatedNetwork } from "../../fleet/evaluated.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { abortOnInterrupt } from "../interrupt.ts";
import { selectorWords } from "../machines.ts";
import { findNetworkFile } from "../network-file.ts";
import {
  builtForDeployment,
  evaluateForDeployment,
  rememberDeployment,
  resumeDeployment,
} from "../remembered.ts";
import { endingInEvent } from "../sinks.ts";
import * as text from "../text.ts";
import { machineNames, type View, viewOf } from "../view.ts";
import {
  evalCacheFlag,
  fileFlag,
  identityFlag,
  jsonEventsFlag,
  lockedFlag,
  progressFlag,
  showTraceFlag,
  switchFlag,
} from "./flags.ts";
import { type RolloutFlags, rolloutFlags, rolloutOptions } from "./rollout-flags.ts";

interface Flags extends RolloutFlags {
  readonly file?: string;
  readonly identity?: readonly string[];
  readonly json: boolean;
  readonly locked: boolean;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
  readonly verbose: boolean;
  readonly progress: boolean;
  readonly changed: boolean;
  readonly resume: boolean;
  readonly built?: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly wait: boolean;
  readonly reboot: boolean;
}

export const deployCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...words) {
    refuseContradictions(flags);
    const view = viewOf(this.process, flags);
    await endingInEvent(flags.json, view.sink, () => deployNodes(this.process, flags, words, view));
  },
  parameters: {
    flags: {
      file: fileFlag,
      identity: identityFlag,
      locked: lockedFlag,
      json: jsonEventsFlag,
      showTrace: showTraceFlag,
      evalCache: evalCacheFlag,
      verbose: switchFlag(text.flags.verbose),
      progress: progressFlag,
      ...rolloutFlags,
      changed: switchFlag(text.deploy.changed),
      resume: switchFlag(text.deploy.resume),
      built: {
        kind: "parsed",
        parse: String,
        brief: text.deploy.built,
        placeholder: "result",
        optional: true,
      },
      dryRun: switchFlag(text.deploy.dryRun),
      force: switchFlag(text.deploy.force),
      wait: switchFlag(text.deploy.wait),
      reboot: switchFlag(text.deploy.reboot),
    },
    aliases: { f: "file", i: "identity", p: "parallel", v: "verbose" },
    positional: selectorWords,
  },
  docs: { brief: text.deploy.brief, customUsage: ["[NODE...]"] },
});

async function deployNodes(
  process: NodeJS.Process,
  flags: Flags,
  words: readonly string[],
  view: View,
): Promise<void> {
  const { sink } = view;
  const saved = flags.built === undefined ? undefined : await readBuilt(flags.built);
  const file = saved?.file ?? findNetworkFile(flags.file, process.cwd());
  // Not before it is needed: commands that deploy nothing start without it.
  const { deploy } = await import("../../deploy/deploy.ts");
  const { stateDirectory } = await import("../../deploy/state/directory.ts");
  const { readLastSeen } = await import("../../deploy/state/last-seen.ts");
  const directory = stateDirectory(file, process.env);
  const lastSeen = readLastSeen(directory);
  const access = { env: { ...process.env }, identityFiles: flags.identity ?? [] };
  const { showTrace, evalCache, locked, force, wait, dryRun, reboot } = flags;
  const beginning = { file, words, showTrace, useCache: evalCache, locked, dryRun, access };
  const { network: found, contents } =
    saved !== undefined
      ? await builtForDeployment(saved, beginning, sink)
      : flags.resume
        ? await resumeDeployment(directory, beginning, sink)
        : await evaluateForDeployment(beginning, sink);
  const network = flags.changed ? changedOnly(found, lastSeen) : found;
  if (network === undefined) {
    say(sink, "every machine was last seen on its system; nothing to deploy");
    return;
  }
  const options = rolloutOptions(flags, network);
  const interrupted = abortOnInterrupt(process);
  const { signal } = interrupted;
  try {
    if (!dryRun) await view.begin(machineNames(network));
    const report = await deploy(
      network,
      { ...options, lastSeen, force, wait, dryRun, reboot, signal, secrets: contents },
      sink,
    );
    if (!dryRun) await rememberDeployment({ directory, file, network, report, resumed: flags.resume }, sink);
    if (!report.ok) process.exitCode = 1;
  } finally {
    view.end();
    interrupted.stop();
  }
}

/** A ./result knows its network file, and what it deploys. */
function refuseContradictions({ built, file, resume }: Flags): void {
  if (built === undefined) return;
  const other = file !== undefined ? "--file" : resume ? "--resume" : undefined;
  if (other !== undefined) throw new UsageError(`--built (of a ./result) and ${other} exclude each other`);
}

/** Only the nodes whose system is not the one that was last seen on the machine; undefined when there are none. */
function changedOnly(
  network: EvaluatedNetwork,
  lastSeen: ReadonlyMap<string, string>,
): EvaluatedNetwork | undefined {
  const nodes = network.nodes.filter(({ name, toplevel }) => lastSeen.get(name) !== toplevel);
  return nodes.length + network.failures.length === 0 ? undefined : { ...network, nodes };
}

async function readBuilt(path: string): Promise<EvaluatedNetwork> {
  const { readResult } = await import("../../deploy/state/result.ts");
  return readResult(path);
}

function say(sink: EventSink, message: string): void {
  sink({ type: "notice", time: Date.now(), message });
}
