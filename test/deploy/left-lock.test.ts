/** A deployment whose switcher has gone without an end of it: who takes its lock, and what is said of it. */
import { describe, expect } from "vitest";
import type { SwitcherHost } from "./rig/switcher-host.ts";
import { expectEnd, machineTest, shells } from "./rig/switcher-test.ts";

describe.concurrent.each(shells)("under %s", (shell) => {
  const test = machineTest(shell);

  describe("a lock that was left", () => {
    async function leave(host: SwitcherHost, state: string): Promise<void> {
      void host.start("a", "new");
      await host.reaches("a", state);
      host.hangUp();
      host.killSwitcher("a");
    }

    test("before the machine's last start has an end also where the history can't be written", async ({
      host,
    }) => {
      await leave(host, "waiting");
      host.startBoot("boot-2");
      host.link("run/current-system", "nix/store/old");
      // A directory is in its way.
      host.write("var/lib/nixus/history.new/full", "");
      expect((await host.ask("result", "a")).lines.at(-1)).toMatch(/^result rolled-back /);
      expect((await host.ask("result", "a")).lines.at(-1)).toMatch(/^result rolled-back /);
    });

    test("that can't be read keeps nobody from deploying", async ({ host }) => {
      host.write("var/lib/nixus/deployment", "");
      const { lines } = await host.start("b", "newer", { success: 0 });
      expect(lines.slice(0, 2)).toEqual([
        expect.stringMatching(/^warning the lock .* could not be read, and was removed/),
        "started /nix/store/old",
      ]);
    });

    test("before the machine's last start is recorded, and taken", async ({ host }) => {
      await leave(host, "waiting");
      host.startBoot("boot-2");
      host.link("run/current-system", "nix/store/old");
      const { lines } = await host.start("b", "newer", { success: 0 });
      expect(lines[0]).toMatch(/^warning found the lock of deployment a .*rolled-back/);
      expect(host.history.map(({ id, outcome }) => [id, outcome])).toEqual([
        ["a", "rolled-back"],
        ["b", "rolled-back"],
      ]);
    });

    test("after a commit that a power cut ended: what runs and boots is what counts", async ({ host }) => {
      host.behaviour("new", "boot", "sleep 60");
      void host.start("a", "new");
      await host.reaches("a", "waiting");
      void host.ask("confirm", "a");
      await host.becomes("committing", () => host.activations.includes("new boot"));
      host.killSwitcher("a");
      host.startBoot("boot-2");
      host.link("run/current-system", "nix/store/new");
      expect((await host.ask("result", "a")).lines.at(-1)).toContain("result activated");
      await expectEnd(host, "new", "activated");
    });

    test("after a commit whose system did not boot, the profile follows what runs", async ({ host }) => {
      host.behaviour("new", "boot", "sleep 60");
      void host.start("a", "new");
      await host.reaches("a", "waiting");
      void host.ask("confirm", "a");
      await host.becomes("committing", () => host.activations.includes("new boot"));
      host.killSwitcher("a");
      host.startBoot("boot-2");
      host.link("run/current-system", "nix/store/old");
      expect((await host.ask("result", "a")).lines.at(-1)).toContain("result rolled-back");
      await expectEnd(host, "old", "rolled-back");
    });

    test("in this boot, with no one left: it gets its watchdog back, which ends it", async ({ host }) => {
      await leave(host, "waiting");
      expect((await host.start("b", "newer", { previous: "new" })).lines.at(-1)).toMatch(/^busy/);
      host.remove("fake/nixus-watchdog-a.timer");
      // Whoever asks is enough.
      expect((await host.ask("status")).lines.at(-1)).toBe("live");
      // Whichever system it was planned for.
      for (const [id, previous] of [["b", "new"] as const, ["c", "old"] as const]) {
        host.remove("fake/nixus-watchdog-a.timer");
        const { lines } = await host.start(id, "newer", { previous });
        expect(lines).toEqual([
          expect.stringMatching(/^warning deployment a was left waiting/),
          expect.stringMatching(/^busy id=a /),
        ]);
        expect(host.has("fake/nixus-watchdog-a.timer")).toBe(true);
      }
      await host.ask("watch", "a");
      await expectEnd(host, "old", "rolled-back");
    });

    test("in this boot, before anything was changed: the next one takes it", async ({ host }) => {
      await leave(host, "waiting");
      host.remove("fake/nixus-watchdog-a.timer");
      host.write("run/nixus/a/state", "state=preparing\n");
      host.link("run/current-system", "nix/store/old");
      const { lines } = await host.start("b", "newer", { success: 0 });
      expect(lines.slice(0, 2)).toEqual([
        expect.stringMatching(/^warning deployment a .* was left preparing/),
        "started /nix/store/old",
      ]);
      expect(host.history.map(({ outcome }) => outcome)).toEqual(["interrupted", "rolled-back"]);
    });

    test("in this boot, before anything was changed: who follows it is told so", async ({ host }) => {
      await leave(host, "waiting");
      host.remove("fake/nixus-watchdog-a.timer");
      host.write("run/nixus/a/state", "state=preparing\n");
      host.link("run/current-system", "nix/store/old");
      const { lines } = await host.ask("follow", "a");
      expect(lines.at(-1)).toMatch(/^result failed its switcher was gone \(preparing\); nothing was changed/);
    });

    test("in this boot, before anything was changed: its deployer is told so", async ({ host }) => {
      await leave(host, "waiting");
      host.remove("fake/nixus-watchdog-a.timer");
      host.write("run/nixus/a/state", "state=preparing\n");
      host.link("run/current-system", "nix/store/old");
      const { lines } = await host.ask("result", "a");
      expect(lines.at(-1)).toMatch(/^result failed its switcher was gone \(preparing\); nothing was changed/);
      expect(host.has("var/lib/nixus/deployment")).toBe(false);
    });
  });

  describe("killed between the record of the end and the release of the lock", () => {
    const record = (outcome: string) =>
      `version=1\tid=a\tend=1\toutcome=${outcome}\tsystem=/nix/store/new\treason=\n`;

    test("past its deadline too, nothing is rolled back", async ({ host }) => {
      host.behaviour("new", "boot", "sleep 60");
      const started = host.start("a", "new");
      await host.reaches("a", "waiting");
      void host.ask("confirm", "a");
      await host.becomes("committing", () => host.activations.includes("new boot"));
      host.write("var/lib/nixus/history", record("activated"));
      host.write("run/nixus/a/state", host.read("run/nixus/a/state").replace(/deadline=\d+/, "deadline=1"));
      await host.ask("watch", "a");
      expect((await started).lines.at(-1)).toBe("result activated ");
      expect(host.activations).toEqual(["new test", "new boot"]);
      await expectEnd(host, "new", "activated");
    });

    test("a deployment that was given up does not begin", async ({ host }) => {
      void host.start("a", "new");
      await host.reaches("a", "waiting");
      host.killSwitcher("a");
      host.write("var/lib/nixus/history", record("failed"));
      host.write("run/nixus/a/state", "state=starting\ntries=0\n");
      expect((await host.ask("run", "a")).status).toBe(1);
      expect(host.activations).toEqual(["new test"]);
    });
  });
});
