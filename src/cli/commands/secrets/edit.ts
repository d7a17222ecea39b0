import { existsSync, readFileSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { secretsSection } from "../../../fleet/modules/secrets/lock.ts";
import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import { readLockFile } from "../../../fleet/update-lock-file.ts";
import type { Context } from "../../context.ts";
import { UserError } from "../../errors.ts";
import { oneName } from "../../secrets/command.ts";
import { editContent } from "../../secrets/edit.ts";
import {
  namedSecrets,
  type SecretsFlags,
  secretsAliases,
  secretsFlags,
  secretsOfNetwork,
} from "../../secrets/network.ts";
import * as text from "../../text.ts";

export const editCommand = buildCommand<SecretsFlags, [name: string], Context>({
  async func(flags, name) {
    const { network, secrets, access } = await secretsOfNetwork(flags, this.process);
    const secret = namedSecrets(secrets, [name])[0]!;
    const { encryptedFile, recipientsOf, writeEncrypted } = await import(
      "../../../deploy/secrets/generated.ts"
    );
    const { decrypt } = await import("../../../deploy/secrets/age/age.ts");
    const { contentProblem } = await import("../../../deploy/secrets/sources.ts");
    const { compareWithLock, identitiesOf, requireDigestKey } = await import(
      "../../../deploy/secrets/update.ts"
    );
    const label = secretLabel(secret.owner);
    const path = encryptedFile(secret);
    if (path === undefined) {
      throw new UserError(`the secret '${label}' is not encrypted with age; change it where it comes from`);
    }
    await requireDigestKey(network.file, access);
    const identities = identitiesOf(access);
    const before = existsSync(path)
      ? await decrypt(readFileSync(path), identities(), `'${path}'`)
      : Buffer.alloc(0);
    const after = await editContent(before, label, access.env);
    if (after === undefined) {
      this.process.stdout.write(`${label}: unchanged\n`);
      return;
    }
    const problem = contentProblem(after, secret.secret.binary);
    if (problem !== undefined) throw new UserError(`secret '${label}': ${problem}; nothing was changed`);
    const lock = readLockFile(network.file).get(secretsSection);
    await writeEncrypted(path, after, await recipientsOf(secret, lock, identities));
    await (await compareWithLock(network, [secret], new Map([[label, after]]), access)).write();
    this.process.stdout.write(`${label}: changed\n`);
  },
  parameters: {
    flags: secretsFlags,
    aliases: secretsAliases,
    positional: oneName,
  },
  docs: { brief: text.secrets.edit },
});
