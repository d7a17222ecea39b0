/** What all `nixus secrets` commands begin with. */
import type { NetworkSecret, SecretAccess } from "../../deploy/secrets/update.ts";
import type { EvaluatedSecrets } from "../../fleet/evaluated.ts";
import { secretsSection } from "../../fleet/modules/secrets/lock.ts";
import { secretLabel } from "../../fleet/modules/secrets/secret.ts";
import { readLockFile } from "../../fleet/update-lock-file.ts";
import { nearest } from "../../modules/nearest.ts";
import { fileFlag, identityFlag, showTraceFlag } from "../commands/flags.ts";
import type { Context } from "../context.ts";
import { UserError } from "../errors.ts";
import { evaluate, evaluationOptions } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import { forgetVariables } from "./environment.ts";

export interface SecretsFlags {
  readonly file?: string;
  readonly identity?: readonly string[];
  readonly showTrace: boolean;
}

export const secretsFlags = { file: fileFlag, identity: identityFlag, showTrace: showTraceFlag } as const;

export const secretsAliases = { f: "file", i: "identity" } as const;

export interface SecretsOfNetwork {
  readonly network: EvaluatedSecrets;
  /** Every secret that is declared, each once. */
  readonly secrets: readonly NetworkSecret[];
  readonly access: SecretAccess;
}

/** Evaluates the secrets of the network and nothing else: their public keys need not be known yet. */
export async function secretsOfNetwork(
  flags: SecretsFlags,
  process: Context["process"],
): Promise<SecretsOfNetwork> {
  const file = findNetworkFile(flags.file, process.cwd());
  const { secrets: network } = await evaluate({ kind: "secrets", file }, evaluationOptions(process, flags));
  const { networkSecrets } = await import("../../deploy/secrets/update.ts");
  const secrets = networkSecrets(network, () => true);
  const access = { env: { ...process.env }, identityFiles: flags.identity ?? [] };
  forgetVariables(secrets);
  return { network, secrets, access };
}

/** Neither the network nor `nixus.lock` has any, so that no key is needed either. */
export function isWithoutSecrets({ network, secrets }: SecretsOfNetwork): boolean {
  return secrets.length === 0 && readLockFile(network.file).get(secretsSection).key === "";
}

/** Those that are named: `NODE/NAME`, or `NAME` of one shared by several nodes. All of them without a name. */
export function namedSecrets(
  secrets: readonly NetworkSecret[],
  names: readonly string[],
): readonly NetworkSecret[] {
  if (names.length === 0) return secrets;
  const byLabel = new Map(secrets.map((secret) => [secretLabel(secret.owner), secret]));
  return names.map((name) => {
    const found = byLabel.get(name);
    if (found !== undefined) return found;
    const [near] = nearest(name, [...byLabel.keys()]);
    const hint =
      near === undefined ? "'nixus secrets list' lists those there are" : `did you mean '${near}'?`;
    throw new UserError(`the network has no secret '${name}'; ${hint}`);
  });
}
