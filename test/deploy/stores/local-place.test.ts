/** The store of this machine, as a place to build in. */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { localPlace } from "../../../src/deploy/stores/place.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";

test("an interrupt ends what was asked of it, and its program", async () => {
  using scratch = scratchDirectory();
  const path = join(scratch.path, "nix-daemon");
  const [begun, ended] = [join(scratch.path, "begun"), join(scratch.path, "ended")];
  writeFileSync(path, `#!/bin/sh\n: >'${begun}'\ncat >/dev/null\n: >'${ended}'\n`);
  chmodSync(path, 0o755);
  const interrupt = new AbortController();
  const place = localPlace({ type: "program", path }, process.env, interrupt.signal);
  const opened = expect(place.open(() => {})).rejects.toThrow("interrupted by SIGTERM");
  await vi.waitUntil(() => existsSync(begun));
  interrupt.abort(new Error("interrupted by SIGTERM"));
  await opened;
  expect(existsSync(ended)).toBe(true);
});
