import { join } from "node:path";
import { buildCommand as command } from "@stricli/core";
import { reporterFor } from "../../deploy/reporter.ts";
import type { EventSink } from "../../events/event.ts";
import type { EvaluatedNetwork, EvaluatedNode } from "../../fleet/evaluated.ts";
import type { Context } from "../context.ts";
import { UsageError, UserError } from "../errors.ts";
import { evaluate } from "../evaluation/client.ts";
import { aboutNode } from "../failure.ts";
import { abortOnInterrupt } from "../interrupt.ts";
import { findNetworkFile, NoNetworkFile } from "../network-file.ts";
import { endingInEvent, jsonSink, lineSink } from "../sinks.ts";
import * as text from "../text.ts";
import { evalCacheFlag, fileFlag, jsonEventsFlag, nodesFlag, showTraceFlag, switchFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly on?: readonly string[];
  readonly json: boolean;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
  readonly dryRun: boolean;
  readonly keepGoing: boolean;
}

export const buildCommand = command<Flags, [file?: string], Context>({
  async func(flags, given) {
    const { process } = this;
    if (given !== undefined && flags.file !== undefined) {
      throw new UsageError("the network file is named twice: as an argument and with -f");
    }
    const file = fileToBuild(given, flags.file, process.cwd());
    const sink = flags.json ? jsonSink(process) : lineSink(process, "verbose");
    await endingInEvent(flags.json, sink, () => buildNodes(process, flags, file, sink));
  },
  parameters: {
    flags: {
      file: fileFlag,
      on: nodesFlag(text.build.on),
      json: jsonEventsFlag,
      showTrace: showTraceFlag,
      evalCache: evalCacheFlag,
      dryRun: switchFlag(text.build.dryRun),
      keepGoing: switchFlag(text.build.keepGoing),
    },
    aliases: { f: "file", k: "keepGoing" },
    positional: {
      kind: "tuple",
      parameters: [{ brief: text.build.file, parse: String, placeholder: "file", optional: true }],
    },
  },
  docs: { brief: text.build.brief, customUsage: ["[FILE]"] },
});

async function buildNodes(
  process: NodeJS.Process,
  flags: Flags,
  file: string,
  sink: EventSink,
): Promise<void> {
  const options = {
    showTrace: flags.showTrace,
    useCache: flags.evalCache,
    onMessage: (_kind: unknown, message: string) =>
      sink({ type: "evaluation-warning", time: Date.now(), message }),
  };
  // By nixus.lock alone: who builds need not be able to read secrets. Deploying ./result compares them with it.
  const { network } = await evaluate({ kind: "network", file, nodes: flags.on }, options);
  for (const message of network.warnings) sink({ type: "evaluation-warning", time: Date.now(), message });
  if (flags.dryRun) {
    refuseFailures(network);
    for (const node of network.nodes) {
      if (flags.json) reporterFor(node, sink)({ type: "planned", steps: [`build ${buildOf(node)}`] });
      else process.stdout.write(`${node.name} ${buildOf(node)}\n`);
    }
    return;
  }
  if (!flags.keepGoing) refuseFailures(network);
  const { buildNetwork } = await import("../../deploy/build-network.ts");
  const { stateDirectory } = await import("../../deploy/state/directory.ts");
  const { mayBeResult, writeResult } = await import("../../deploy/state/result.ts");
  const result = join(process.cwd(), "result");
  if (!mayBeResult(result))
    throw new UserError(`'${result}' is in the way; move it, or build elsewhere with -f`);
  const interrupted = abortOnInterrupt(process);
  const roots = join(stateDirectory(file, process.env), "built");
  try {
    const built = await buildNetwork(
      network,
      { keepGoing: flags.keepGoing, roots, signal: interrupted.signal },
      sink,
    );
    refuseFailures(network);
    writeResult(result, network, built, [process.execPath, process.argv[1] ?? ""]);
    sink({ type: "result", time: Date.now(), path: result });
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    throw new UserError(error.errors.map((each: Error) => each.message).join("\nerror: "), {
      cause: error,
    });
  } finally {
    interrupted.stop();
  }
}

/** Other commands take nodes where this one, as nix-build does, takes the file. */
function fileToBuild(given: string | undefined, flag: string | undefined, directory: string): string {
  try {
    return findNetworkFile(given ?? flag, directory);
  } catch (error) {
    if (given === undefined || !(error instanceof NoNetworkFile)) throw error;
    const message = `${error.message}; to build only some nodes write nixus build --on NODE`;
    throw new UserError(message, { cause: error });
  }
}

/** The `.drv` of a node that is built; the system itself of one that is made by the evaluation. */
function buildOf({ source, toplevel }: EvaluatedNode): string {
  return source.type === "derivation" ? source.derivation : toplevel;
}

function refuseFailures({ failures }: EvaluatedNetwork): void {
  if (failures.length === 0) return;
  const messages = failures.map(({ node, message }) => aboutNode(node, message));
  throw new UserError(messages.join("\nerror: "));
}
