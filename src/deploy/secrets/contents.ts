/** The contents of secrets, while a command runs: in memory, by what people call the secret. */
import { type SecretOwner, secretLabel } from "../../fleet/modules/secrets/secret.ts";

export type SecretContents = ReadonlyMap<string, Uint8Array>;

export function contentOf(contents: SecretContents, owner: SecretOwner): Uint8Array | undefined {
  return contents.get(secretLabel(owner));
}
