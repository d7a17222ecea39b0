import { setMaxListeners } from "node:events";
import { constants } from "node:os";
import { UserError } from "./errors.ts";

const interrupts = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first Ctrl-C ends the work on machines, and what became of each is told; a second one ends the process at once. So do
 * SIGTERM and the end of the terminal, which may be told more than once (by the kernel and by the shell).
 */
export function abortOnInterrupt(process: NodeJS.Process): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  // Each machine that is worked on at the same time listens to it.
  setMaxListeners(0, controller.signal);
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) controller.abort(new UserError(`interrupted by ${signal}`));
    else if (signal !== "SIGHUP") process.exit(128 + constants.signals[signal]);
  };
  for (const signal of interrupts) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of interrupts) process.off(signal, onSignal);
    },
  };
}
