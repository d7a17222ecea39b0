/** Reads the sources of a network's secrets and brings `nixus.lock` up to date with them. */
import { isDeepStrictEqual } from "node:util";
import type { EvaluatedSecret, EvaluatedSecrets, NodeSecrets } from "../../fleet/evaluated.ts";
import type { LockFile } from "../../fleet/lock-file.ts";
import { lockedDigest, type SecretsLock, secretsSection } from "../../fleet/modules/secrets/lock.ts";
import { type SecretOwner, secretLabel } from "../../fleet/modules/secrets/secret.ts";
import { readLockFile, updateLockFile } from "../../fleet/update-lock-file.ts";
import { decrypt, encrypt } from "./age/age.ts";
import { type Identities, loadIdentities } from "./age/identities.ts";
import type { SecretContents } from "./contents.ts";
import { type DigestKey, digestKeyLength, digestOf, newDigestKey } from "./digest.ts";
import { SecretError } from "./errors.ts";
import { contentProblem, readSource } from "./sources.ts";

export interface SecretAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Identity files that were named. */
  readonly identityFiles: readonly string[];
}

/** A secret and all nodes that have it. */
export interface NetworkSecret {
  readonly owner: SecretOwner;
  /** One of them: its source and what it may be are the same everywhere. */
  readonly secret: EvaluatedSecret;
  readonly nodes: readonly NodeSecrets[];
}

/** Each secret once, in the order of nodes and names. `which`: those of a node that count. */
export function networkSecrets(
  network: EvaluatedSecrets,
  which: (secret: EvaluatedSecret) => boolean,
): NetworkSecret[] {
  const found = new Map<string, { owner: SecretOwner; secret: EvaluatedSecret; nodes: NodeSecrets[] }>();
  for (const node of network.nodes) {
    for (const secret of node.secrets.filter(which)) {
      const label = secretLabel(secret.owner);
      const known = found.get(`${secret.owner.kind} ${label}`);
      if (known === undefined) {
        found.set(`${secret.owner.kind} ${label}`, { owner: secret.owner, secret, nodes: [node] });
      } else {
        refuseOtherSource(label, known, node, secret);
        known.nodes.push(node);
      }
    }
  }
  return [...found.values()];
}

/** One content goes to all nodes that share a secret: a node that has forced another source on it would lose that, or win. */
function refuseOtherSource(
  label: string,
  { secret: first, nodes: [one] }: NetworkSecret,
  node: NodeSecrets,
  secret: EvaluatedSecret,
): void {
  if (isDeepStrictEqual(first.source, secret.source)) return;
  throw new SecretError(
    `the secret '${label}' is shared by nodes '${one!.name}' and '${node.name}', but does not come from the same place on both; ` +
      "what a node has of its own is a secret of another name",
  );
}

/** Why a secret can't be had. The message names the secret and its nodes. */
export interface SecretProblem {
  readonly secret: NetworkSecret;
  readonly message: string;
}

/** Programs that run at the same time; each may ask somebody something. */
const parallelReads = 8;

/** Reads all of them. What is wrong with some does not keep the others from being read. */
export async function readSecrets(
  secrets: readonly NetworkSecret[],
  access: SecretAccess,
): Promise<{ readonly contents: SecretContents; readonly problems: readonly SecretProblem[] }> {
  const contents = new Map<string, Uint8Array>();
  const problems: SecretProblem[] = [];
  const context = { env: access.env, identities: identitiesOf(access) };
  const rest = secrets.values();
  const worker = async () => {
    for (const secret of rest) {
      const { owner, nodes } = secret;
      try {
        const content = await readSource(secret.secret.source, context);
        const problem = contentProblem(content, secret.secret.binary);
        if (problem !== undefined) throw new SecretError(problem);
        contents.set(secretLabel(owner), content);
      } catch (error) {
        if (!(error instanceof SecretError)) throw error;
        const where = nodes.map(({ name }) => name).join(", ");
        problems.push({
          secret,
          message: `secret '${secretLabel(owner)}' (${nodes.length === 1 ? "node" : "nodes"} ${where}): ${error.message}`,
        });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelReads, secrets.length) }, worker));
  return { contents, problems };
}

export function identitiesOf(access: SecretAccess): () => Identities {
  let known: Identities | undefined;
  return () => {
    known ??= loadIdentities(access.identityFiles, access.env);
    return known;
  };
}

/** Fails with one message for all. */
export function refuseProblems(problems: readonly SecretProblem[]): void {
  if (problems.length === 0) return;
  const messages = problems.map(({ message }) => message);
  throw new SecretError(
    messages.length === 1
      ? `${messages[0]}`
      : `${messages.length} secrets cannot be had:\n${messages.map((message) => `- ${message}`).join("\n")}`,
  );
}

/** The key of the digests, from the lock file; undefined when that has none yet. */
async function digestKey(lock: SecretsLock, identities: () => Identities): Promise<DigestKey | undefined> {
  if (lock.key === "") return undefined;
  const key = await decrypt(
    Buffer.from(lock.key, "base64"),
    identities(),
    "the key of the secrets' digests in nixus.lock",
  );
  if (key.length !== digestKeyLength)
    throw new SecretError("the key of the secrets' digests in nixus.lock is damaged");
  return key;
}

