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

test("the end of the terminal is one however often it is told, and a second Ctrl-C ends all at once", () => {
  const exits: number[] = [];
  const program = Object.assign(new EventEmitter(), { exit: (status: number) => exits.push(status) });
  const { signal, stop } = abortOnInterrupt(program as unknown as NodeJS.Process);
  program.emit("SIGHUP", "SIGHUP");
  expect(signal.reason).toMatchObject({ message: "interrupted by SIGHUP" });
  program.emit("SIGHUP", "SIGHUP");
  expect(exits).toEqual([]);
  program.emit("SIGINT", "SIGINT");
  program.emit("SIGTERM", "SIGTERM");
  expect(exits).toEqual([130, 143]);
  stop();
  expect(program.eventNames()).toEqual([]);
});
