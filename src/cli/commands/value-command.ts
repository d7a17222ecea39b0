/** The frame of commands that print something about a value of the network, named by its path. */
import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { type EvaluationOptions, evaluationOptions } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import { evalCacheFlag, fileFlag, jsonFlag, showTraceFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly json: boolean;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
}

interface ValueQuestion {
  readonly file: string;
  readonly path: string;
  readonly json: boolean;
}

/** `answer` gives the text. */
export function commandOnValue(
  words: { readonly brief: string; readonly path: string },
  answer: (question: ValueQuestion, options: EvaluationOptions) => Promise<string>,
) {
  return buildCommand<Flags, [path: string], Context>({
    async func(flags, path) {
      const { process } = this;
      const file = findNetworkFile(flags.file, process.cwd());
      const answered = await answer({ file, path, json: flags.json }, evaluationOptions(process, flags));
      process.stdout.write(`${answered}\n`);
    },
    parameters: {
      flags: {
        file: fileFlag,
        json: jsonFlag,
        showTrace: showTraceFlag,
        evalCache: evalCacheFlag,
      },
      aliases: { f: "file" },
      positional: {
        kind: "tuple",
        parameters: [{ brief: words.path, parse: String, placeholder: "attrpath" }],
      },
    },
    docs: { brief: words.brief },
  });
}