/** Fails where digests of secrets can't be made: to be asked before a secret is changed. */
export async function requireDigestKey(networkFile: string, access: SecretAccess): Promise<void> {
  await digestKey(readLockFile(networkFile).get(secretsSection), identitiesOf(access));
}

/** To whom the key of the digests is to be encrypted: all who deploy any node. */
async function digestRecipients(
  network: EvaluatedSecrets,
  lock: SecretsLock,
  identities: () => Identities,
): Promise<string[]> {
  if (network.deployers.length > 0) return [...network.deployers].sort();
  if (lock.recipients.length > 0) return [...lock.recipients].sort();
  return [await ownRecipient(identities())];
}

/** What of recipients counts: neither their order nor the comments of SSH keys. */
function keysOf(recipients: readonly string[]): string[] {
  const keys = recipients.map((recipient) => recipient.trim().split(/\s+/).slice(0, 2).join(" "));
  return [...new Set(keys)].sort();
}

export async function ownRecipient(identities: Identities): Promise<string> {
  const own = await identities.recipient();
  if (own !== undefined) return own;
  throw new SecretError(
    `there is no key here to encrypt to (looked in ${identities.files.join(", ")}); set 'defaults.deployers' to the public keys of those who deploy, or make a key with ssh-keygen -t ed25519`,
  );
}

interface LockChange {
  /** Labels of secrets that the lock file did not have, or has with another content. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Labels of secrets that the network does not have any more. */
  readonly removed: readonly string[];
  /** Whether the key was made or encrypted to others. */
  readonly key: boolean;
}

interface CompareOptions {
  /** Make a new key, so that all digests are others. All secrets of the network have to be read for that. */
  readonly newKey?: boolean;
  /** `secrets` are all that the network has: digests of others are dropped. */
  readonly complete?: boolean;
}

export interface LockComparison {
  readonly change: LockChange;
  /** Changes the file; to be called when that is wanted. */
  readonly write: () => Promise<void>;
  /** The text that it would have then. */
  readonly preview: () => Promise<string>;
}

/** Compares the contents with the lock file. Secrets that were not read keep their digests. */
export async function compareWithLock(
  network: EvaluatedSecrets,
  secrets: readonly NetworkSecret[],
  contents: SecretContents,
  access: SecretAccess,
  { newKey = false, complete = false }: CompareOptions = {},
): Promise<LockComparison> {
  const lock = readLockFile(network.file).get(secretsSection);
  const identities = identitiesOf(access);
  const known = newKey ? undefined : await digestKey(lock, identities);
  const key = known ?? newDigestKey();
  const digests = secrets.flatMap(({ owner }) => {
    const content = contents.get(secretLabel(owner));
    return content === undefined ? [] : [{ owner, digest: digestOf(key, owner, content) }];
  });
  const differing = digests.filter(({ owner, digest }) => lockedDigest(lock, owner) !== digest);
  const labels = (which: (locked: string | null) => boolean) =>
    differing.filter(({ owner }) => which(lockedDigest(lock, owner))).map(({ owner }) => secretLabel(owner));
  const recipients = await digestRecipients(network, lock, identities);
  const otherRecipients = keysOf(recipients).join("\n") !== keysOf(lock.recipients).join("\n");
  const removed = complete ? staleLabels(lock, secrets) : [];
  const rekey = known === undefined || otherRecipients;
  const changed = async () => {
    const encrypted = rekey ? Buffer.from(await encrypt(key, recipients)).toString("base64") : undefined;
    return (file: LockFile): LockFile => {
      const current = file.get(secretsSection);
      return file.with(secretsSection, {
        ...withDigests(complete ? withoutDigests(current, secrets) : current, differing),
        ...(encrypted === undefined ? {} : { key: encrypted, recipients }),
      });
    };
  };
  return {
    change: {
      added: labels((locked) => locked === null),
      changed: labels((locked) => locked !== null),
      removed,
      key: rekey,
    },
    write: async () => void updateLockFile(network.file, await changed()),
    preview: async () => (await changed())(readLockFile(network.file)).render(),
  };
}

/** Labels of digests that belong to none of these secrets. */
function staleLabels(lock: SecretsLock, secrets: readonly NetworkSecret[]): string[] {
  const kept = withoutDigests(lock, secrets);
  const labels = ({ nodes, shared }: SecretsLock) => [
    ...Object.keys(shared),
    ...Object.entries(nodes).flatMap(([node, digests]) =>
      Object.keys(digests).map((name) => `${node}/${name}`),
    ),
  ];
  const remaining = new Set(labels(kept));
  return labels(lock).filter((label) => !remaining.has(label));
}

/** The lock file with the digests of these secrets and no others. */
function withoutDigests(lock: SecretsLock, secrets: readonly NetworkSecret[]): SecretsLock {
  const kept = secrets.flatMap(({ owner }) => {
    const digest = lockedDigest(lock, owner);
    return digest === null ? [] : [{ owner, digest }];
  });
  return withDigests({ ...lock, nodes: {}, shared: {} }, kept);
}

function withDigests(
  lock: SecretsLock,
  digests: readonly { readonly owner: SecretOwner; readonly digest: string }[],
): SecretsLock {
  const nodes = { ...lock.nodes };
  const shared = { ...lock.shared };
  for (const { owner, digest } of digests) {
    if (owner.kind === "shared") shared[owner.name] = digest;
    else nodes[owner.node] = { ...nodes[owner.node], [owner.name]: digest };
  }
  return { ...lock, nodes, shared };
}
