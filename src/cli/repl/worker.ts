/** The thread that evaluates for `nixus repl`. */
import { parentPort, workerData } from "node:worker_threads";
import { fromText } from "../../store/bytes.ts";
import type { FromRepl, ReplInput, ToRepl } from "./protocol.ts";
import { Repl } from "./session.ts";

const input = workerData as ReplInput;
const port = parentPort!;
/** What was shown before an interruption is not shown again. */
let silent = input.journal.length > 0;

function send(message: FromRepl): void {
  port.postMessage(message);
}

const repl = new Repl(input.evaluation, {
  env: process.env,
  workingDirectory: process.cwd(),
  colors: input.colors,
  onMessage: (kind, text) => write("stderr", `${fromText(kind)}: ${text}\n`),
  write,
});

function write(stream: "stdout" | "stderr", text: string): void {
  if (!silent) send({ type: "output", stream, text });
}

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

port.on("message", async (message: ToRepl) => {
  switch (message.type) {
    case "complete":
      send({ type: "completions", completion: repl.complete(message.text) });
      break;
    case "line": {
      const outcome = await repl.process(message.text, message.isLast);
      send({ type: "ready", outcome });
      if (outcome.next === "quit") port.close();
      break;
    }
  }
});
