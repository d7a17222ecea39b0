/** Scripts of the user's that run on the deploying machine. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { PassThrough, type Readable } from "node:stream";
import { atExit } from "../store/exit.ts";
import { started } from "../store/programs.ts";
import { NodeError } from "./errors.ts";
import { hearLastWords, stopListening } from "./last-words.ts";
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

type Shell = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Runs the script for a node, whose name, SSH destination and system it finds in its environment. Resolves with its exit
 * status (128 and the number of the signal that ended it), whatever it has left running; fails with the reason of
 * `signal` when that ended it, with a NodeError when it could not be started.
 */
export async function runLocally(node: DeployableNode, options: LocalScript): Promise<number> {
  const { signal, onLine } = options;
  signal.throwIfAborted();
  const child = await startShell(node, options);
  const end = () => {
    if (killGroup(child.pid)) return;
    // What has become another user's (sudo) is left to itself, and not waited for.
    child.unref();
    stopListening(child);
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  using _ = atExit(end);
  try {
    const status = ended(child);
    for await (const line of linesOf(child)) onLine(line);
    signal.throwIfAborted();
    const exitCode = await status;
    signal.throwIfAborted();
    return exitCode;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function startShell(node: DeployableNode, { script, cwd }: LocalScript): Promise<Shell> {
  try {
    return await started("/bin/sh", () =>
      spawn("/bin/sh", ["-c", script], {
        env: { ...process.env, NIXUS_NODE: node.name, NIXUS_HOST: node.host, NIXUS_SYSTEM: node.toplevel },
        ...(cwd === undefined ? {} : { cwd }),
        stdio: ["ignore", "pipe", "pipe"],
        // A process group of its own, that ends as a whole.
        detached: true,
      }),
    );
  } catch (cause) {
    throw new NodeError((cause as Error).message, { cause });
  }
}

function ended(child: Shell): Promise<number> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      hearLastWords(child);
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
}

/** Of both streams, until nobody has them open any more or we stop listening. */
function linesOf({ stdout, stderr }: Shell): AsyncIterable<string> {
  const all = new PassThrough();
  let open = 2;
  for (const stream of [stdout, stderr]) {
    stream.pipe(all, { end: false });
    stream.once("close", () => {
      open -= 1;
      if (open === 0) all.end();
    });
  }
  return createInterface({ input: all, crlfDelay: Number.POSITIVE_INFINITY });
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
