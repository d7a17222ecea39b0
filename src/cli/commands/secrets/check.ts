import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import { commandOnSecrets } from "../../secrets/command.ts";
import * as text from "../../text.ts";

export const checkCommand = commandOnSecrets(
  text.secrets.check,
  async ({ network, chosen, access, process, say }) => {
    const { compareWithLock, readSecrets } = await import("../../../deploy/secrets/update.ts");
    const { contents, problems } = await readSecrets(chosen, access);
    const { change } = await compareWithLock(network, chosen, contents, access);
    const failed = new Map(problems.map(({ secret, message }) => [secretLabel(secret.owner), message]));
    for (const { owner } of chosen) {
      const label = secretLabel(owner);
      const state = change.added.includes(label)
        ? "not in nixus.lock"
        : change.changed.includes(label)
          ? "has another content than nixus.lock says"
          : "as in nixus.lock";
      say(failed.has(label) ? `error: ${failed.get(label)}` : `${label}: ${state}`);
    }
    if (failed.size + change.added.length + change.changed.length > 0) process.exitCode = 1;
  },
);
