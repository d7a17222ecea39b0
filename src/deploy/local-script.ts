/** Scripts of the user's that run on the deploying machine. */
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { execa } from "execa";
import type { DeployableNode } from "./session.ts";

export interface LocalScript {
  /** POSIX sh. */
  readonly script: string;
  /** In which directory; the current one when left out. */
  readonly cwd?: string;
  /** Ends the script and all that it has started. */
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/**
 * Runs the script for a node, whose name, SSH destination and system it finds in its environment. Resolves with its exit
 * status (128 and the number of the signal that ended it); fails with the reason of `signal` when that ended it.
 */
export async function runLocally(node: DeployableNode, options: LocalScript): Promise<number> {
  const { script, signal, onLine } = options;
  signal.throwIfAborted();
  const child = execa("/bin/sh", ["-c", script], {
    env: { NIXUS_NODE: node.name, NIXUS_HOST: node.host, NIXUS_SYSTEM: node.toplevel },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "ignore",
    buffer: false,
    reject: false,
    // A process group of its own, that ends as a whole.
    detached: true,
  });
  const end = () => {
    if (killGroup(child.pid)) return;
    // What has become another user's (sudo) is left to itself, and not waited for.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  };
  signal.addEventListener("abort", end, { once: true });
  process.on("exit", end);
  try {
    const all = new PassThrough();
    let open = 2;
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(all, { end: false });
      stream.once("close", () => {
        open -= 1;
        if (open === 0) all.end();
      });
    }
    for await (const line of createInterface({ input: all, crlfDelay: Number.POSITIVE_INFINITY }))
      onLine(line);
    signal.throwIfAborted();
    const result = await child;
    signal.throwIfAborted();
    if (result.exitCode !== undefined) return result.exitCode;
    if (result.signal === undefined) throw new Error("/bin/sh could not be started", { cause: result });
    return 128 + constants.signals[result.signal as NodeJS.Signals];
  } finally {
    signal.removeEventListener("abort", end);
    process.off("exit", end);
  }
}

/** Whether nothing of it is left that may go on. */
function killGroup(pid: number | undefined): boolean {
  if (pid === undefined) return true;
  try {
    process.kill(-pid, "SIGKILL");
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
