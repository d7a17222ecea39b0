/** Who deploys, under which number, and where our control sockets are. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Longest directory of control sockets: ssh adds 17 characters to a path that may have 107 (unix(7)). */
const longestSocketDirectory = 80;

/** Sortable by time, and unique on every machine. */
export function deploymentId(): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:T]/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}

/** `user@host`, as it is shown to others who find the machine locked. */
export function deployer(): string {
  const user = process.env["SUDO_USER"] ?? userName();
  return `${user}@${hostname()}`.replace(/[^A-Za-z0-9@._-]/g, "_");
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id without an account.
    return `uid${process.getuid?.() ?? ""}`;
  }
}

/** Short enough, and without what ssh_config(5) takes for more than itself: `%h`, `${HOME}`, `~`, spaces, quotes. */
function canHoldSockets(directory: string): boolean {
  return /^\/[\w./+-]*$/.test(directory) && join(directory, "nixus-XXXXXX").length <= longestSocketDirectory;
}

/** Lends a private directory (mode 0700) whose name can be that of control sockets. */
export async function withSocketDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const parent = tmpdir();
  const directory = await mkdtemp(join(canHoldSockets(parent) ? parent : "/tmp", "nixus-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
