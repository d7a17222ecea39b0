import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { evaluate } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import * as text from "../text.ts";
import { evalCacheFlag, fileFlag, showTraceFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly json: boolean;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
}

export const evalCommand = buildCommand<Flags, [path: string], Context>({
  async func(flags, path) {
    const { stdout, stderr } = this.process;
    const result = await evaluate(
      {
        kind: "value",
        file: findNetworkFile(flags.file, this.process.cwd()),
        path,
        format: flags.json ? "json" : "nix",
      },
      {
        showTrace: flags.showTrace,
        useCache: flags.evalCache,
        onMessage: (kind, message) => stderr.write(`${kind}: ${message}\n`),
      },
    );
    stdout.write(`${result.text}\n`);
  },
  parameters: {
    flags: {
      file: fileFlag,
      json: { kind: "boolean", brief: text.flags.json, default: false, withNegated: false },
      showTrace: showTraceFlag,
      evalCache: evalCacheFlag,
    },
    aliases: { f: "file" },
    positional: {
      kind: "tuple",
      parameters: [{ brief: text.evaluate.path, parse: String, placeholder: "attrpath" }],
    },
  },
  docs: { brief: text.evaluate.brief },
});
