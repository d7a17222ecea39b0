import { buildCommand } from "@stricli/core";
import type { EventSink } from "../../events/event.ts";
import type { Context } from "../context.ts";
import { abortOnInterrupt } from "../interrupt.ts";
import { machineFlags, selectorWords } from "../machines.ts";
import { findNetworkFile } from "../network-file.ts";
import { evaluateForDeployment } from "../remembered.ts";
import { DiffRenderer } from "../render/diff.ts";
import { endingInEvent, jsonSink, lineSink } from "../sinks.ts";
import * as text from "../text.ts";
import { evalCacheFlag, identityFlag, jsonEventsFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly identity?: readonly string[];
  readonly json: boolean;
  readonly parallel: number;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
}

export const diffCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...words) {
    const { process } = this;
    const sink = flags.json ? jsonSink(process) : lineSink(process, "brief");
    await endingInEvent(flags.json, sink, () => showDifferences(process, flags, words, sink));
  },
  parameters: {
    flags: {
      ...machineFlags,
      identity: identityFlag,
      json: jsonEventsFlag,
      evalCache: evalCacheFlag,
    },
    aliases: { f: "file", i: "identity", p: "parallel" },
    positional: selectorWords,
  },
  docs: { brief: text.diff.brief, customUsage: ["[NODE...]"] },
});

async function showDifferences(
  process: NodeJS.Process,
  flags: Flags,
  words: readonly string[],
  sink: EventSink,
): Promise<void> {
  const file = findNetworkFile(flags.file, process.cwd());
  const access = { env: { ...process.env }, identityFiles: flags.identity ?? [] };
  const { parallel, showTrace, evalCache } = flags;
  const { network, contents } = await evaluateForDeployment(
    { file, words, showTrace, useCache: evalCache, locked: false, dryRun: true, access },
    sink,
  );
  const { deploy } = await import("../../deploy/deploy.ts");
  const interrupted = abortOnInterrupt(process);
  const renderer = new DiffRenderer();
  try {
    const report = await deploy(
      network,
      // Who put the system there that is compared with makes no difference.
      { parallel, force: true, dryRun: true, signal: interrupted.signal, secrets: contents },
      flags.json ? sink : (event) => renderer.take(event),
    );
    if (!flags.json) process.stdout.write(renderer.text(report.nodes.map(({ node }) => node)));
    if (!report.ok) process.exitCode = 1;
  } finally {
    interrupted.stop();
  }
}
