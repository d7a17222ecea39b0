/** The private keys of whoever runs the command. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Identity, identityToRecipient } from "age-encryption";
import { SecretError } from "../errors.ts";
import { SshIdentity } from "./ssh-keys.ts";
import { parseSshPrivateKey } from "./ssh-wire.ts";

export interface Identities {
  /** Those that we can use ourselves. */
  readonly own: readonly (string | Identity)[];
  /** Files with identities for which the age program is needed: plugins, SSH keys with a passphrase. */
  readonly forProgram: readonly string[];
  /** The first identity's public key; for a network whose first deployer this is. */
  readonly recipient: () => Promise<string | undefined>;
  /** Where they were looked for, for messages. */
  readonly files: readonly string[];
}

/** Where identities are looked for unless some are named, in this order. */
function defaultIdentityFiles(env: Readonly<Record<string, string | undefined>>): string[] {
  const named = env["NIXUS_IDENTITY"];
  if (named !== undefined && named !== "") return [named];
  const home = env["HOME"] ?? homedir();
  const config = env["XDG_CONFIG_HOME"] || join(home, ".config");
  return [
    join(config, "nixus", "identity"),
    join(config, "sops", "age", "keys.txt"),
    ...["id_ed25519", "id_rsa"].map((name) => join(home, ".ssh", name)),
  ];
}

/** Reads identity files: of age, or private keys of OpenSSH. `named`: those that must be there. */
export function loadIdentities(
  named: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Identities {
  const files = named.length > 0 ? named : defaultIdentityFiles(env);
  const mustExist = named.length > 0 || env["NIXUS_IDENTITY"] !== undefined;
  const own: (string | Identity)[] = [];
  const forProgram: string[] = [];
  const recipients: (() => Promise<string | undefined>)[] = [];
  for (const file of files) {
    if (!existsSync(file)) {
      if (mustExist) throw new SecretError(`the identity file '${file}' does not exist`);
      continue;
    }
    const text = readIdentityFile(file);
    const ssh = parseSshPrivateKey(text);
    if (ssh !== undefined) {
      if (ssh.type === "encrypted") forProgram.push(file);
      else own.push(new SshIdentity(ssh));
      const publicKey = `${ssh.wire.toString("latin1", 4, 4 + ssh.wire.readUInt32BE(0))} ${ssh.wire.toString("base64")}`;
      recipients.push(async () => publicKey);
      continue;
    }
    const keys = text.split("\n").map((line) => line.trim());
    for (const key of keys.filter((line) => /^AGE-SECRET-KEY-/.test(line))) {
      own.push(key);
      recipients.push(() => identityToRecipient(key));
    }
    if (keys.some((line) => /^AGE-PLUGIN-/.test(line))) forProgram.push(file);
  }
  return { own, forProgram, files, recipient: async () => await recipients[0]?.() };
}

function readIdentityFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SecretError(`cannot read the identity file '${file}': ${(cause as Error).message}`, { cause });
  }
}
