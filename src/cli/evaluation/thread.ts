/** The threads that evaluate: with a stack that is deep enough for the recursion that Nix programs use. */
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

/** Megabytes; 100 000 nested calls of the language fit (docs/decisions). */
const stackSizeMb = 64;

/**
 * How large the young generation may be. Evaluation makes much and keeps a third of it for a while: with V8's default,
 * most of that is moved again and again (docs/explanation/performance.md).
 */
export type YoungGeneration = "usual" | "of many nodes";

/** Megabytes: of all three of its parts at most, and of one to begin with. V8 takes powers of two for a part. */
const youngGenerations: Readonly<Record<YoungGeneration, { readonly most: number; readonly first: number }>> =
  {
    usual: { most: 96, first: 32 },
    // It becomes that large when the first node has been evaluated (left-over.ts).
    "of many nodes": { most: 768, first: 32 },
  };

/**
 * Most code of an evaluation is cold. V8's optimising compiler would take a quarter of all processor time for code
 * that is then replaced or never used again: it comes in later, and inlines less.
 */
const flags = [
  "--interrupt-budget=132000",
  "--interrupt-budget-for-feedback-allocation=300",
  "--max-inlined-bytecode-size-cumulative=200",
  // What V8 would put into the old generation at once only goes in full collections, and with it what it leads to.
  "--no-allocation-site-pretenuring",
  // left-over.ts
  "--expose-gc",
  // Megabytes of the old generation before V8 looks for garbage there: one system leaves little, and looking takes longer.
  "--initial-old-space-size=600",
];

/** `entry` is the built file of the thread. The main thread's stack is fixed when Node starts, so it has to be another. */
export function startEvaluationThread(
  entry: URL,
  data: unknown,
  youngGeneration: YoungGeneration = "usual",
): Worker {
  const { most, first } = youngGenerations[youngGeneration];
  for (const flag of [...flags, `--min-semi-space-size=${first}`]) setFlagsFromString(flag);
  const resourceLimits = { stackSizeMb, maxYoungGenerationSizeMb: most };
  const worker = new Worker(entry, { workerData: data, resourceLimits });
  // It is a flag of all threads; left-over.ts changes it.
  worker.once("exit", () => setFlagsFromString("--semi-space-growth-factor=2"));
  return worker;
}
