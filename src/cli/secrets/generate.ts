/** Makes generated secrets that are not there yet. */
import type { NetworkSecret } from "../../deploy/secrets/update.ts";
import { secretLabel } from "../../fleet/modules/secrets/secret.ts";
import type { Context } from "../context.ts";
import * as text from "../text.ts";
import type { SecretsOfNetwork } from "./network.ts";
import { askPassword } from "./password.ts";

/** Of the chosen ones; what is there already stays as it is. `nothing` is said where none is chosen. */
export async function generateMissing(
  { network, access }: SecretsOfNetwork,
  chosen: readonly NetworkSecret[],
  process: Context["process"],
  nothing: string = text.secrets.noneGenerated,
): Promise<void> {
  const { generateAndStore, isStored } = await import("../../deploy/secrets/generated.ts");
  const missing = chosen.filter((secret) => !isStored(secret));
  if (missing.length === 0) {
    process.stdout.write(`${chosen.length === 0 ? nothing : text.secrets.noneMissing}\n`);
    return;
  }
  const { compareWithLock, requireDigestKey } = await import("../../deploy/secrets/update.ts");
  await requireDigestKey(network.file, access);
  const contents = new Map<string, Uint8Array>();
  for (const secret of missing) {
    const label = secretLabel(secret.owner);
    const ask = (asked: string) => askPassword(process, asked);
    const { content, publicKey } = await generateAndStore(network.file, secret, access, ask);
    contents.set(label, content);
    process.stdout.write(`${label}: generated${publicKey === undefined ? "" : `, ${publicKey}`}\n`);
  }
  await (await compareWithLock(network, missing, contents, access)).write();
}
