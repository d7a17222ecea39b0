import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../process.ts";
import { Peer, PeerError } from "./peer.ts";

interface Status {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly "out-data"?: string;
  readonly "err-data"?: string;
}

const decoded = (data = ""): string => Buffer.from(data, "base64").toString("utf8");

/** qemu's guest agent: it runs commands on the machine, and needs neither its network nor sshd for that. */
export class Agent {
  readonly #path: string;
  #peer: Promise<Peer> | undefined;
  #greetings = 0;

  /** @param path the Unix socket that leads to it */
  constructor(path: string) {
    this.#path = path;
  }

  /** Runs a program to its end; a PeerError when the agent can't be asked, or not any more. */
  async run(
    argv: readonly string[],
    env: NodeJS.ProcessEnv,
    input: string,
    timeout: number,
  ): Promise<Result> {
    const deadline = performance.now() + timeout;
    const left = (): number => Math.max(1, deadline - performance.now());
    const peer = await this.#greeted(left());
    const [path, ...arg] = argv;
    const started = await peer.request(
      "guest-exec",
      {
        ...{ path, arg, env: Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`) },
        ...{ "input-data": Buffer.from(input).toString("base64"), "capture-output": true },
      },
      left(),
    );
    const { pid } = started as { pid: number };
    for (let pause = 5; ; pause = Math.min(2 * pause, 100)) {
      const status = (await peer.request("guest-exec-status", { pid }, left())) as Status;
      if (status.exited) {
        const signal = status.signal === undefined ? null : ("SIGKILL" as const);
        const [stdout, stderr] = [decoded(status["out-data"]), decoded(status["err-data"])];
        return { stdout, stderr, exitCode: status.exitcode ?? null, signal, timedOut: false };
      }
      if (performance.now() > deadline) throw new PeerError(`pid ${pid} has not ended in time`);
      await sleep(pause);
    }
  }

  /** Whether there is a file; takes no process. A PeerError when the agent can't be asked. */
  async exists(path: string, timeout: number): Promise<boolean> {
    const peer = await this.#greeted(timeout);
    let handle: unknown;
    try {
      handle = await peer.request("guest-file-open", { path, mode: "r" }, timeout);
    } catch (error) {
      if (error instanceof PeerError && peer.isOpen) return false;
      throw error;
    }
    await peer.request("guest-file-close", { handle }, timeout);
    return true;
  }

  /** The machine is off, or starts again. */
  async forget(): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    (await peer?.catch(() => undefined))?.close();
  }

  async #greeted(timeout: number): Promise<Peer> {
    const known = this.#peer;
    const peer = await known?.catch(() => undefined);
    if (peer?.isOpen) return peer;
    if (this.#peer === known) this.#peer = this.#greet(timeout);
    return this.#peer ?? this.#greeted(timeout);
  }

  /** Only one connection at a time is heard. What it still says to somebody before us comes before its answer. */
  async #greet(timeout: number): Promise<Peer> {
    const deadline = performance.now() + timeout;
    for (;;) {
      const id = ++this.#greetings;
      const peer = await Peer.connect(this.#path);
      if ((await peer.request("guest-sync", { id }, deadline - performance.now())) === id) return peer;
      peer.close();
    }
  }
}
