/** A machine's store whose deployer has gone without a word. */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { longestSilence } from "../../../src/deploy/ssh/keep-alive.ts";
import { builderScript } from "../../../src/deploy/target/scripts.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";

/** Keeps a lock until it ends, or for four seconds. */
const daemon = `#!/bin/sh
trap 'echo ended; exit' TERM
i=0
while [ $i -lt 40 ]; do sleep 0.1; i=$((i + 1)); done
echo served
`;

/** What the store's script prints below a process that is called sshd, and does so meanwhile. */
async function served(silence: number | undefined, meanwhile: string): Promise<string> {
  using scratch = scratchDirectory();
  const at = (name: string) => join(scratch.path, name);
  writeFileSync(at("nix-daemon"), daemon);
  chmodSync(at("nix-daemon"), 0o755);
  copyFileSync("/bin/sh", at("sshd-session"));
  chmodSync(at("sshd-session"), 0o755);
  writeFileSync(at("script"), builderScript(silence));
  const sshd = `/bin/sh -c '/bin/sh ${at("script")}; :' & ${meanwhile}
wait`;
  const env = { PATH: `${scratch.path}:/usr/bin:/bin` };
  return await new Promise((resolve, reject) => {
    execFile(at("sshd-session"), ["-c", sshd], { env }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout.split("nixus-store\n")[1] ?? stdout);
    });
  });
}

const reads = "while kill -0 $! 2>/dev/null; do read -r _ </proc/uptime; sleep 0.1; done";

describe.concurrent("a store", () => {
  test("ends when sshd hears nothing any more", async () => {
    expect(await served(2, "")).toBe("ended\n");
  });

  test("serves as long as sshd hears something", async () => {
    expect(await served(1, reads)).toBe("served\n");
  });

  test("serves for ever where ssh need not say anything", async () => {
    expect(await served(undefined, "")).toBe("served\n");
  });
});

test.each([
  [{}, 120],
  [{ serveraliveinterval: "30" }, 360],
  [{ ServerAliveInterval: "30", ServerAliveCountMax: "1" }, 120],
  [{ ServerAliveInterval: "0" }, undefined],
  [{ ServerAliveInterval: "1m" }, undefined],
])("with the options %j it may be silent for %s s", (options, seconds) => {
  expect(longestSilence(options)).toBe(seconds);
});
