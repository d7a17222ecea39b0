/** The switcher itself, under each shell that may be a machine's /bin/sh, with systemd and Nix replaced. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test as baseTest, describe, expect } from "vitest";
import type { SwitcherHost } from "./rig/switcher-host.ts";
import { expectEnd, installed, machineTest, shells } from "./rig/switcher-test.ts";

const target = join(import.meta.dirname, "../../src/deploy/target");

describe.runIf(installed("shellcheck"))("shellcheck", () => {
  // Slow where others work too.
  baseTest("is content with the switcher", { timeout: 120_000 }, () => {
    execFileSync("shellcheck", ["--norc", "-x", "-e", "SC2015", "switcher.sh"], { cwd: target });
  });

  // As they are sent: after common.sh. SC2154: variables that the deployer sets. SC2317: functions not used there.
  baseTest.each(["facts", "import", "unroot", "packages", "status", "reboot"])(
    "is content with %s.sh",
    (name) => {
      const script = execFileSync("cat", ["common.sh", `${name}.sh`], { cwd: target });
      execFileSync("shellcheck", ["--norc", "-s", "sh", "-e", "SC2015,SC2154,SC2317,SC2034", "-"], {
        input: script,
      });
    },
  );
});

describe.concurrent.each(shells)("under %s", (shell) => {
  const test = machineTest(shell);

  test("parses every script", () => {
    for (const name of readdirSync(target).filter((name) => name.endsWith(".sh"))) {
      execFileSync(shell, ["-n", join(target, name)]);
    }
  });

  const current = (host: SwitcherHost) =>
    execFileSync("readlink", ["-f", join(host.root, "run/current-system")]).toString();
  const profile = (host: SwitcherHost) =>
    execFileSync("readlink", ["-f", join(host.root, "nix/var/nix/profiles/system")]).toString();

  test("commits what was confirmed", async ({ host }) => {
    const started = host.start("a", "new");
    await host.reaches("a", "waiting");
    expect(host.has("fake/nixus-watchdog-a.timer")).toBe(true);
    expect(profile(host)).toContain("/old\n");
    const confirmed = await host.ask("confirm", "a");
    expect(confirmed.lines.at(-1)).toBe("result activated ");
    const { lines } = await started;
    expect(lines[0]).toBe("started /nix/store/old");
    // It looks now and then: of states that are short it may see none but another.
    expect(lines).toContainEqual(expect.stringMatching(/^state (preparing|activating|waiting|committing)$/));
    expect(lines.at(-1)).toBe("result activated ");
    expect(host.activations).toEqual(["new test", "new boot"]);
    await expectEnd(host, "new", "activated");
    expect(host.history.at(-1)).toMatchObject({
      id: "a",
      system: "/nix/store/new",
      by: "me@here",
      reason: "",
    });
    // Asked again, as by a deployer whose connection broke.
    expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("result activated ");
    expect((await host.ask("result", "a")).lines.at(-1)).toBe("result activated ");
  });

  test("protects all that it needs from the garbage collector, also what was on the machine before", async ({
    host,
  }) => {
    const roots = "nix/var/nix/gcroots/nixus/a";
    const started = host.start("a", "new");
    await host.reaches("a", "waiting");
    const kept = host.list(roots).map((name) => host.target(`${roots}/${name}`));
    expect(kept.sort()).toEqual(["nix/store/new", "nix/store/old", "switcher"]);
    await host.ask("confirm", "a");
    await started;
    expect(host.has(roots)).toBe(false);
  });

  test("changes nothing that it can't protect from the garbage collector", async ({ host }) => {
    host.write("nix/var/nix/gcroots/nixus", "in the way");
    const { lines } = await host.start("a", "new");
    expect(lines.at(-1)).toMatch(/^result failed .* could not be protected from the garbage collector/);
    expect(host.activations).toEqual([]);
    await expectEnd(host, "old", "failed");
  });

  test("has a line of its own in a history that ends in the middle of one", async ({ host }) => {
    host.write("var/lib/nixus/history", "cut off in the mid");
    const started = host.start("a", "new");
    await host.reaches("a", "waiting");
    await host.ask("confirm", "a");
    await started;
    await expectEnd(host, "new", "activated");
    expect(host.history.at(-1)).toMatchObject({ version: "1", id: "a" });
  });

  test("rolls back an activation that fails, and shows what it said", async ({ host }) => {
    host.behaviour("new", "test", "echo oh no; exit 3");
    const { lines } = await host.start("a", "new");
    expect(lines).toContain("output oh no");
    expect(lines.at(-1)).toBe("result rolled-back the activation failed with exit status 3");
    expect(host.activations).toEqual(["new test", "old test"]);
    await expectEnd(host, "old", "rolled-back");
  });

  test("rolls back an activation that hangs and ignores SIGTERM", async ({ host }) => {
    host.behaviour("new", "test", "trap '' TERM; while :; do sleep 1; done");
    const { lines } = await host.start("a", "new", { switch: 1 });
    expect(lines.at(-1)).toBe("result rolled-back the activation took longer than 1 s");
    await expectEnd(host, "old", "rolled-back");
  });

  test("failed units: rolls back and names those that are new, or goes on where they are ignored", async ({
    host,
  }) => {
    host.write("fake/units-failed", "was-bad.service loaded failed failed\n");
    host.behaviour(
      "new",
      "test",
      'echo "bad.service loaded failed" >>"$NIXUS_ROOT/fake/units-failed"; exit 4',
    );
    const { lines } = await host.start("a", "new");
    expect(lines.at(-1)).toBe("result rolled-back units failed: bad.service");
    const ignoring = host.start("b", "new", { ignore: true });
    await host.reaches("b", "waiting");
    await host.ask("confirm", "b");
    await ignoring;
    await expectEnd(host, "new", "activated");
  });

  test("rolls back when no word comes, and when the word is no", async ({ host }) => {
    expect((await host.start("a", "new", { success: 1 })).lines.at(-1)).toBe(
      "result rolled-back no confirmation within 1 s",
    );
    await expectEnd(host, "old", "rolled-back");
    const started = host.start("b", "new");
    await host.reaches("b", "waiting");
    const { lines } = await host.ask("reject", "b", "the check failed");
    expect(lines.at(-1)).toBe("result rolled-back the check failed");
    await started;
    await expectEnd(host, "old", "rolled-back");
  });

  test("waits longer for who has reached it and has more to look at, and not for ever", async ({ host }) => {
    const started = host.start("a", "new", { success: 1 });
    expect((await host.ask("hold", "a", "4")).lines.at(-1)).not.toBe("state waiting");
    await host.reaches("a", "waiting");
    expect((await host.ask("hold", "a", "4")).lines.at(-1)).toBe("state waiting");
    const uptime = () => Number(readFileSync("/proc/uptime", "utf8").split(".")[0]);
    const until = Number(/until=(\d+)/.exec(host.read("run/nixus/a/hold"))?.[1]);
    // The limit that it was given at first has passed, and its watchdog knows the new one.
    await host.becomes(
      "held",
      () => host.read("run/nixus/a/state").includes(`state=waiting\n`) && uptime() >= until - 1,
    );
    const deadline = Number(/deadline=(\d+)/.exec(host.read("run/nixus/a/state"))?.[1]);
    expect(deadline).toBeGreaterThanOrEqual(until + 19);
    expect((await started).lines.at(-1)).toBe("result rolled-back no confirmation within 1 s");
    expect(uptime()).toBeGreaterThan(until);
    await expectEnd(host, "old", "rolled-back");
    expect((await host.ask("hold", "a", "4")).lines.at(-1)).toMatch(/^result rolled-back/);
  });

  test("a confirmation before it waits does not count", async ({ host }) => {
    host.behaviour("new", "test", 'while [ ! -e "$NIXUS_ROOT/fake/go" ]; do sleep 0.1; done');
    const started = host.start("a", "new", { success: 1 });
    await host.reaches("a", "activating");
    expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("state activating");
    host.write("fake/go", "");
    expect((await started).lines.at(-1)).toContain("no confirmation");
  });

  test("a commit that fails is undone: profile, boot default and system", async ({ host }) => {
    host.behaviour("new", "boot", "exit 1");
    const started = host.start("a", "new");
    await host.reaches("a", "waiting");
    expect((await host.ask("confirm", "a")).lines.at(-1)).toContain(
      "result rolled-back the confirmed system could not",
    );
    await started;
    expect(host.activations).toEqual(["new test", "new boot", "old boot", "old test"]);
    await expectEnd(host, "old", "rolled-back");
  });

  test("a profile that can't be set is a failed commit", async ({ host }) => {
    const started = host.start("a", "new");
    await host.reaches("a", "waiting");
    host.write("fake/no-nix-env", "");
    expect((await host.ask("confirm", "a")).lines.at(-1)).toContain("the system profile could not be set");
    await started;
    await expectEnd(host, "old", "rolled-back");
  });

  test("a generation that somebody has removed meanwhile is made again by the roll-back", async ({
    host,
  }) => {
    host.behaviour("new", "test", 'rm -f "$NIXUS_ROOT"/nix/var/nix/profiles/system*; exit 1');
    await host.start("a", "new");
    await expectEnd(host, "old", "rolled-back");
    expect(host.list("nix/var/nix/profiles")).toEqual(["system", "system-1-link"]);
  });

  test("a machine without a profile gets one before the switch, and loses it with the roll-back", async ({
    host,
  }) => {
    for (const link of ["system", "system-1-link"]) host.remove(`nix/var/nix/profiles/${link}`);
    host.remove("run/current-system");
    host.behaviour("new", "test", 'readlink -f "$NIXUS_ROOT/nix/var/nix/profiles/system"; exit 1');
    const { lines } = await host.start("a", "new");
    expect(lines).toContain(`output ${host.root}/nix/store/old`);
    expect(host.list("nix/var/nix/profiles")).toEqual([]);
    expect(current(host)).toContain("/old\n");
  });

  test("nothing is begun when systemd-run fails, or the state can't be written", async ({ host }) => {
    host.write("fake/no-systemd-run", "");
    expect((await host.start("a", "new")).lines.at(-1)).toBe(
      "result failed systemd-run could not start the switcher",
    );
    expect(host.activations).toEqual([]);
    await expectEnd(host, "old", "failed");
    host.remove("var/lib/nixus");
    host.write("var/lib/nixus", "not a directory");
    expect((await host.start("b", "new")).status).not.toBe(0);
    expect(host.activations).toEqual([]);
  });

  test("refuses what is no system, a machine that has moved on, and a second deployment", async ({
    host,
  }) => {
    expect((await host.start("a", "nothing")).lines.at(-1)).toContain(
      "refused /nix/store/nothing is no system",
    );
    expect((await host.start("a", "new", { previous: "newer" })).lines.at(-1)).toBe("changed /nix/store/old");
    const started = host.start("a", "new", { success: 2 });
    await host.reaches("a", "waiting");
    const { lines, status } = await host.start("b", "newer", { previous: "new" });
    expect(lines.at(-1)).toMatch(/^busy id=a since=\d+ state=waiting by=me@here$/);
    expect(status).toBe(1);
    expect((await host.ask("status")).lines.at(-1)).toBe("live");
    await started;
    expect((await host.ask("status")).lines).toEqual(["idle"]);
  });

  test("what was withdrawn does not start, what has started is not withdrawn", async ({ host }) => {
    expect((await host.ask("withdraw", "a")).lines).toEqual(["none"]);
    expect((await host.start("a", "new")).lines.at(-1)).toContain("refused deployment a was withdrawn");
    const started = host.start("b", "new", { success: 1 });
    await host.reaches("b", "waiting");
    expect((await host.ask("withdraw", "b")).lines.at(-1)).toBe("state waiting");
    await started;
    expect((await host.ask("withdraw", "b")).lines.at(-1)).toContain("result rolled-back");
  });

  describe("killed, the watchdog stands in", () => {
    for (const state of ["activating", "waiting"]) {
      test(`while ${state}: rolls back`, async ({ host }) => {
        if (state === "activating") host.behaviour("new", "test", "sleep 60");
        const started = host.start("a", "new");
        await host.reaches("a", state);
        expect((await host.ask("watch", "a")).status).toBe(0);
        host.killSwitcher("a");
        await host.ask("watch", "a");
        expect((await started).lines.at(-1)).toBe(`result rolled-back the switcher was killed (${state})`);
        await expectEnd(host, "old", "rolled-back");
      });
    }

    test("while committing: the confirmed system is committed", async ({ host }) => {
      host.behaviour("new", "boot", 'test -e "$NIXUS_ROOT/fake/go" || sleep 60');
      const started = host.start("a", "new");
      await host.reaches("a", "waiting");
      const confirmed = host.ask("confirm", "a");
      await host.reaches("a", "committing");
      host.write("fake/go", "");
      host.killSwitcher("a");
      await host.ask("watch", "a");
      expect((await confirmed).lines.at(-1)).toBe("result activated ");
      await started;
      await expectEnd(host, "new", "activated");
    });

    test("while rolling back: rolls back again", async ({ host }) => {
      host.behaviour("new", "test", "exit 1");
      host.behaviour("old", "test", 'test -e "$NIXUS_ROOT/fake/go" || sleep 60');
      const started = host.start("a", "new");
      await host.reaches("a", "rolling-back");
      host.write("fake/go", "");
      host.killSwitcher("a");
      await host.ask("watch", "a");
      expect((await started).lines.at(-1)).toContain("exit status 1");
      await expectEnd(host, "old", "rolled-back");
    });

    test("stuck: it is ended, and what it did is rolled back", async ({ host }) => {
      const started = host.start("a", "new");
      await host.reaches("a", "waiting");
      const state = host.read("run/nixus/a/state").replace(/deadline=\d+/, "deadline=1");
      host.write("run/nixus/a/state", state);
      await host.ask("watch", "a");
      expect((await started).lines.at(-1)).toContain("did not come to an end (waiting)");
      await expectEnd(host, "old", "rolled-back");
    });
  });

  test("told to stop, it rolls back; when the machine shuts down, it leaves that to the next boot", async ({
    host,
  }) => {
    const started = host.start("a", "new");
    await host.reaches("a", "waiting");
    host.stopSwitcher("a");
    expect((await started).lines.at(-1)).toBe("result rolled-back the switcher was told to stop");
    await expectEnd(host, "old", "rolled-back");

    host.write("fake/running", "stopping\n");
    const again = host.start("b", "new");
    await host.reaches("b", "waiting");
    host.stopSwitcher("b");
    await host.reaches("b", "rolling-back");
    host.hangUp();
    host.startBoot("boot-2");
    host.remove("fake/running");
    host.link("run/current-system", "nix/store/old");
    expect((await host.ask("result", "b")).lines.at(-1)).toContain(
      "result rolled-back the machine was restarted",
    );
    await again;
    await expectEnd(host, "old", "rolled-back");
  });

  // What the model found (test/deploy/model.test.ts).
  describe("a commit that failed and a second fault", () => {
    /** Until what undoes the commit has come to this activation, where it stays. */
    async function undoing(host: SwitcherHost, action: "test" | "boot"): Promise<void> {
      host.behaviour("new", "boot", 'test -e "$NIXUS_ROOT/fake/go"');
      host.behaviour("old", action, 'test -e "$NIXUS_ROOT/fake/go" || sleep 60');
      void host.start("a", "new");
      await host.reaches("a", "waiting");
      void host.ask("confirm", "a");
      await host.becomes("undoing", () => host.activations.includes(`old ${action}`));
      host.write("fake/go", "");
      host.killSwitcher("a");
    }

    test("killed while it puts the boot default back: that is done again", async ({ host }) => {
      await undoing(host, "boot");
      await host.ask("watch", "a");
      expect(host.activations).toEqual(["new test", "new boot", "old boot", "old boot", "old test"]);
      await expectEnd(host, "old", "rolled-back");
    });

    test("a power cut while it does: when the new system is booted, that counts", async ({ host }) => {
      await undoing(host, "boot");
      expect(profile(host)).toContain("/old\n");
      host.startBoot("boot-2");
      host.link("run/current-system", "nix/store/new");
      expect((await host.ask("result", "a")).lines.at(-1)).toContain("result activated");
      await expectEnd(host, "new", "activated");
    });

    test("a state that could not be written: nobody commits what was rolled back", async ({ host }) => {
      await undoing(host, "test");
      const state = host.read("run/nixus/a/state").replace("state=rolling-back", "state=committing");
      host.write("run/nixus/a/state", state);
      await host.ask("watch", "a");
      await expectEnd(host, "old", "rolled-back");
    });

    test("a profile that can't be put back is named: some machines boot what it says", async ({ host }) => {
      // As on a file system that is full, nothing can be put beside the profile to take its place.
      const inTheWay = 'mkdir -p "$NIXUS_ROOT/nix/var/nix/profiles/system.nixus/x"; exit 1';
      host.behaviour("new", "boot", inTheWay);
      const started = host.start("a", "new");
      await host.reaches("a", "waiting");
      await host.ask("confirm", "a");
      expect((await started).lines.at(-1)).toMatch(
        /^result rolled-back .*could not be made the boot default again$/,
      );
      expect(current(host)).toContain("/old\n");
    });

    test("a boot default that can't be put back is named", async ({ host }) => {
      host.behaviour("new", "boot", "exit 1");
      host.behaviour("old", "boot", "exit 1");
      const started = host.start("a", "new");
      await host.reaches("a", "waiting");
      await host.ask("confirm", "a");
      expect((await started).lines.at(-1)).toMatch(
        /^result rolled-back .*could not be made the boot default again$/,
      );
      await expectEnd(host, "old", "rolled-back");
    });
  });

  test("reboots when the roll-back fails, and the next boot records why", async ({ host }) => {
    host.behaviour("new", "test", "exit 1");
    host.behaviour("old", "test", "exit 1");
    void host.start("a", "new");
    await host.reaches("a", "rebooting");
    await host.becomes("restarted", () => host.has("fake/reboot"));
    expect(host.activations).toEqual(["new test", "old test", "old test"]);
    host.killSwitcher("a");
    host.startBoot("boot-2");
    host.link("run/current-system", "nix/store/old");
    expect((await host.ask("result", "a")).lines.at(-1)).toBe(
      "result rolled-back the activation failed with exit status 1; the activation of the previous system failed",
    );
    await expectEnd(host, "old", "rolled-back");
  });

  test("a unit that does not come back by itself is started before anything harsher", async ({ host }) => {
    host.write("fake/units-active", "web.service loaded active running\n");
    host.behaviour("new", "test", 'cd "$NIXUS_ROOT/fake" && mv units-active units-failed; exit 1');
    const started = host.start("a", "new");
    await host.becomes("mended", () => host.has("fake/started"));
    expect(host.read("fake/started")).toContain("web.service");
    host.remove("fake/units-failed");
    expect((await started).lines.at(-1)).toContain("result rolled-back");
    expect(host.has("fake/reboot")).toBe(false);
  });

  test("shows output from a line on, and knows nothing of deployments that never were", async ({ host }) => {
    host.behaviour("new", "test", "echo one; echo two; exit 1");
    await host.start("a", "new");
    const { lines } = await host.ask("result", "a", "2");
    expect(lines[0]).toBe("output two");
    expect((await host.ask("result", "z")).lines).toEqual(["none"]);
  });

  test("wrong arguments are a usage error", async ({ host }) => {
    for (const args of [[], ["fly"], ["start", "a"], ["confirm", "../x"], ["status", "x"]]) {
      expect((await host.ask(...args)).status).toBe(64);
    }
  });
});
