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
import { askPassword } from "../../secrets/password.ts";
import * as text from "../../text.ts";

export const generateCommand = buildCommand<SecretsFlags, string[], Context>({
  async func(flags, ...names) {
    const { network, secrets, access } = await secretsOfNetwork(flags, this.process);
    const { generateAndStore, isStored } = await import("../../../deploy/secrets/generated.ts");
    const wanted = namedSecrets(secrets, names).filter(
      ({ secret }) => names.length > 0 || secret.source.type === "generated",
    );
    const missing = wanted.filter((secret) => !isStored(secret));
    const contents = new Map<string, Uint8Array>();
    for (const secret of missing) {
      const label = secretLabel(secret.owner);
      const ask = (asked: string) => askPassword(this.process, asked);
      const { content, publicKey } = await generateAndStore(network.file, secret, access, ask);
      contents.set(label, content);
      this.process.stdout.write(`${label}: generated${publicKey === undefined ? "" : `, ${publicKey}`}\n`);
    }
    if (missing.length === 0) {
      this.process.stdout.write("nothing to generate: all of them are there ('rotate' makes new ones)\n");
      return;
    }
    const { compareWithLock } = await import("../../../deploy/secrets/update.ts");
    await (await compareWithLock(network, missing, contents, access)).write();
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
