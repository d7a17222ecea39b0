import { buildCommand } from "@stricli/core";
import { secretsSection } from "../../../fleet/modules/secrets/lock.ts";
import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import { readLockFile } from "../../../fleet/update-lock-file.ts";
import type { Context } from "../../context.ts";
import {
  namedSecrets,
  type SecretsFlags,
  secretsAliases,
  secretsFlags,
  secretsOfNetwork,
} from "../../secrets/network.ts";
import * as text from "../../text.ts";

export const whoCanReadCommand = buildCommand<SecretsFlags, string[], Context>({
  async func(flags, ...names) {
    const { network, secrets, access } = await secretsOfNetwork(flags, this.process);
    const { recipientsOf } = await import("../../../deploy/secrets/generated.ts");
    const { describeSource } = await import("../../../deploy/secrets/sources.ts");
    const { identitiesOf } = await import("../../../deploy/secrets/update.ts");
    const lock = readLockFile(network.file).get(secretsSection);
    const say = (line: string) => this.process.stdout.write(`${line}\n`);
    for (const secret of namedSecrets(secrets, names)) {
      say(`${secretLabel(secret.owner)}:`);
      if (secret.secret.source.type === "generated") {
        for (const recipient of await recipientsOf(secret, lock, identitiesOf(access))) say(`  ${recipient}`);
      } else {
        say(`  who has ${describeSource(secret.secret.source)}`);
      }
      for (const node of secret.nodes) {
        const entry = node.secrets.find(
          (other) => secretLabel(other.owner) === secretLabel(secret.owner),
        )?.entry;
        if (entry === undefined) continue;
        const group = (Number(entry.mode[2]) & 4) === 0 ? [] : [`group ${entry.group}`];
        const users = ["root", ...(entry.user === "root" ? [] : [`user ${entry.user}`]), ...group];
        say(`  on ${node.name}: ${users.join(", ")}`);
      }
    }
  },
  parameters: {
    flags: secretsFlags,
    aliases: secretsAliases,
    positional: {
      kind: "array",
      parameter: { brief: text.secrets.names, parse: String, placeholder: "secret" },
    },
  },
  docs: { brief: text.secrets.whoCanRead },
});
