/** Encryption with age: by the library, and where that has no means (plugins, passphrases) by the age program. */
import { armor, Decrypter, Encrypter } from "age-encryption";
import { run, StartError } from "../../../store/programs.ts";
import { SecretError } from "../errors.ts";
import type { Identities } from "./identities.ts";
import { SshRecipient } from "./ssh-keys.ts";
import { parseSshPublicKey } from "./ssh-wire.ts";

/** What is wrong with a public key; undefined when nothing is. */
function recipientProblem(recipient: string): string | undefined {
  if (parseSshPublicKey(recipient) !== undefined || /^age1[0-9a-z]+$/.test(recipient)) return undefined;
  return `'${recipient}' is no public key to encrypt to; give one of age (age1...), or a line of a .pub file of type ssh-ed25519 or ssh-rsa`;
}

/** Recipients of the library's own; others are a plugin's. */
function isNative(recipient: string): boolean {
  return /^age1(pq1)?[02-9ac-hj-np-z]+$/.test(recipient);
}

/** The encrypted bytes, not armored. Fails with a {@link SecretError}. */
export async function encrypt(plain: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  if (recipients.length === 0) throw new SecretError("there is nobody to encrypt to");
  const problem = recipients.map(recipientProblem).find((found) => found !== undefined);
  if (problem !== undefined) throw new SecretError(problem);
  const encrypter = new Encrypter();
  try {
    for (const recipient of recipients) {
      const ssh = parseSshPublicKey(recipient);
      if (ssh === undefined && !isNative(recipient)) return await encryptByProgram(plain, recipients);
      encrypter.addRecipient(ssh === undefined ? recipient : new SshRecipient(ssh));
    }
    return await encrypter.encrypt(plain);
  } catch (error) {
    if (error instanceof SecretError) throw error;
    throw new SecretError(`cannot encrypt to these recipients: ${(error as Error).message}`);
  }
}

const armorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";

/** `what` is for messages. Fails with a {@link SecretError}. */
export async function decrypt(file: Uint8Array, identities: Identities, what: string): Promise<Uint8Array> {
  const binary = withoutArmor(file, what);
  if (identities.own.length > 0) {
    const decrypter = new Decrypter();
    for (const identity of identities.own) decrypter.addIdentity(identity);
    try {
      return await decrypter.decrypt(binary);
    } catch (error) {
      const { message } = error as Error;
      if (!/no identity matched/.test(message)) {
        throw new SecretError(`${what} cannot be decrypted: ${message}; is it a file of age, and complete?`);
      }
    }
  }
  if (identities.forProgram.length > 0) return await decryptByProgram(binary, identities, what);
  const looked = identities.files.join(", ");
  throw new SecretError(
    `${what} is not encrypted to any key that is here (looked in ${looked}); name another with --identity, or ask one who can read it to add your public key to 'deployers' and to run 'nixus secrets update'`,
  );
}

function withoutArmor(file: Uint8Array, what: string): Uint8Array {
  const text = Buffer.from(file).toString("latin1");
  if (!text.trimStart().startsWith(armorBegin)) return file;
  try {
    return armor.decode(text);
  } catch {
    throw new SecretError(`${what} is no complete file of age: its armor cannot be read`);
  }
}

async function encryptByProgram(plain: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  return await runAge(
    recipients.flatMap((recipient) => ["-r", recipient]),
    plain,
    "cannot encrypt",
  );
}

async function decryptByProgram(file: Uint8Array, identities: Identities, what: string): Promise<Uint8Array> {
  const args = ["-d", ...identities.forProgram.flatMap((path) => ["-i", path])];
  return await runAge(args, file, `${what} cannot be decrypted`);
}

/** It asks for passphrases and the like at the terminal itself. */
async function runAge(args: readonly string[], input: Uint8Array, doing: string): Promise<Uint8Array> {
  const { exitCode, stdout, stderr } = await run("age", args, { input }).catch((error: unknown) => {
    if (!(error instanceof StartError)) throw error;
    const why = error.absent
      ? "the key needs the program age (a plugin, or an SSH key with a passphrase), which is not installed"
      : error.message;
    throw new SecretError(`${doing}: ${why}`);
  });
  if (exitCode === 0) return stdout;
  const said = stderr.toString("utf8").trim().split("\n")[0] ?? "";
  throw new SecretError(`${doing}: ${said || `age ended with status ${exitCode}`}`);
}
