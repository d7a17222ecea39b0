/** Programs of this machine, all started in one way: one that can't be is an error of whoever needs it, and of nobody else. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { atExit } from "./exit.ts";

/** A program could not be started; the message says which and why. */
export class StartError extends Error {
  override readonly name = "StartError";
  /** Whether there is no such program. */
  readonly absent: boolean;

  constructor(program: string, cause: NodeJS.ErrnoException) {
    super(`${program} could not be started: ${reason(cause)}`, { cause });
    this.absent = cause.code === "ENOENT";
  }
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "EMFILE":
    case "ENFILE":
      return `too many files are open (${message}); raise 'ulimit -n', or do less at a time`;
    case "E2BIG":
      return `its arguments and its environment are too long (${message})`;
    default:
      return message;
  }
}

/**
 * The program that `start` spawns, once it runs. Fails with a {@link StartError}: Node tells why it could not be started
 * at once or with an event, by what it was; where too many files are open its child has no streams before that.
 */
export async function started<Child extends ChildProcess>(
  program: string,
  start: () => Child,
): Promise<Child> {
  try {
    const child = start();
    // Of one that runs: a signal that could not be sent, which it does not end by.
    child.on("error", () => {});
    await once(child, "spawn");
    return child;
  } catch (cause) {
    throw new StartError(program, cause as NodeJS.ErrnoException);
  }
}

interface RunOptions {
  readonly cwd?: string;
  /** For its standard input; nothing when left out. */
  readonly input?: Uint8Array;
  /** What it complains about is dropped. */
  readonly quiet?: boolean;
  /** It is ended when it prints more bytes than these. */
  readonly longest?: number;
}

/** How a program has ended, and what it has printed. */
export interface Ended {
  /** null: a signal has ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Whether it printed more than it may. */
  readonly tooLong: boolean;
}

/** Runs a program to its end, however it ends. Fails with a {@link StartError}. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, input, quiet = false, longest = Number.POSITIVE_INFINITY }: RunOptions = {},
): Promise<Ended> {
  const options = {
    ...(cwd === undefined ? {} : { cwd }),
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", quiet ? "ignore" : "pipe"],
  } satisfies SpawnOptions;
  const child = await started(program, () => spawn(program, args, options));
  const end = () => void child.kill();
  // It would outlive us.
  using _ = atExit(end);
  const ended = new Promise<Pick<Ended, "exitCode" | "signal">>((resolve) => {
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let length = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= longest) stdout.push(chunk);
    else {
      end();
      // What it has started, and writes on, is not waited for.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    }
  });
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  // Whether it reads all of it is its own business.
  child.stdin?.on("error", () => {}).end(input);
  const how = await ended;
  return {
    ...how,
    ...{ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), tooLong: length > longest },
  };
}
