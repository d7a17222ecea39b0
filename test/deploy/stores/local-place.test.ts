/** The store of this machine, as a place to build in. */
import { getEventListeners } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Connection } from "../../../src/deploy/ssh/connection.ts";
import { builderPlace, localPlace, targetPlace } from "../../../src/deploy/stores/place.ts";
import { localSettings } from "../../../src/store/daemon/local.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";

vi.mock("../../../src/store/daemon/local.ts", { spy: true });

/** A daemon that does not answer, and files that it writes when it has begun and ended. */
function silentDaemon(directory: string): { path: string; begun: string; ended: string } {
  const [path, begun, ended] = ["nix-daemon", "begun", "ended"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(path, `#!/bin/sh\n: >'${begun}'\ncat >/dev/null\n: >'${ended}'\n`);
  chmodSync(path, 0o755);
  return { path, begun, ended };
}

test("an interrupt ends what was asked of it, and its program, and is not a failure of Nix", async () => {
  using scratch = scratchDirectory();
  const { path, begun, ended } = silentDaemon(scratch.path);
  const interrupt = new AbortController();
  const reason = new Error("interrupted by SIGTERM");
  const place = localPlace({ type: "program", path }, process.env, interrupt.signal);
  const opened = expect(place.open(() => {})).rejects.toBe(reason);
  await vi.waitUntil(() => existsSync(begun));
  interrupt.abort(reason);
  await opened;
  expect(existsSync(ended)).toBe(true);
  expect(getEventListeners(interrupt.signal, "abort")).toEqual([]);
});

test("after an interrupt nothing is started", async () => {
  using scratch = scratchDirectory();
  const { path, begun } = silentDaemon(scratch.path);
  const reason = new Error("interrupted by SIGTERM");
  const place = localPlace({ type: "program", path }, process.env, AbortSignal.abort(reason));
  await expect(place.open(() => {})).rejects.toBe(reason);
  // Nor after one that comes while the settings are read.
  const interrupt = new AbortController();
  vi.mocked(localSettings).mockImplementationOnce(async () => {
    interrupt.abort(reason);
    throw new Error("ended by a signal");
  });
  const other = localPlace({ type: "program", path }, process.env, interrupt.signal);
  await expect(other.open(() => {})).rejects.toBe(reason);
  expect(existsSync(begun)).toBe(false);
});

test("without settings no store is left open", async () => {
  using scratch = scratchDirectory();
  const { path, begun } = silentDaemon(scratch.path);
  vi.mocked(localSettings).mockRejectedValueOnce(new Error("no settings"));
  const { signal } = new AbortController();
  const place = localPlace({ type: "program", path }, process.env, signal);
  await expect(place.open(() => {})).rejects.toThrow("the Nix of this machine can't be used: no settings");
  expect(existsSync(begun)).toBe(false);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("an interrupt is no failure of another machine's store either", async () => {
  const interrupt = new AbortController();
  const reason = new Error("interrupted by SIGTERM");
  const connection = {
    stream: async () => {
      interrupt.abort(reason);
      throw reason;
    },
    close: async () => {},
  } as unknown as Connection;
  const places = [
    targetPlace("root@foo", connection, "", "id", interrupt.signal),
    builderPlace("bar", connection, "", interrupt.signal),
  ];
  for (const place of places) await expect(place.open(() => {})).rejects.toBe(reason);
});
