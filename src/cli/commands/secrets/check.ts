import { buildCommand } from "@stricli/core";
import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import type { Context } from "../../context.ts";
import {
  namedSecrets,
  type SecretsFlags,
  secretsAliases,
  secretsFlags,
  secretsOfNetwork,
} from "../../secrets/network.ts";
import * as text from "../../text.ts";

export const checkCommand = buildCommand<SecretsFlags, string[], Context>({
  async func(flags, ...names) {
    const { network, secrets: all, access } = await secretsOfNetwork(flags, this.process);
    const secrets = namedSecrets(all, names);
    const { compareWithLock, readSecrets } = await import("../../../deploy/secrets/update.ts");
    const { contents, problems } = await readSecrets(secrets, access);
    const { change } = await compareWithLock(network, secrets, contents, access);
    const failed = new Map(problems.map(({ secret, message }) => [secretLabel(secret.owner), message]));
    for (const { owner } of secrets) {
      const label = secretLabel(owner);
      const state = change.added.includes(label)
        ? "not in nixus.lock"
        : change.changed.includes(label)
          ? "has another content than nixus.lock says"
          : "as in nixus.lock";
      this.process.stdout.write(failed.has(label) ? `error: ${failed.get(label)}\n` : `${label}: ${state}\n`);
    }
    if (failed.size + change.added.length + change.changed.length > 0) this.process.exitCode = 1;
  },
  parameters: {
    flags: secretsFlags,
    aliases: secretsAliases,
    positional: {
      kind: "array",
      parameter: { brief: text.secrets.names, parse: String, placeholder: "secret" },
    },
  },
  docs: { brief: text.secrets.check },
});
