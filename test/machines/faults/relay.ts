/** The relay of relay.mjs, between a lab's deployer and its first machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Lab } from "../lib/index.ts";
import { gateway } from "../lib/namespace.ts";
import { poll } from "../lib/process.ts";

/** The settings that relay.mjs explains. */
export interface RelaySettings {
  readonly hold?: boolean;
  readonly latency?: number;
  readonly loss?: number;
  readonly stallAfter?: number | null;
  readonly silent?: boolean;
  readonly reset?: true;
}

const untouched: RelaySettings = { hold: false, latency: 0, loss: 0, stallAfter: null, silent: false };

export const relayAddress = gateway;
export const relayPort = 2222;

export class Relay {
  readonly #process: ChildProcess;
  /** New connections that are held. */
  #held = 0;
  #stalled = false;
  #ready = false;
  #asked = 0;
  #set = 0;

  private constructor(child: ChildProcess) {
    this.#process = child;
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const { event, held } = JSON.parse(line) as { event: string; held?: boolean };
      if (event === "ready") this.#ready = true;
      if (event === "set") this.#set += 1;
      if (event === "stalled") this.#stalled = true;
      if (event === "connection" && held === true) this.#held += 1;
    });
  }

  static async start(lab: Lab, project: string): Promise<Relay> {
    const program = join(project, "test/machines/faults/relay.mjs");
    const { argv, env } = lab.commandLine(
      [process.execPath, program, relayAddress, String(relayPort), lab.machine().address, "22"],
      "/",
    );
    const [command = "", ...args] = argv;
    const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    const relay = new Relay(child);
    await poll("the relay", 10_000, () => (relay.#ready ? true : undefined));
    return relay;
  }

  /** Changes the settings; in effect when this resolves. */
  async set(settings: RelaySettings): Promise<void> {
    if (settings.hold === true) this.#held = 0;
    if (settings.stallAfter !== undefined) this.#stalled = false;
    this.#asked += 1;
    const asked = this.#asked;
    this.#process.stdin?.write(`${JSON.stringify(settings)}\n`);
    await poll("the relay's answer", 10_000, () => (this.#set >= asked ? true : undefined), 5);
  }

  async restore(): Promise<void> {
    await this.set(untouched);
  }

  get holds(): boolean {
    return this.#held > 0;
  }

  get stalled(): boolean {
    return this.#stalled;
  }
}
