import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** How a command ended. */
export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell reports it: 128 + the signal's number is not used, see `signal`. `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Ended because its time was up. */
  readonly timedOut: boolean;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the command. */
  readonly env?: NodeJS.ProcessEnv;
  /** Its standard input; none when left out. */
  readonly input?: string | Uint8Array;
  /** In milliseconds; the whole process group is killed then. */
  readonly timeout?: number;
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
}

/** A command under way, with the processes that it started in its process group. */
export interface Running {
  readonly pid: number;
  readonly done: Promise<Result>;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Sends a signal to the whole process group; nothing when it is gone. */
  kill(signal?: NodeJS.Signals): void;
  /** Resolves as soon as the pattern is in stdout or stderr; rejects when the command ends without it. */
  waitForOutput(pattern: RegExp): Promise<void>;
}

/** A command of the harness or one that a test wanted to succeed failed. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly result: Result;

  constructor(what: string, result: Result) {
    const status = result.timedOut ? "timed out" : `ended with ${result.signal ?? result.exitCode}`;
    super(`${what} ${status}\n${result.stdout}${result.stderr}`.trimEnd());
    this.result = result;
  }
}

/** Sends a signal to a process, or to a process group when negative; false when there is none. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Starts a command in a process group of its own. */
export function start(argv: readonly string[], options: RunOptions = {}): Running {
  const [program = "", ...args] = argv;
  const stdio: StdioOptions = [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"];
  const child: ChildProcess = spawn(program, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    stdio,
    detached: true,
  });
  let timedOut = false;
  const listeners = new Set<() => void>();
  const kill = (signal: NodeJS.Signals = "SIGTERM"): void => {
    if (child.pid !== undefined) signalProcess(-child.pid, signal);
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill("SIGKILL");
        }, options.timeout);
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
      options.onOutput?.(text, stream);
      for (const listener of listeners) listener();
    });
  }
  // A command that ends without reading its input is judged by its exit status.
  child.stdin?.on("error", () => {}).end(options.input);

  const done = new Promise<Result>((resolve, reject) => {
    child.on("error", (cause) => reject(new Error(`cannot run ${program}: ${cause.message}`, { cause })));
    // "exit" and not "close": a control master that the command leaves behind may hold its output open.
    child.on("exit", (exitCode, signal) => {
      clearTimeout(timer);
      void drained(child).then(() => resolve({ ...output, exitCode, signal, timedOut }));
    });
  });

  return {
    pid: child.pid ?? 0,
    done,
    kill,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    waitForOutput(pattern) {
      return new Promise((resolve, reject) => {
        const check = (): boolean => {
          if (!pattern.test(output.stdout) && !pattern.test(output.stderr)) return false;
          listeners.delete(check);
          resolve();
          return true;
        };
        listeners.add(check);
        if (check()) return;
        done.then((result) => {
          if (!check()) reject(new CommandError(`${argv.join(" ")}: no ${pattern} in the output;`, result));
        }, reject);
      });
    },
  };
}

/** Waits until the output of an ended process has been read, but not for those that inherited its pipes. */
async function drained(child: ChildProcess): Promise<void> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await Promise.race([closed, sleep(500, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** Runs a command to its end. Never throws for a failing command. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  return start(argv, options).done;
}

/** Runs a command that has to succeed. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const result = await run(argv, options);
  if (result.exitCode !== 0) throw new CommandError(argv.join(" "), result);
  return result;
}

/** Parent and start time (clock ticks since boot) of a process, from proc(5); undefined when it does not exist. */
export function processStatus(pid: number): { parent: number; startTime: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // A zombie is gone for us: it runs nothing and holds nothing.
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { parent: Number(fields[1]), startTime: fields[19] ?? "" };
}

/** The children of a process. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => processStatus(other)?.parent === pid);
}

/** Asks again and again until there is an answer; throws with `what` when there is none in time (milliseconds). */
export async function poll<T>(
  what: string,
  timeout: number,
  ask: () => T | undefined | Promise<T | undefined>,
  interval = 50,
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeout / 1000} s`);
    await sleep(interval);
  }
}
