/** Runs evaluations of networks in a thread of their own. */
import type { MessageKind } from "../../lang/host.ts";
import { UserError } from "../errors.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult, WorkerInput } from "./protocol.ts";
import { startEvaluationThread } from "./thread.ts";

export interface EvaluationOptions {
  readonly showTrace: boolean;
  readonly onMessage: (kind: MessageKind, text: string) => void;
}

/** An evaluation failed; the message is complete and ready to be shown. */
class EvaluationFailed extends UserError {
  override readonly name = "EvaluationFailed";
}

type ResultOf<K extends EvaluationRequest["kind"]> = Extract<EvaluationResult, { kind: K }>;

export function evaluate<R extends EvaluationRequest>(
  request: R,
  options: EvaluationOptions,
): Promise<ResultOf<R["kind"]>> {
  const input: WorkerInput = { request, showTrace: options.showTrace };
  return new Promise((resolve, reject) => {
    const worker = startEvaluationThread(new URL("./worker.js", import.meta.url), input);
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
