/** Scripts on the deploying machine: those that can't be started, and many at once. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { runLocally } from "../../src/deploy/local-script.ts";
import type { DeployableNode } from "../../src/deploy/session.ts";
import { withNoMoreFiles } from "../store/no-more-files.ts";

const node = { name: "foo", host: "root@foo", toplevel: "/nix/store/system" } as DeployableNode;

const run = (script: string, more: { cwd?: string } = {}) =>
  runLocally(node, { script, signal: new AbortController().signal, onLine: () => {}, ...more });

test("a script that can't be started fails by itself", async () => {
  await expect(run("true", { cwd: "/nonexistent" })).rejects.toThrow(
    /^\/bin\/sh could not be started: .*ENOENT/,
  );
  await expect(run(`: ${"x".repeat(4 * 1024 * 1024)}`)).rejects.toThrow(
    /^\/bin\/sh could not be started: .*E2BIG/,
  );
  await withNoMoreFiles(async () => {
    await expect(run("true")).rejects.toThrow(/^\/bin\/sh could not be started: .*EMFILE/);
  });
  expect(await run("exit 3")).toBe(3);
});

test("many at once are no reason for a warning", async () => {
  const warnings: Error[] = [];
  const listener = (warning: Error) => {
    if (warning.name === "MaxListenersExceededWarning") warnings.push(warning);
  };
  process.on("warning", listener);
  onTestFinished(() => void process.off("warning", listener));
  expect(await Promise.all(Array.from({ length: 20 }, () => run("exit 0")))).toEqual(Array(20).fill(0));
  await turn();
  expect(warnings).toEqual([]);
});
