/** Evaluates networks, in a thread of their own where the result of an earlier time will not do. */
import type { MessageKind } from "../../lang/host.ts";
import { UserError } from "../errors.ts";
import { EvaluationCache } from "./cache.ts";
import { isAnswer, type Known, lookUp, nothingKnown } from "./kept.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult, WorkerInput } from "./protocol.ts";
import { startEvaluationThread } from "./thread.ts";

export interface EvaluationOptions {
  readonly showTrace: boolean;
  /** Whether an earlier result will do while all that it depends on is as it was. */
  readonly useCache: boolean;
  readonly onMessage: (kind: MessageKind, text: string) => void;
}

/** What the flags of a command say; messages go to standard error. */
export function evaluationOptions(
  { stderr }: Pick<NodeJS.Process, "stderr">,
  { showTrace, evalCache = true }: { readonly showTrace: boolean; readonly evalCache?: boolean },
): EvaluationOptions {
  return {
    ...{ showTrace, useCache: evalCache },
    onMessage: (kind, message) => stderr.write(`${kind}: ${message}\n`),
  };
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
  const cache = options.useCache ? EvaluationCache.open(process.env) : undefined;
  const found = cache === undefined ? nothingKnown : lookUp(cache, request);
  if (!isAnswer(found)) return evaluateNow(request, options, found);
  for (const { kind, text } of found.messages) options.onMessage(kind, text);
  return Promise.resolve(found.result as ResultOf<R["kind"]>);
}

function evaluateNow<R extends EvaluationRequest>(
  request: R,
  { showTrace, useCache, onMessage }: EvaluationOptions,
  known: Known,
): Promise<ResultOf<R["kind"]>> {
  const input: WorkerInput = { request, showTrace, useCache, known };
  return new Promise((resolve, reject) => {
    const worker = startEvaluationThread(
      new URL("./worker.cjs", import.meta.url),
      input,
      request.kind === "network" ? "of many nodes" : "usual",
    );
    worker.on("message", (message: EvaluationMessage) => {
      switch (message.type) {
        case "message":
          onMessage(message.kind, message.text);
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
