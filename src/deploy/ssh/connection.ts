/**
 * One machine through the OpenSSH client, with the user's own configuration, agent and jump hosts. Commands share one
 * connection (ControlMaster) with a control socket of our own; a command can ask for a connection of its own, which
 * proves that the machine can still be reached.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Transport } from "../../store/daemon/transport.ts";
import { atExit } from "../../store/exit.ts";
import { StartError, started } from "../../store/programs.ts";
import { ConnectionError, RemoteCommandError } from "../errors.ts";
import { hearLastWords } from "../last-words.ts";
import { endSharedConnection } from "./control-socket.ts";
import { destinationArguments, hostOf } from "./destination.ts";
import { cameThroughProxy, connectionError, lastLines } from "./failures.ts";
import { keepAlive, longestSilence } from "./keep-alive.ts";
import { remoteCommand } from "./remote-script.ts";

export interface Target {
  readonly destination: string;
  /** `-o` options of the node, by name. */
  readonly sshOptions: Readonly<Record<string, string>>;
  readonly privilegeEscalationCommand: readonly string[];
}

export interface RunOptions {
  /** What the script reads from standard input; nothing when left out. */
  readonly input?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Called with every line of standard output. */
  readonly onLine?: (line: string) => void;
  /** Over a new connection instead of the shared one. */
  readonly fresh?: boolean;
  /** Ends the ssh client (not what runs on the machine); `run` then fails with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Seconds for the connection to be made; 10 when left out. */
  readonly connectTimeout?: number;
  /** Milliseconds until the script has to have ended; any time when left out. */
  readonly timeLimit?: number;
}

export interface RemoteResult {
  readonly exitCode: number;
  /** The last part of standard error, at most 16 KiB. */
  readonly stderr: string;
}

/** How long the shared connection stays when nothing uses it, in seconds: should we be killed, it goes by itself. */
const controlPersist = 30;

const keptStderr = 16 * 1024;

/** Exit status by which ssh(1) says that it failed itself. */
const sshFailed = 255;

export class Connection {
  private readonly target: Target;
  private readonly destination: readonly string[];
  private readonly controlPath: string;
  private login: number | undefined;

  /** `controlPath` is for this machine alone, in a private directory; at most about 80 bytes (unix(7)). */
  constructor(target: Target, controlPath: string) {
    this.target = target;
    this.destination = destinationArguments(target.destination);
    this.controlPath = controlPath;
  }

  /** Milliseconds that the first login took, until the machine's first word; 0 before. */
  get loginTime(): number {
    return this.login ?? 0;
  }

  /** Seconds without a word from us after which the machine can be sure that the connection is gone; undefined: never. */
  get silence(): number | undefined {
    return longestSilence(this.target.sshOptions);
  }

