/** The host keys that a machine's sshd shows, by ssh-keyscan(1). */
import { createHash } from "node:crypto";
import { run, StartError } from "../../store/programs.ts";
import { destinationArguments } from "./destination.ts";

export interface HostKey {
  /** `ssh-ed25519`. */
  readonly type: string;
  /** `ssh-ed25519 AAAAC3Nz...`. */
  readonly publicKey: string;
  /** As ssh-keygen(1) shows it: `SHA256:...`. */
  readonly fingerprint: string;
}

/** Where ssh would connect to. */
interface Endpoint {
  readonly host: string;
  readonly port: string;
}

/** The keys cannot be fetched; the message says why. */
export class HostKeyError extends Error {
  override readonly name = "HostKeyError";
}

/**
 * Asks the sshd that `ssh destination` would ask, by the user's own ssh_config(5). None is an answer, too: `why` is what
 * ssh-keyscan said.
 */
export async function scanHostKeys(
  destination: string,
  options: Readonly<Record<string, string>>,
): Promise<{ readonly host: string; readonly keys: readonly HostKey[]; readonly why: string }> {
  const { host, port } = await resolve(destination, options);
  const { stdout, stderr } = await ask("ssh-keyscan", ["-T", "10", "-p", port, "--", host]);
  const keys = stdout.split("\n").flatMap((line) => {
    const [, type, base64] = /^\S+ (\S+) (\S+)$/.exec(line) ?? [];
    return line.startsWith("#") || type === undefined || base64 === undefined ? [] : [hostKey(type, base64)];
  });
  const complaints = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  // It says the same for each kind of key.
  const why = [...new Set(complaints)].join("; ");
  return { host, keys: keys.sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1)), why };
}

function hostKey(type: string, base64: string): HostKey {
  const digest = createHash("sha256").update(Buffer.from(base64, "base64")).digest("base64");
  return { type, publicKey: `${type} ${base64}`, fingerprint: `SHA256:${digest.replace(/=+$/, "")}` };
}

async function resolve(destination: string, options: Readonly<Record<string, string>>): Promise<Endpoint> {
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const { stdout, stderr, exitCode } = await ask("ssh", [
    "-G",
    ...flags,
    ...destinationArguments(destination),
  ]);
  if (exitCode !== 0) throw new HostKeyError(`ssh does not take the destination '${destination}': ${stderr}`);
  const settings = new Map(
    stdout.split("\n").map((line): [string, string] => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), line.slice(space + 1)];
    }),
  );
  const proxy = settings.get("proxyjump") ?? settings.get("proxycommand");
  if (proxy !== undefined && proxy !== "none") {
    throw new HostKeyError(
      `'${destination}' is reached through '${proxy}', which ssh-keyscan cannot do; run ssh-keyscan there, or read ` +
        "/etc/ssh/ssh_host_ed25519_key.pub on the machine",
    );
  }
  return { host: settings.get("hostname") ?? destination, port: settings.get("port") ?? "22" };
}

async function ask(program: string, args: readonly string[]) {
  try {
    const { stdout, stderr, exitCode } = await run(program, args);
    return { stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8").trimEnd(), exitCode };
  } catch (cause) {
    if (!(cause instanceof StartError)) throw cause;
    const why = cause.absent ? `there is no ${program} here; install the OpenSSH client` : cause.message;
    throw new HostKeyError(why, { cause });
  }
}
