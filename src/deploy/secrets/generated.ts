/** Secrets that are kept beside the network file, encrypted with age to those who deploy the nodes that have them. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type SecretsLock, secretsSection } from "../../fleet/modules/secrets/lock.ts";
import { secretLabel } from "../../fleet/modules/secrets/secret.ts";
import { readLockFile, updateLockFile } from "../../fleet/update-lock-file.ts";
import { toBase32 } from "../../store/base32.ts";
import { makeDirectory } from "../../store/make-directory.ts";
import { decrypt, encrypt } from "./age/age.ts";
import type { Identities } from "./age/identities.ts";
import { SecretError } from "./errors.ts";
import { type Generated, generateSecret } from "./generators.ts";
import { identitiesOf, type NetworkSecret, ownRecipient, type SecretAccess } from "./update.ts";

/** The file of a secret that we can write: a generated one's, or one of age. */
export function encryptedFile({ secret }: NetworkSecret): string | undefined {
  const { source } = secret;
  return source.type === "generated" || source.type === "age" ? source.path : undefined;
}

/** Everyone who deploys one of its nodes. */
export async function recipientsOf(
  { nodes }: NetworkSecret,
  lock: SecretsLock,
  identities: () => Identities,
): Promise<string[]> {
  const deployers = nodes.flatMap((node) => node.deployers);
  if (deployers.length > 0) return [...new Set(deployers)].sort();
  if (lock.recipients.length > 0) return [...lock.recipients].sort();
  return [await ownRecipient(identities())];
}

/** Makes the secret, anew if there is one, and stores it; what can be public goes to `nixus.lock`. */
export async function generateAndStore(
  networkFile: string,
  secret: NetworkSecret,
  access: SecretAccess,
  askPassword: (label: string) => Promise<string>,
): Promise<Generated> {
  const { source } = secret.secret;
  const label = secretLabel(secret.owner);
  if (source.type !== "generated") {
    throw new SecretError(`the secret '${label}' is not generated; change it where it comes from`);
  }
  const recipients = await recipientsOf(
    secret,
    readLockFile(networkFile).get(secretsSection),
    identitiesOf(access),
  );
  const generated = await generateSecret(source.generator, { label, askPassword });
  await writeEncrypted(source.path, generated.content, recipients);
  updateLockFile(networkFile, (file) => {
    const lock = file.get(secretsSection);
    const { publicKey } = generated;
    return file.with(secretsSection, {
      ...lock,
      encryptedTo: { ...lock.encryptedTo, [label]: fingerprint(recipients) },
      ...(publicKey === undefined ? {} : { publicKeys: { ...lock.publicKeys, [label]: publicKey } }),
    });
  });
  return generated;
}

export function isStored({ secret }: NetworkSecret): boolean {
  return secret.source.type === "generated" && existsSync(secret.source.path);
}

/** Through a file beside it, that takes its place when it is complete. */
export async function writeEncrypted(
  path: string,
  content: Uint8Array,
  recipients: readonly string[],
): Promise<void> {
  const encrypted = await encrypt(content, recipients);
  try {
    makeDirectory(dirname(path));
    writeFileSync(`${path}.new`, encrypted, { flush: true });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new SecretError(`cannot write '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Encrypts generated secrets again whose deployers are others than when they were encrypted. Returns their labels. Who
 * could read them before may have kept a copy: `rotate` gives them another content.
 */
export async function encryptAgain(
  networkFile: string,
  secrets: readonly NetworkSecret[],
  access: SecretAccess,
): Promise<string[]> {
  const identities = identitiesOf(access);
  const done: string[] = [];
  for (const secret of secrets) {
    const { source } = secret.secret;
    if (source.type !== "generated" || !existsSync(source.path)) continue;
    const label = secretLabel(secret.owner);
    const lock = readLockFile(networkFile).get(secretsSection);
    const recipients = await recipientsOf(secret, lock, identities);
    if (lock.encryptedTo[label] === fingerprint(recipients)) continue;
    const content = await decrypt(readFileSync(source.path), identities(), `'${source.path}'`);
    await writeEncrypted(source.path, content, recipients);
    updateLockFile(networkFile, (file) => {
      const current = file.get(secretsSection);
      const encryptedTo = { ...current.encryptedTo, [label]: fingerprint(recipients) };
      return file.with(secretsSection, { ...current, encryptedTo });
    });
    done.push(label);
  }
  return done;
}

/** A list of recipients in few characters: a file of age does not say to whom it is encrypted. */
function fingerprint(recipients: readonly string[]): string {
  const hash = createHash("sha256")
    .update([...recipients].sort().join("\n"))
    .digest();
  return toBase32(hash.subarray(0, 20));
}
