/**
 * Runs evaluations in a thread of their own, because only a worker can be given a stack that is deep enough for
 * the recursion that Nix programs use (the main thread's stack is fixed when Node starts).
 */
import { Worker } from "node:worker_threads";
import type { MessageKind } from "../../lang/host.ts";
import { UserError } from "../errors.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult, WorkerInput } from "./protocol.ts";

/** Megabytes; 100 000 nested calls of the language fit (docs/decisions). */
const stackSizeMb = 64;

export interface EvaluationOptions {
  readonly showTrace: boolean;
  readonly onMessage: (kind: MessageKind, text: string) => void;
}

/** An evaluation failed; the message is complete and ready to be shown. */
export class EvaluationFailed extends UserError {
  override readonly name = "EvaluationFailed";
}

type ResultOf<K extends EvaluationRequest["kind"]> = Extract<EvaluationResult, { kind: K }>;

export function evaluate<R extends EvaluationRequest>(
  request: R,
  options: EvaluationOptions,
): Promise<ResultOf<R["kind"]>> {
  const input: WorkerInput = { request, showTrace: options.showTrace };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: input,
      resourceLimits: { stackSizeMb },
    });
    worker.on("message", (message: EvaluationMessage) => {
      switch (message.type) {
        case "message":
          options.onMessage(message.kind, message.text);
          break;
        case "result":
          resolve(message.result as ResultOf<R["kind"]>);
          break;
        case "error":
          reject(new EvaluationFailed(message.text));
          break;
      }
    });
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the evaluation ended without a result (exit ${code})`)));
  });
}
