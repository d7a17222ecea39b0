/**
 * The thread that evaluates: takes one request, answers with its result or a rendered error, keeps what can be used the
 * next time, and ends.
 */
import { parentPort } from "node:worker_threads";
import { NixError } from "../../lang/eval/errors.ts";
import { showError } from "../../lang/eval/show-error.ts";
import { toText } from "../../store/bytes.ts";
import { EvaluationCache } from "./cache.ts";
import { type Answer, keep } from "./kept.ts";
import { LeftOver } from "./left-over.ts";
import type { EvaluationMessage, WorkerInput } from "./protocol.ts";
import { runRecorded } from "./run.ts";
import { threadInput } from "./thread-data.ts";

export function run(): void {
  const { request, showTrace, useCache, known } = threadInput<WorkerInput>();
  const started = BigInt(Date.now()) * 1_000_000n;
  const messages: Answer["messages"][number][] = [];
  const send = (message: EvaluationMessage): void => {
    if (message.type === "message") messages.push(message);
    parentPort!.postMessage(message);
  };
  try {
    const leftOver = new LeftOver();
    const afterNode = () => leftOver.collect();
    const { result, parts } = runRecorded(request, { env: process.env, send, showTrace, afterNode, known });
    send({ type: "result", result });
    const cache = useCache ? EvaluationCache.open(process.env) : undefined;
    if (cache !== undefined) keep(cache, request, { known, parts, started, answer: { messages, result } });
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    send({ type: "error", text: toText(showError(error, { showTrace })) });
  }
}
