/** The thread that evaluates for `nixus repl`. */
import { parentPort } from "node:worker_threads";
import { fromText } from "../../store/bytes.ts";
import { threadInput } from "../evaluation/thread-data.ts";
import type { FromRepl, ReplInput, ToRepl } from "./protocol.ts";
import { Repl } from "./session.ts";

function send(message: FromRepl): void {
  parentPort!.postMessage(message);
}

export async function run(): Promise<void> {
  const input = threadInput<ReplInput>();
  /** What was shown before an interruption is not shown again. */
  let silent = input.journal.length > 0;
  const write = (stream: "stdout" | "stderr", text: string): void => {
    if (!silent) send({ type: "output", stream, text });
  };
  const repl = new Repl(input.evaluation, {
    env: process.env,
    workingDirectory: process.cwd(),
    colors: input.colors,
    onMessage: (kind, text) => write("stderr", `${fromText(kind)}: ${text}\n`),
    write,
  });
  for (const file of input.files) {
    repl.attempt(() => {
      repl.notice(`Loading ${file}...`);
      repl.load(file);
    });
  }
  for (const expression of input.expressions) repl.attempt(() => repl.loadExpression(expression));
  for (const line of input.journal) await repl.process(line, true);
  silent = false;
  send({ type: "ready", outcome: { next: "line", changed: false } });
  parentPort!.on("message", (message: ToRepl) => answer(repl, message));
}

async function answer(repl: Repl, message: ToRepl): Promise<void> {
  switch (message.type) {
    case "complete":
      send({ type: "completions", completion: repl.complete(message.text) });
      break;
    case "line": {
      const outcome = await repl.process(message.text, message.isLast);
      send({ type: "ready", outcome });
      if (outcome.next === "quit") parentPort!.close();
      break;
    }
  }
}
