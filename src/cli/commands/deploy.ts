import { buildCommand } from "@stricli/core";
import type { Event } from "../../events/event.ts";
import type { Context } from "../context.ts";
import { UserError } from "../errors.ts";
import { findNetworkFile } from "../network-file.ts";
import { type Detail, lineRenderer } from "../render/lines.ts";
import { evaluateWithSecrets } from "../secrets/evaluate.ts";
import * as text from "../text.ts";
import {
  evalCacheFlag,
  fileFlag,
  identityFlag,
  lockedFlag,
  positiveInteger,
  showTraceFlag,
} from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly identity?: readonly string[];
  readonly json: boolean;
  readonly locked: boolean;
  readonly parallel: number;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
  readonly verbose: boolean;
}

export const deployCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...names) {
    const sink = flags.json
      ? jsonSink(this.process)
      : lineSink(this.process, flags.verbose ? "verbose" : "brief");
    const file = findNetworkFile(flags.file, this.process.cwd());
    const started = Date.now();
    sink({ type: "evaluating", time: started, file });
    const { network, contents } = await evaluateWithSecrets(
      {
        file,
        nodes: names.length > 0 ? names : undefined,
        locked: flags.locked,
        access: { env: { ...this.process.env }, identityFiles: flags.identity ?? [] },
      },
      {
        showTrace: flags.showTrace,
        useCache: flags.evalCache,
        onMessage: (_kind, message) => sink({ type: "evaluation-warning", time: Date.now(), message }),
      },
      sink,
    );
    for (const message of network.warnings) sink({ type: "evaluation-warning", time: Date.now(), message });
    const time = Date.now();
    sink({
      type: "evaluated",
      time,
      nodes: network.nodes.map((node) => node.name),
      milliseconds: time - started,
    });
    if (!network.nodes.some((node) => node.host !== null)) {
      throw new UserError("there is nothing to deploy: no node of the network has a host");
    }
    const interrupted = abortOnInterrupt(this.process);
    // Not before it is needed: commands that deploy nothing start without it.
    const { deploy } = await import("../../deploy/deploy.ts");
    try {
      const report = await deploy(
        network,
        { parallel: flags.parallel, signal: interrupted.signal, secrets: contents },
        sink,
      );
      if (!report.ok) this.process.exitCode = 1;
    } finally {
      interrupted.stop();
    }
  },
  parameters: {
    flags: {
      file: fileFlag,
      identity: identityFlag,
      json: { kind: "boolean", brief: text.flags.jsonEvents, default: false, withNegated: false },
      locked: lockedFlag,
      parallel: {
        kind: "parsed",
        parse: positiveInteger,
        brief: text.flags.parallel,
        default: "16",
        placeholder: "n",
      },
      showTrace: showTraceFlag,
      evalCache: evalCacheFlag,
      verbose: { kind: "boolean", brief: text.flags.verbose, default: false, withNegated: false },
    },
    aliases: { f: "file", p: "parallel", v: "verbose" },
    positional: {
      kind: "array",
      parameter: { brief: text.deploy.nodes, parse: String, placeholder: "node" },
    },
  },
  docs: { brief: text.deploy.brief },
});

function lineSink(process: NodeJS.Process, detail: Detail): (event: Event) => void {
  const render = lineRenderer(detail);
  return (event) => {
    for (const line of render(event)) process[line.stream].write(`${line.text}\n`);
  };
}

function jsonSink(process: NodeJS.Process): (event: Event) => void {
  return (event) => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  };
}

/** The first Ctrl-C ends what has not begun to switch; a second one ends the process at once. */
function abortOnInterrupt(process: NodeJS.Process): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    controller.abort(new UserError(`interrupted by ${signal}`));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
