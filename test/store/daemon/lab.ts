/**
 * A Nix daemon with a store of its own. Where NIXUS_NIX_DAEMON is a command, e.g. `chroot DIR nix-daemon --stdio`, that
 * daemon is used with the store it has; without, the installed Nix in a mount namespace whose /nix is empty.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DaemonMessage } from "../../../src/store/daemon/messages.ts";
import { DaemonStore } from "../../../src/store/daemon/store.ts";
import type { Transport } from "../../../src/store/daemon/transport.ts";

const given = process.env["NIXUS_NIX_DAEMON"]?.split(" ");

/** Whether there is a Nix, and namespaces to use it in. */
export const hasDaemon =
  given !== undefined ||
  (spawnSync("nix-daemon", ["--version"]).status === 0 &&
    spawnSync("unshare", ["--map-root-user", "--mount", "true"]).status === 0);

export class DaemonLab {
  private readonly directory: string;
  private readonly children = new Set<ChildProcess>();

  /** `directory` holds the store. */
  constructor(directory: string) {
    this.directory = directory;
    for (const part of ["store", "var/nix"]) mkdirSync(join(directory, "nix", part), { recursive: true });
  }

  /** A connection of its own to the store. */
  transport(): Transport {
    const [program = "", ...args] = given ?? [
      ...["unshare", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]), "--mount"],
      ...["sh", "-c", 'mount --bind "$1" /nix && exec nix-daemon --stdio', "sh", join(this.directory, "nix")],
    ];
    const settings = "build-users-group =\nsandbox = false\nsubstituters =\n";
    const child = spawn(program, args, {
      env: { ...process.env, NIX_CONFIG: settings },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.children.add(child);
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaints += text;
    });
    const exited = new Promise<Error | undefined>((resolve) => {
      child.once("close", () => resolve(complaints === "" ? undefined : new Error(complaints)));
    });
    return {
      input: child.stdout,
      output: child.stdin,
      failure: () => exited,
      close: async () => {
        child.stdin.destroy();
        child.kill("SIGKILL");
        await exited;
      },
    };
  }

  open(onMessage?: (message: DaemonMessage) => void): Promise<DaemonStore> {
    return DaemonStore.open(this.transport(), onMessage);
  }

  [Symbol.dispose](): void {
    for (const child of this.children) child.kill("SIGKILL");
  }
}
