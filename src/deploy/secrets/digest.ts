/** Keyed digests: they tell whether a secret has changed, and nothing to who does not have the key. */
import { createHmac, randomBytes } from "node:crypto";
import { type SecretOwner, secretLabel } from "../../fleet/modules/secrets/secret.ts";
import { toBase32 } from "../../store/base32.ts";

export type DigestKey = Uint8Array;

export const digestKeyLength = 32;

export function newDigestKey(): DigestKey {
  return randomBytes(digestKeyLength);
}

/**
 * HMAC-SHA-256, of which 160 bits are kept, in Nix's base 32. The owner is part of it: that two secrets are the same
 * does not show.
 */
export function digestOf(key: DigestKey, owner: SecretOwner, content: Uint8Array): string {
  const mac = createHmac("sha256", key)
    .update(`nixus secret 1\0${owner.kind}\0${secretLabel(owner)}\0`)
    .update(content)
    .digest();
  return toBase32(mac.subarray(0, 20));
}
