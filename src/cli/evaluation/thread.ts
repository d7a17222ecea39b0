/** The threads that evaluate: with a stack that is deep enough for the recursion that Nix programs use. */
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

/** Megabytes; 100 000 nested calls of the language fit (docs/decisions). */
const stackSizeMb = 64;

/**
 * Megabytes. Evaluation makes much and keeps a third of it for a while: with V8's default, most of that is moved
 * again and again (docs/explanation/performance.md).
 */
const maxYoungGenerationSizeMb = 128;

/**
 * Most code of an evaluation is cold. V8's optimising compiler would take a quarter of all processor time for code
 * that is then replaced or never used again: it comes in later, and inlines less.
 */
const flags = [
  "--interrupt-budget=132000",
  "--interrupt-budget-for-feedback-allocation=300",
  "--max-inlined-bytecode-size-cumulative=200",
  // left-over.ts
  "--expose-gc",
];

/** `entry` is the built file of the thread. The main thread's stack is fixed when Node starts, so it has to be another. */
export function startEvaluationThread(entry: URL, data: unknown): Worker {
  for (const flag of flags) setFlagsFromString(flag);
  return new Worker(entry, { workerData: data, resourceLimits: { stackSizeMb, maxYoungGenerationSizeMb } });
}
