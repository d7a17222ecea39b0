import { EventEmitter, getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { abortOnInterrupt } from "../../src/cli/interrupt.ts";

test("may be listened to by any number of machines", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => {
    if (warning.name === "MaxListenersExceededWarning") warnings.push(warning);
  };
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const { signal, stop } = abortOnInterrupt(new EventEmitter() as NodeJS.Process);
  const listeners = Array.from({ length: 20 }, () => () => {});
  for (const listener of listeners) signal.addEventListener("abort", listener);
  await turn();
  stop();
  expect(getEventListeners(signal, "abort")).toHaveLength(20);
  expect(warnings).toEqual([]);
});
