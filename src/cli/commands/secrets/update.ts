import { buildCommand } from "@stricli/core";
import type { Context } from "../../context.ts";
import { UserError } from "../../errors.ts";
import { renderLockChange } from "../../render/lock-change.ts";
import {
  isWithoutSecrets,
  type SecretsFlags,
  secretsAliases,
  secretsFlags,
  secretsOfNetwork,
} from "../../secrets/network.ts";
import * as text from "../../text.ts";
import { lockedFlag } from "../flags.ts";

interface Flags extends SecretsFlags {
  readonly locked: boolean;
}

export const updateCommand = buildCommand<Flags, [], Context>({
  async func(flags) {
    const found = await secretsOfNetwork(flags, this.process);
    if (isWithoutSecrets(found)) {
      this.process.stdout.write(`${text.secrets.upToDate}\n`);
      return;
    }
    const { network, secrets, access } = found;
    const { compareWithLock, readSecrets, refuseProblems } = await import(
      "../../../deploy/secrets/update.ts"
    );
    const { contents, problems } = await readSecrets(secrets, access);
    const { change, write } = await compareWithLock(network, secrets, contents, access, { complete: true });
    const changes = change.added.length + change.changed.length + change.removed.length > 0 || change.key;
    if (flags.locked && changes) {
      throw new UserError(`nixus.lock is not up to date: ${renderLockChange(change)}`);
    }
    if (changes) await write();
    const { encryptAgain } = await import("../../../deploy/secrets/generated.ts");
    const again = flags.locked ? [] : await encryptAgain(network.file, secrets, access);
    for (const label of again) this.process.stdout.write(`${label}: encrypted to those who deploy it now\n`);
    this.process.stdout.write(
      `${changes ? `nixus.lock: ${renderLockChange(change)}` : text.secrets.upToDate}\n`,
    );
    // What could be read is locked; the rest keeps what it had, and is a failure.
    refuseProblems(problems);
  },
  parameters: { flags: { ...secretsFlags, locked: lockedFlag }, aliases: secretsAliases },
  docs: { brief: text.secrets.update },
});
