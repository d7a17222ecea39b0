import { setMaxListeners } from "node:events";
import { UserError } from "./errors.ts";

/** The first Ctrl-C ends the work on machines, and what became of each is told; a second one ends the process at once. */
export function abortOnInterrupt(process: NodeJS.Process): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  // Each machine that is worked on at the same time listens to it.
  setMaxListeners(0, controller.signal);
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    controller.abort(new UserError(`interrupted by ${signal}`));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
