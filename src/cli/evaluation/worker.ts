/**
 * The thread that evaluates: takes one request, answers with its result or a rendered error, keeps the result for the
 * next time, and ends.
 */
import { parentPort, workerData } from "node:worker_threads";
import { NixError } from "../../lang/eval/errors.ts";
import { showError } from "../../lang/eval/show-error.ts";
import { toText } from "../../store/bytes.ts";
import { EvaluationCache } from "./cache.ts";
import { type Answer, KeptResults } from "./kept-results.ts";
import { LeftOver } from "./left-over.ts";
import type { EvaluationMessage, WorkerInput } from "./protocol.ts";
import { runRecorded } from "./run.ts";

const { request, showTrace, useCache } = workerData as WorkerInput;

function evaluate(): void {
  const started = BigInt(Date.now()) * 1_000_000n;
  const messages: Answer["messages"][number][] = [];
  const send = (message: EvaluationMessage): void => {
    if (message.type === "message") messages.push(message);
    parentPort!.postMessage(message);
  };
  try {
    const cache = useCache ? EvaluationCache.open(process.env) : undefined;
    const known = cache && new KeptResults(cache, request, started);
    const leftOver = new LeftOver();
    const afterNode = () => leftOver.collect();
    const { result, host } = runRecorded(request, { env: process.env, send, showTrace, afterNode });
    send({ type: "result", result });
    known?.save(host, { messages, result });
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    send({ type: "error", text: toText(showError(error, { showTrace })) });
  }
}

evaluate();
