/** The thread that evaluates, as the terminal sees it: lines in, outcomes out; a new one after an interruption. */
import type { Worker } from "node:worker_threads";
import { fromText, toText } from "../../store/bytes.ts";
import { startEvaluationThread } from "../evaluation/thread.ts";
import type { Completion, FromRepl, Outcome, ReplInput, ToRepl } from "./protocol.ts";

type Output = (stream: "stdout" | "stderr", text: string) => void;

export class EvaluatorThread {
  private readonly input: Omit<ReplInput, "journal">;
  private readonly output: Output;
  /** Lines that made the variables what they are. */
  private readonly journal: string[] = [];
  private worker: Worker;
  /** Who waits for what comes next. */
  private onOutcome: ((outcome: Outcome) => void) | undefined;
  private onCompletion: ((completion: Completion) => void) | undefined;
  private onFailure: ((error: Error) => void) | undefined;

  constructor(input: Omit<ReplInput, "journal">, output: Output) {
    this.input = input;
    this.output = output;
    this.worker = this.start();
  }

  /** When it has loaded its files. */
  ready(): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.onOutcome = resolve;
      this.onFailure = reject;
    });
  }

  async process(text: string, isLast: boolean): Promise<Outcome> {
    const line = fromText(text);
    const outcome = this.ready();
    this.send({ type: "line", text: line, isLast });
    const { changed } = await outcome;
    if (changed) this.journal.push(line);
    return outcome;
  }

  async complete(text: string): Promise<{ word: string; candidates: string[] }> {
    const completed = new Promise<Completion>((resolve) => {
      this.onCompletion = resolve;
    });
    this.send({ type: "complete", text: fromText(text) });
    const { word, candidates } = await completed;
    return { word: toText(word), candidates: candidates.map(toText) };
  }

  /** Gives up what is being evaluated; what it was asked for ends when a new thread has the same variables. */
  async interrupt(): Promise<void> {
    await this.end();
    this.worker = this.start();
  }

  async stop(): Promise<void> {
    await this.end();
  }

  /** Nobody hears of it any more, but for what is kept of its compiled code. */
  private async end(): Promise<void> {
    for (const event of ["message", "error"]) this.worker.removeAllListeners(event);
    await this.worker.terminate();
  }

  private start(): Worker {
    const input: ReplInput = { ...this.input, journal: this.journal };
    const worker = startEvaluationThread(new URL("./worker.cjs", import.meta.url), input);
    worker.on("message", (message: FromRepl) => this.receive(message));
    worker.on("error", (error) => this.onFailure?.(error));
    return worker;
  }

  private send(message: ToRepl): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromRepl): void {
    switch (message.type) {
      case "output":
        this.output(message.stream, message.text);
        break;
      case "ready":
        this.onOutcome?.(message.outcome);
        break;
      case "completions":
        this.onCompletion?.(message.completion);
        break;
    }
  }
}
