/** The threads that evaluate: with a stack that is deep enough for the recursion that Nix programs use. */
import { Worker } from "node:worker_threads";

/** Megabytes; 100 000 nested calls of the language fit (docs/decisions). */
const stackSizeMb = 64;

/** `entry` is the built file of the thread. The main thread's stack is fixed when Node starts, so it has to be another. */
export function startEvaluationThread(entry: URL, data: unknown): Worker {
  return new Worker(entry, { workerData: data, resourceLimits: { stackSizeMb } });
}
