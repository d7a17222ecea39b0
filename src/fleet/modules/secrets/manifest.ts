/**
 * `SYSTEM/nixus-secrets`: what a system says about its secrets to the scripts of the machine. A first line `version 1`,
 * then one line for each secret:
 *
 *     PLACE USER GROUP MODE FILE EARLY PATH POINTER MARKER
 *
 * `PLACE` is `disk` or `memory`, `EARLY` 1 or 0, `PATH` the stable link. A secret counts when one of its store paths is
 * on the machine: a NixOS system lists all that are defined, since only its building tells which of them it refers to.
 * No field is empty or has a space in it.
 */
import { type SystemSecret, stablePath } from "./secret.ts";

export const secretsManifest = "nixus-secrets";

/** Ordinary text, all ASCII. */
export function renderSecretsManifest(secrets: readonly SystemSecret[]): string {
  const lines = secrets.map((secret) => {
    const { place, user, group, mode, file } = secret.entry;
    return [
      place,
      user,
      group,
      mode,
      file,
      secret.early ? "1" : "0",
      stablePath(secret),
      secret.pointer,
      secret.marker,
    ].join(" ");
  });
  return `${["version 1", ...lines].join("\n")}\n`;
}