  /**
   * Runs a script as root and waits for its end. Fails with a ConnectionError when there is no connection or it was
   * lost, with a RemoteCommandError when it does not end in time; a script that fails is a result.
   */
  async run(script: string, options: RunOptions = {}): Promise<RemoteResult> {
    const { timeLimit } = options;
    if (timeLimit === undefined) return await this.runScript(script, options);
    const tooLong = new RemoteCommandError(
      `it did not answer within ${Math.ceil(timeLimit / 1000)} s: something hangs there, a file system that is gone for example; look with ssh ${this.target.destination}`,
    );
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(tooLong), timeLimit);
    const { signal = limit.signal } = options;
    try {
      return await this.runScript(script, { ...options, signal: AbortSignal.any([signal, limit.signal]) });
    } finally {
      clearTimeout(timer);
    }
  }

  private async runScript(script: string, options: RunOptions): Promise<RemoteResult> {
    const command = remoteCommand(script, this.target.privilegeEscalationCommand);
    const begun = performance.now();
    const onLine = (line: string): void => {
      this.login ??= performance.now() - begun;
      options.onLine?.(line);
    };
    const args = [...this.options(options), ...this.destination, command];
    try {
      return await this.runSsh(args, { ...options, onLine });
    } catch (error) {
      if (options.fresh || this.login !== undefined || !cameThroughProxy(error)) throw error;
      throw (await this.complaintOfProxy(options)) ?? error;
    }
  }

  /**
   * Why there is no way through a jump host: with ControlPersist, ssh shows nothing of what its proxy's program complains
   * about. Undefined: there is one now.
   */
  private async complaintOfProxy(options: RunOptions): Promise<ConnectionError | undefined> {
    const args = [...this.options({ ...options, fresh: true }), ...this.destination, "true"];
    try {
      await this.runSsh(args, { ...options, input: [], onLine: () => {} });
      return undefined;
    } catch (error) {
      if (error instanceof ConnectionError) return error;
      throw error;
    }
  }

  /** With Node's own means, as a large deployment does it thousands of times. */
  private async runSsh(args: readonly string[], options: RunOptions): Promise<RemoteResult> {
    const { signal } = options;
    signal?.throwIfAborted();
    const child = await startSsh(args);
    const end = () => endSsh(child);
    // In a session of its own, it would outlive us.
    using _ = atExit(end);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-keptStderr);
    });
    try {
      const ended = endOf(child);
      const lines = readLines(child.stdout, options.onLine ?? (() => {}));
      // Its failure is told when ssh has ended.
      lines.catch(() => {});
      const fed = feed(options.input, child.stdin);
      const { exitCode, signal: by } = await ended;
      const feedError = await fed;
      signal?.throwIfAborted();
      await lines;
      if (exitCode === null) throw endedBySignal(by);
      if (exitCode === sshFailed) throw connectionError(this.target.destination, stderr);
      // A broken pipe only says that the other side had stopped reading: its exit status says why.
      if (feedError !== undefined && !isBrokenPipe(feedError)) throw feedError;
      return { exitCode, stderr };
    } finally {
      signal?.removeEventListener("abort", end);
    }
  }

  /** The name or address that ssh connects to, by the user's configuration (`ssh -G`). */
  async hostname(): Promise<string> {
    const args = [...this.options({}), "-G", ...this.destination];
    let hostname: string | undefined;
    const onLine = (line: string): void => {
      hostname ??= /^hostname (\S+)$/.exec(line)?.[1];
    };
    // An ssh that does not tell is not asked again.
    await this.runSsh(args, { onLine, signal: AbortSignal.timeout(5000) }).catch(() => {});
    return hostname ?? hostOf(this.target.destination);
  }

  /**
   * Starts a script as root, to speak with it: its standard output and input are the transport's. Over the shared
   * connection. Fails with a ConnectionError when there is no ssh. What ends it shows in the transport; why is a
   * ConnectionError, or what the script complained about.
   */
  async stream(script: string, signal: AbortSignal): Promise<Transport> {
    signal.throwIfAborted();
    const command = remoteCommand(script, this.target.privilegeEscalationCommand);
    const child = await startSsh([...this.options({}), ...this.destination, command]);
    const end = () => endSsh(child);
    const exit = atExit(end);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-keptStderr);
    });
    const ended = (async (): Promise<Error | undefined> => {
      using _ = exit;
      const { exitCode, signal: by } = await endOf(child);
      signal.removeEventListener("abort", end);
      if (signal.aborted) return signal.reason instanceof Error ? signal.reason : undefined;
      if (exitCode === sshFailed) return connectionError(this.target.destination, stderr);
      if (exitCode === null) return endedBySignal(by);
      const said = lastLines(stderr);
      return said === "" ? undefined : new RemoteCommandError(said);
    })();
    return {
      input: child.stdout,
      output: child.stdin,
      failure: () => ended,
      close: async () => {
        child.stdin.destroy();
        child.stdout.destroy();
        end();
        await ended;
      },
    };
  }

  /** Ends the shared connection. Never fails: without one there is nothing to do. */
  async close(): Promise<void> {
    await endSharedConnection(this.controlPath);
  }

  /** ssh takes the first value it sees of an option: ours where it must be so, then the node's, then our defaults. */
  private options({ fresh = false, connectTimeout = 10 }: RunOptions): string[] {
    const shared = {
      ControlMaster: "auto",
      ControlPath: this.controlPath,
      ControlPersist: String(controlPersist),
    };
    const own = { ControlMaster: "no", ControlPath: "none" };
    const settings = [
      Object.entries(fresh ? own : shared),
      Object.entries({
        BatchMode: "yes",
        RequestTTY: "no",
        RemoteCommand: "none",
        ClearAllForwardings: "yes",
        PermitLocalCommand: "no",
      }),
      Object.entries(this.target.sshOptions),
      Object.entries({
        ConnectTimeout: String(connectTimeout),
        ...keepAlive,
        // A configuration that keeps ssh quiet would leave us without its reasons.
        LogLevel: "INFO",
      }),
    ];
    return ["-T", ...settings.flat().flatMap(([name, value]) => ["-o", `${name}=${value}`])];
  }
}

async function startSsh(args: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
  try {
    // A terminal's interrupt is ours to handle: an ssh in the middle of an import ends when we say so.
    return await started("ssh", () => spawn("ssh", args, { stdio: "pipe", detached: true }));
  } catch (cause) {
    if (!(cause instanceof StartError)) throw cause;
    if (cause.absent) {
      throw new ConnectionError("no-client", "there is no ssh here; install the OpenSSH client", { cause });
    }
    throw new ConnectionError("other", cause.message, { cause });
  }
}

type End = { readonly exitCode: number | null; readonly signal: NodeJS.Signals | null };

/** When it has ended and all that it wrote has been read, or is not listened to any more. */
function endOf(child: ChildProcessWithoutNullStreams): Promise<End> {
  return new Promise((resolve) => {
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

/** What it has started, a ProxyCommand for example, is not waited for. */
function endSsh(child: ChildProcessWithoutNullStreams): void {
  child.kill();
  if (child.exitCode !== null || child.signalCode !== null) hearLastWords(child);
  else child.once("exit", () => hearLastWords(child));
}

function endedBySignal(signal: NodeJS.Signals | null): ConnectionError {
  return new ConnectionError("lost", `ssh was ended by ${signal ?? "something"}`);
}

/** Calls back with each line as it comes, the last one even when no newline ends it. */
async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const text of stream as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
}

/** Writes the input, as fast as it is taken. The failure, which must not hide the command's own, is returned. */
async function feed(input: RunOptions["input"], stdin: NodeJS.WritableStream): Promise<unknown> {
  if (input === undefined) {
    // Whether it was still there to read it makes no difference.
    stdin.on("error", () => {}).end();
    return undefined;
  }
  try {
    await pipeline(Readable.from(input, { objectMode: false }), stdin);
    return undefined;
  } catch (error) {
    return error;
  }
}

function isBrokenPipe(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ERR_STREAM_DESTROYED";
}
