/** What tests of the switcher have in common: the shells, a machine for each test, how a deployment ends. */
import { execFileSync } from "node:child_process";
import { test as baseTest, expect } from "vitest";
import { SwitcherHost } from "./switcher-host.ts";

export function installed(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

/** Each may be a machine's /bin/sh. */
export const shells = ["/bin/dash", "/bin/bash"].filter(installed);

/** Each test has a machine of its own: most of their time is waiting. */
export function machineTest(shell: string, prepare: (host: SwitcherHost) => void = () => {}) {
  return baseTest.extend<{ host: SwitcherHost }>({
    host: async ({ task: _task }, use) => {
      const host = new SwitcherHost(shell);
      prepare(host);
      await use(host);
      host.dispose();
    },
  });
}

/** Nothing of the deployment is left but its record; the machine is on this system and boots it. */
export async function expectEnd(host: SwitcherHost, system: string, outcome: string): Promise<void> {
  expect(host.target("run/current-system")).toBe(`nix/store/${system}`);
  expect(host.target("nix/var/nix/profiles/system")).toBe(`nix/store/${system}`);
  expect(host.list("var/lib/nixus")).toEqual(["history"]);
  await host.becomes("without a timer", () => !host.list("fake").some((name) => name.endsWith(".timer")));
  expect(host.history.at(-1)).toMatchObject({ outcome });
}
