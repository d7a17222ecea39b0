/** The thread that evaluates: takes one request, answers with its result or a rendered error, and ends. */
import { parentPort, workerData } from "node:worker_threads";
import { NixError } from "../../lang/eval/errors.ts";
import { showError } from "../../lang/eval/show-error.ts";
import { toText } from "../../store/bytes.ts";
import type { EvaluationMessage, WorkerInput } from "./protocol.ts";
import { runRequest } from "./run.ts";

const { request, showTrace } = workerData as WorkerInput;

function send(message: EvaluationMessage): void {
  parentPort!.postMessage(message);
}

try {
  send({ type: "result", result: runRequest(request, process.env, send, showTrace) });
} catch (error) {
  if (!(error instanceof NixError)) throw error;
  send({ type: "error", text: toText(showError(error, { showTrace })) });
}
