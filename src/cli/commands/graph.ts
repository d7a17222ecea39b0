import { buildCommand, buildRouteMap } from "@stricli/core";
import type { SshGraph } from "../../fleet/modules/ssh/graph.ts";
import type { Context } from "../context.ts";
import { evaluate, evaluationOptions } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import { graphDot, graphSvg, graphText } from "../render/graph.ts";
import * as text from "../text.ts";
import { evalCacheFlag, fileFlag, showTraceFlag } from "./flags.ts";

const formats = {
  text: (graph: SshGraph) => (graph.edges.length === 0 ? text.graph.none : graphText(graph)),
  dot: graphDot,
  svg: graphSvg,
} as const;

interface Flags {
  readonly file?: string;
  readonly format: keyof typeof formats;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
}

const sshCommand = buildCommand<Flags, [], Context>({
  async func(flags) {
    const { stdout } = this.process;
    const { graph } = await evaluate(
      { kind: "ssh-graph", file: findNetworkFile(flags.file, this.process.cwd()) },
      evaluationOptions(this.process, flags),
    );
    stdout.write(`${formats[flags.format](graph)}\n`);
  },
  parameters: {
    flags: {
      file: fileFlag,
      format: {
        kind: "enum",
        values: ["text", "dot", "svg"],
        default: "text",
        brief: text.graph.format,
      },
      showTrace: showTraceFlag,
      evalCache: evalCacheFlag,
    },
    aliases: { f: "file" },
  },
  docs: { brief: text.graph.ssh },
});

export const graphCommands = buildRouteMap({
  routes: { ssh: sshCommand },
  docs: { brief: text.graph.brief },
});
