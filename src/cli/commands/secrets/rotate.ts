import { buildCommand } from "@stricli/core";
import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import type { Context } from "../../context.ts";
import { UsageError } from "../../errors.ts";
import { anyNames } from "../../secrets/command.ts";
import {
  isWithoutSecrets,
  namedSecrets,
  type SecretsFlags,
  secretsAliases,
  secretsFlags,
  secretsOfNetwork,
} from "../../secrets/network.ts";
import { askPassword } from "../../secrets/password.ts";
import * as text from "../../text.ts";
import { switchFlag } from "../flags.ts";

interface Flags extends SecretsFlags {
  readonly key: boolean;
}

export const rotateCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...names) {
    if (names.length === 0 && !flags.key) {
      throw new UsageError("name the generated secrets that get another content, or give --key");
    }
    const found = await secretsOfNetwork(flags, this.process);
    if (names.length === 0 && isWithoutSecrets(found)) {
      this.process.stderr.write(`${text.secrets.none}\n`);
      return;
    }
    const { network, secrets, access } = found;
    const { generateAndStore } = await import("../../../deploy/secrets/generated.ts");
    const { compareWithLock, readSecrets, refuseProblems, requireDigestKey } = await import(
      "../../../deploy/secrets/update.ts"
    );
    await requireDigestKey(network.file, access);
    const chosen = names.length === 0 ? [] : namedSecrets(secrets, names);
    for (const secret of chosen) {
      const ask = (label: string) => askPassword(this.process, label);
      await generateAndStore(network.file, secret, access, ask);
    }
    const read = flags.key ? secrets : chosen;
    const { contents, problems } = await readSecrets(read, access);
    // With a new key, a secret that can't be read would be one that nobody knows the digest of.
    refuseProblems(problems);
    const { write } = await compareWithLock(network, read, contents, access, { newKey: flags.key });
    await write();
    for (const { owner } of chosen) this.process.stdout.write(`${secretLabel(owner)}: has another content\n`);
    if (flags.key) this.process.stdout.write("nixus.lock: all digests are made with a new key\n");
  },
  parameters: {
    flags: {
      ...secretsFlags,
      key: switchFlag(text.secrets.newKey),
    },
    aliases: secretsAliases,
    positional: anyNames,
  },
  docs: { brief: text.secrets.rotate, customUsage: ["[--key] [SECRET...]"] },
});
