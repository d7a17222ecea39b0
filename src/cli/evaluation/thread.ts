/** The threads that evaluate: with a stack that is deep enough for the recursion that Nix programs use. */
import { totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { CompiledCode } from "./compiled-code.ts";
import type { Compiled, ThreadData } from "./thread-data.ts";

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

/** V8 12 (Node 22) has a compiler between the two, and counts calls. What it doesn't know it complains about on stderr. */
const knowsBudgets = Number.parseInt(process.versions.v8, 10) < 12;

/**
 * Most code of an evaluation is cold. V8's optimising compiler would take a quarter of all processor time for code
 * that is then replaced or never used again: it comes in later, and inlines less.
 */
const flags = [
  ...(knowsBudgets ? ["--interrupt-budget=132000", "--interrupt-budget-for-feedback-allocation=300"] : []),
  "--max-inlined-bytecode-size-cumulative=200",
  // What V8 would put into the old generation at once only goes in full collections, and with it what it leads to.
  "--no-allocation-site-pretenuring",
  // left-over.ts
  "--expose-gc",
  // Megabytes of the old generation before V8 looks for garbage there: one system leaves little, and looking takes longer.
  `--initial-old-space-size=${Math.min(600, Math.floor(totalmem() / 4 / 1024 ** 2))}`,
];

/**
 * `program` is the built file with the thread's program, which gets `input`. The main thread's stack is fixed when Node
 * starts, so it has to be another.
 */
export function startEvaluationThread(
  program: URL,
  input: unknown,
  youngGeneration: YoungGeneration = "usual",
): Worker {
  const { most, first } = youngGenerations[youngGeneration];
  const allFlags = [...flags, `--min-semi-space-size=${first}`];
  for (const flag of allFlags) setFlagsFromString(flag);
  const file = fileURLToPath(program);
  const compiledCode = CompiledCode.of(process.env, file, allFlags);
  const { port1, port2 } = new MessageChannel();
  const data: ThreadData = {
    program: file,
    compiled: compiledCode?.read(),
    compiledPort: compiledCode && port2,
    input,
  };
  const worker = new Worker(new URL("./loader.cjs", import.meta.url), {
    workerData: data,
    transferList: compiledCode === undefined ? [] : [port2],
    resourceLimits: { stackSizeMb, maxYoungGenerationSizeMb: most },
  });
  worker.once("exit", () => {
    // It is a flag of all threads; left-over.ts changes it.
    setFlagsFromString("--semi-space-growth-factor=2");
    const made: { readonly message: Compiled } | undefined = receiveMessageOnPort(port1);
    if (made !== undefined) compiledCode?.write(made.message);
    port1.close();
  });
  return worker;
}
