/**
 * The thread that evaluates: takes one request, answers with its result or a rendered error, keeps the result for the
 * next time, and ends.
 */
import { parentPort, workerData } from "node:worker_threads";
import { NixError } from "../../lang/eval/errors.ts";
import { showError } from "../../lang/eval/show-error.ts";
import { factsOf } from "../../lang/read-facts.ts";
import { toText } from "../../store/bytes.ts";
import { EvaluationCache } from "./cache.ts";
import { LeftOver } from "./left-over.ts";
import type { CachedResult, EvaluationMessage, EvaluationResult, WorkerInput } from "./protocol.ts";
import { runRecorded } from "./run.ts";

const { request, showTrace, useCache } = workerData as WorkerInput;

function evaluate(): void {
  const started = BigInt(Date.now()) * 1_000_000n;
  const messages: CachedResult["messages"][number][] = [];
  const send = (message: EvaluationMessage): void => {
    if (message.type === "message") messages.push(message);
    parentPort!.postMessage(message);
  };
  try {
    const leftOver = new LeftOver();
    const afterNode = () => leftOver.collect();
    const { result, host } = runRecorded(request, { env: process.env, send, showTrace, afterNode });
    send({ type: "result", result });
    const cache = useCache && isFinal(result) ? EvaluationCache.open(process.env) : undefined;
    const facts = cache && factsOf(host.reads, started, cache.context);
    if (facts !== undefined) cache!.keep(request, { facts, value: { messages, result } });
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    send({ type: "error", text: toText(showError(error, { showTrace })) });
  }
}

/** Nodes that failed may not do so the next time, for a reason that no fact tells. */
function isFinal(result: EvaluationResult): boolean {
  return result.kind !== "network" || result.network.failures.length === 0;
}

evaluate();
