import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import * as text from "../text.ts";

/** For the help; what runs is started by main.ts (see own-flags.ts). */
export const nixInstantiateCommand = buildCommand<Record<never, never>, string[], Context>({
  loader: async () => (await import("../instantiate/command.ts")).runNixInstantiate,
  parameters: {
    positional: { kind: "array", parameter: { brief: text.words, parse: String, placeholder: "word" } },
  },
  docs: { brief: text.nixInstantiate.brief, customUsage: ["[FLAG...] [FILE...]"] },
});
