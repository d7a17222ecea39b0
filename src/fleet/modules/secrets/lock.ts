/** The section of `nixus.lock` that says which contents the secrets of a network have, to those who have the key. */
import { type Checked, lazySchema } from "../../../store/schema.ts";
import type { LockSection } from "../../lock-file.ts";
import { digestLength, type SecretOwner } from "./secret.ts";

const schema = lazySchema((z) => {
  const digests = z.record(
    z.string(),
    z.string().regex(new RegExp(`^[0-9a-z]{${digestLength}}$`), "is not a digest"),
  );
  return z.object({
    /** The key of the digests, 32 bytes encrypted with age, in base64; empty: there is none yet. */
    key: z.union([z.literal(""), z.base64()]).default(""),
    /** To whom the key is encrypted: age recipients and SSH public keys. */
    recipients: z.array(z.string()).default([]),
    /** By node and name. */
    nodes: z.record(z.string(), digests).default({}),
    /** By name. */
    shared: digests.default({}),
    /** To whom each generated secret is encrypted, as a hash of the public keys; by what people call the secret. */
    encryptedTo: z.record(z.string(), z.string()).default({}),
    /** Public keys of generated private keys, by what people call the secret. */
    publicKeys: z.record(z.string(), z.string()).default({}),
  });
});

export type SecretsLock = Checked<typeof schema>;

export const secretsSection: LockSection<SecretsLock> = {
  name: "secrets",
  schema,
  empty: { key: "", recipients: [], nodes: {}, shared: {}, encryptedTo: {}, publicKeys: {} },
};

/** The keyed digest of a secret; null when the lock file has none. */
export function lockedDigest(lock: SecretsLock, owner: SecretOwner): string | null {
  const found = owner.kind === "node" ? lock.nodes[owner.node]?.[owner.name] : lock.shared[owner.name];
  return found ?? null;
}
