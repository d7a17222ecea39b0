/** Variables of the environment that are secrets. */
import type { NetworkSecret } from "../../deploy/secrets/update.ts";

/** Programs that are started from now on do not get them. What was copied of the environment before has them still. */
export function forgetVariables(secrets: readonly NetworkSecret[]): void {
  for (const { secret } of secrets) {
    if (secret.source.type === "environment") delete process.env[secret.source.variable];
  }
}
