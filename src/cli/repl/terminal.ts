/** The conversation with the person, or the script, at the other end of standard input. */
import { spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { toBytes, toText } from "../../store/bytes.ts";
import { started } from "../../store/programs.ts";
import * as text from "../text.ts";
import { EvaluatorThread } from "./evaluator-thread.ts";
import { historyFile, historySize, readHistory, writeHistory } from "./history.ts";
import type { Outcome, ReplInput } from "./protocol.ts";

/** Ends with the input, or with `:quit`. */
export async function converse(
  process: NodeJS.Process,
  input: Omit<ReplInput, "journal" | "colors">,
): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  const isInteractive = stdin.isTTY === true && stdout.isTTY === true;
  const colors = stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const thread = new EvaluatorThread({ ...input, colors }, (stream, output) => {
    (stream === "stdout" ? stdout : stderr).write(toBytes(output));
  });
  if (isInteractive) stderr.write(`${text.repl.welcome}\n`);
  const lines = isInteractive ? new TerminalLines(process, thread) : new PipedLines(process);
  try {
    await thread.ready();
    await loop(process, thread, lines);
  } finally {
    lines.close();
    await thread.stop();
  }
}

/** What comes from the other end; `dropped`: the person thought better of what was typed so far. */
type Typed =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "dropped" }
  | { readonly kind: "end" };

interface Lines {
  /** `isContinuation`: the line before it was only a beginning. */
  next(isContinuation: boolean): Promise<Typed>;
  /** Leaves the terminal to another program meanwhile. */
  lend(use: () => Promise<void>): Promise<void>;
  close(): void;
}

async function loop(process: NodeJS.Process, thread: EvaluatorThread, lines: Lines): Promise<void> {
  let pending = "";
  for (;;) {
    const typed = await lines.next(pending !== "");
    if (typed.kind === "dropped") {
      pending = "";
      continue;
    }
    const isLast = typed.kind === "end";
    if (isLast && pending === "") return;
    const line = isLast ? pending : pending + typed.text;
    const outcome = await thread.process(line, isLast);
    if (outcome.next === "quit" || isLast) return;
    pending = outcome.next === "more" ? `${line}\n` : "";
    if (outcome.edit !== undefined) {
      const { edit } = outcome;
      await lines.lend(() => openEditor(process, edit));
      await thread.process(":reload", true);
    }
  }
}

class PipedLines implements Lines {
  private readonly reader: Interface;
  private readonly iterator: AsyncIterator<string>;

  constructor({ stdin }: NodeJS.Process) {
    this.reader = createInterface({ input: stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
    this.iterator = this.reader[Symbol.asyncIterator]();
  }

  async next(): Promise<Typed> {
    const { done, value } = await this.iterator.next();
    return done === true ? { kind: "end" } : { kind: "line", text: value };
  }

  lend(use: () => Promise<void>): Promise<void> {
    return use();
  }

  close(): void {
    this.reader.close();
  }
}

class TerminalLines implements Lines {
  private readonly process: NodeJS.Process;
  private readonly thread: EvaluatorThread;
  private readonly file: string | undefined;
  private reader: Interface;
  private history: string[];
  private waiting: ((typed: Typed) => void) | undefined;
  /** Typed while something was evaluated. */
  private readonly ahead: Typed[] = [];

  constructor(process: NodeJS.Process, thread: EvaluatorThread) {
    this.process = process;
    this.thread = thread;
    this.file = historyFile(process.env);
    this.history = readHistory(this.file);
    this.reader = this.open();
  }

  next(isContinuation: boolean): Promise<Typed> {
    const typed = this.ahead.shift();
    if (typed !== undefined) return Promise.resolve(typed);
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.reader.setPrompt(isContinuation ? text.repl.continuation : text.repl.prompt);
      this.reader.prompt();
    });
  }

  async lend(use: () => Promise<void>): Promise<void> {
    this.reader.removeAllListeners("close");
    this.reader.close();
    await use();
    this.reader = this.open();
  }

  close(): void {
    this.reader.removeAllListeners("close");
    this.reader.close();
    writeHistory(this.file, this.history);
  }

  private open(): Interface {
    const { stdin, stdout } = this.process;
    const reader = createInterface({
      input: stdin,
      output: stdout,
      history: [...this.history],
      historySize,
      removeHistoryDuplicates: true,
      completer: (line: string, answer: (error: null, result: [string[], string]) => void) => {
        void this.thread.complete(line).then(({ word, candidates }) => answer(null, [candidates, word]));
      },
    });
    reader.on("history", (history) => {
      this.history = history;
    });
    reader.on("line", (line) => this.answer({ kind: "line", text: line }));
    reader.on("close", () => {
      stdout.write("\n");
      this.answer({ kind: "end" });
    });
    reader.on("SIGINT", () => this.interrupted());
    return reader;
  }

  private answer(typed: Typed): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.ahead.push(typed);
    else waiting(typed);
  }

  /** Ctrl-C drops what was typed, or what is being evaluated. */
  private interrupted(): void {
    this.process.stdout.write("^C\n");
    if (this.waiting === undefined) {
      void this.thread.interrupt();
      return;
    }
    this.reader.write(null, { ctrl: true, name: "e" });
    this.reader.write(null, { ctrl: true, name: "u" });
    this.answer({ kind: "dropped" });
  }
}

/** As Nix does, with the line for editors that are known to take it. */
async function openEditor(process: NodeJS.Process, edit: NonNullable<Outcome["edit"]>): Promise<void> {
  const editor = process.env["EDITOR"] || "cat";
  const takesLine = edit.line !== undefined && /emacs|nano|vim|kak/.test(editor);
  const args = [...(takesLine ? [`+${edit.line}`] : []), toText(edit.file)];
  try {
    const child = await started("/bin/sh", () =>
      spawn("/bin/sh", ["-c", `${editor} "$@"`, editor, ...args], { stdio: "inherit" }),
    );
    await new Promise((resolve) => child.once("close", resolve));
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
  }
}
