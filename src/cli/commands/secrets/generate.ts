import { buildCommand } from "@stricli/core";
import type { Context } from "../../context.ts";
import { generateMissing } from "../../secrets/generate.ts";
import { namedSecrets, type SecretsFlags, secretsAliases, secretsFlags } from "../../secrets/network.ts";
import * as text from "../../text.ts";

export const generateCommand = buildCommand<SecretsFlags, string[], Context>({
  async func(flags, ...names) {
    await generateMissing(flags, this.process, (secrets) =>
      namedSecrets(secrets, names).filter(
        ({ secret }) => names.length > 0 || secret.source.type === "generated",
      ),
    );
  },
  parameters: {
    flags: secretsFlags,
    aliases: secretsAliases,
    positional: {
      kind: "array",
      parameter: { brief: text.secrets.names, parse: String, placeholder: "secret" },
    },
  },
  docs: { brief: text.secrets.generate },
});
