import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import * as text from "../text.ts";

/** For the help; what runs is started by main.ts (see own-flags.ts). */
export const replCommand = buildCommand<Record<never, never>, string[], Context>({
  loader: async () => (await import("../repl/command.ts")).runRepl,
  parameters: {
    positional: { kind: "array", parameter: { brief: text.words, parse: String, placeholder: "word" } },
  },
  docs: { brief: text.repl.brief, customUsage: ["[FLAG...] [FILE...]"] },
});
