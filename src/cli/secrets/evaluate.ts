/** Evaluates a network whose secrets are about to be sent: reads them, and brings `nixus.lock` up to date first. */
import type { SecretContents } from "../../deploy/secrets/contents.ts";
import { SecretError } from "../../deploy/secrets/errors.ts";
import type { SecretAccess } from "../../deploy/secrets/update.ts";
import type { EventSink } from "../../events/event.ts";
import type { EvaluatedNetwork } from "../../fleet/evaluated.ts";
import type { EvaluationOptions } from "../evaluation/client.ts";
import { evaluate } from "../evaluation/client.ts";
import { renderLockChange, someOf } from "../render/lock-change.ts";
import { forgetVariables } from "./environment.ts";

export interface SecretsRequest {
  readonly file: string;
  readonly nodes: readonly string[] | undefined;
  /** Fail instead of changing `nixus.lock`. */
  readonly locked: boolean;
  /** Leave `nixus.lock` alone, and evaluate as if it had been changed. */
  readonly dryRun?: boolean;
  readonly access: SecretAccess;
}

export interface NetworkWithSecrets {
  readonly network: EvaluatedNetwork;
  readonly contents: SecretContents;
}

/** Nothing was changed but `nixus.lock` when it fails: sources that cannot be read are found before any connection. */
export async function evaluateWithSecrets(
  { file, nodes, locked, dryRun = false, access }: SecretsRequest,
  options: EvaluationOptions,
  sink: EventSink,
): Promise<NetworkWithSecrets> {
  const request = { kind: "network", file, nodes } as const;
  const { network } = await evaluate({ ...request, acceptsUnlockedSecrets: true }, options);
  const deployed = { ...network, nodes: network.nodes.filter(({ host }) => host !== null) };
  if (!deployed.nodes.some((node) => node.secrets.some(({ used }) => used))) {
    return { network, contents: new Map() };
  }
  // Not before it is needed: most of what it brings is cryptography.
  const { compareWithLock, networkSecrets, readSecrets, refuseProblems } = await import(
    "../../deploy/secrets/update.ts"
  );
  forgetVariables(networkSecrets(network, () => true));
  const secrets = networkSecrets(deployed, ({ used }) => used);
  const { contents, problems } = await readSecrets(secrets, access);
  refuseProblems(problems);
  const { change, write, preview } = await compareWithLock(network, secrets, contents, access);
  if (change.added.length + change.changed.length === 0 && !change.key) return { network, contents };
  if (locked) {
    const names = someOf([...change.added, ...change.changed].map((name) => `'${name}'`));
    throw new SecretError(
      names === ""
        ? "nixus.lock has the key of the secrets' digests for others than 'deployers'; run 'nixus secrets update', or leave out --locked"
        : `nixus.lock does not have the contents that these secrets have: ${names}; run 'nixus secrets update', or leave out --locked`,
    );
  }
  if (dryRun) {
    // What is kept says what nixus.lock said.
    const evaluated = await evaluate({ ...request, lock: await preview() }, { ...options, useCache: false });
    const message = `nixus.lock would change: ${renderLockChange(change)}`;
    sink({ type: "notice", time: Date.now(), message });
    return { network: evaluated.network, contents };
  }
  await write();
  sink({ type: "secrets-locked", time: Date.now(), added: change.added, changed: change.changed });
  const evaluated = await evaluate({ ...request, acceptsUnlockedSecrets: false }, options);
  return { network: evaluated.network, contents };
}
