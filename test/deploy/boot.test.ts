/** The switcher where it restarts the machine into its new system: once, and for good only after the word. */
import { describe, expect } from "vitest";
import type { SwitcherHost } from "./rig/switcher-host.ts";
import { machineTest, shells } from "./rig/switcher-test.ts";

const units = "etc/systemd/system.attached";
const mark = "var/lib/nixus/linux/once";

describe.concurrent.each(shells)("under %s", (shell) => {
  const test = machineTest(shell, (host) => {
    host.write("var/lib/nixus/linux/restorer/bin/boot", "");
    host.write("nix/store/new/bin/restore", "");
  });

  const begin = (
    host: SwitcherHost,
    options: { reboot?: number; ignore?: boolean; resends?: boolean } = {},
  ) => host.start("a", "new", { selector: "restorer", ...options });

  /** The deployment has come to its restart, which has begun. */
  async function restarted(host: SwitcherHost, options?: Parameters<typeof begin>[1]): Promise<void> {
    void begin(host, options);
    await host.becomes("restarted", () => host.has("fake/reboot"));
    host.killSwitcher("a");
    host.hangUp();
    host.restart("boot-2");
  }

  /** Nothing of the deployment is left but its record; the machine runs and boots this system. */
  async function expectEnd(host: SwitcherHost, system: string, outcome: string): Promise<void> {
    expect(host.target("run/current-system")).toBe(`nix/store/${system}`);
    expect(host.target("nix/var/nix/profiles/system")).toBe(`nix/store/${system}`);
    expect(host.list("var/lib/nixus")).toEqual(["history", "linux"]);
    expect(host.has(mark)).toBe(false);
    expect(host.has(units)).toBe(false);
    await host.becomes("without a timer", () => !host.list("fake").some((name) => name.endsWith(".timer")));
    expect(host.history.filter(({ id }) => id === "a")).toMatchObject([{ outcome }]);
  }

  test("is started once, confirmed, and the default only then", async ({ host }) => {
    const started = begin(host);
    await host.becomes("restarted", () => host.has("fake/reboot"));
    expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/old");
    expect(host.target("run/current-system")).toBe("nix/store/old");
    expect(host.read(mark)).toBe("/nix/store/new\n");
    expect(host.list(`${units}/emergency.target.wants`)).toEqual(["nixus-boot-a.service"]);
    // It can't be confirmed yet.
    expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("state booting");
    host.killSwitcher("a");
    host.hangUp();
    expect((await started).lines).toContain("state booting");
    host.restart("boot-2");
    // Before its unit runs.
    expect((await host.ask("result", "a")).lines.at(-1)).toBe("state booting");
    expect(
      (await host.ask("start", "b", "/nix/store/newer", "/nix/store/old", "9", "9", "0", "me")).lines[0],
    ).toMatch(/^busy id=a .*state=booting/);
    host.write("fake/running", "starting");
    const [unit] = host.startUnits();
    await host.reaches("a", "booting");
    host.write("fake/running", "running");
    await host.reaches("a", "waiting");
    expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/old");
    expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("result activated ");
    await unit;
    expect(host.activations).toEqual(["new dry-activate", "new boot", "new boot"]);
    await expectEnd(host, "new", "activated");
  });

  test("without a word it restarts into the previous system, which records it", async ({ host }) => {
    await restarted(host, { reboot: 1 });
    void host.startUnits();
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    expect(host.target("run/current-system")).toBe("nix/store/new");
    host.hangUp();
    host.restart("boot-3");
    await Promise.all(host.startUnits());
    expect((await host.ask("result", "a")).lines.at(-1)).toBe(
      "result rolled-back no confirmation within 1 s",
    );
    await expectEnd(host, "old", "rolled-back");
  });

  test("a power cut before the word leads to the previous system", async ({ host }) => {
    await restarted(host);
    void host.startUnits();
    await host.reaches("a", "waiting");
    host.hangUp();
    host.restart("boot-3");
    await Promise.all(host.startUnits());
    await expectEnd(host, "old", "rolled-back");
  });

  test("a power cut before its switcher has run there leads to the previous system", async ({ host }) => {
    await restarted(host);
    host.restart("boot-3");
    expect((await host.ask("result", "a")).lines.at(-1)).toContain("has not started into the new system");
    await expectEnd(host, "old", "rolled-back");
  });

  test("a machine that starts its default all the same does not start the new system later", async ({
    host,
  }) => {
    void begin(host);
    await host.becomes("restarted", () => host.has("fake/reboot"));
    host.killSwitcher("a");
    host.hangUp();
    host.startBoot("boot-2");
    host.link("run/current-system", "nix/store/old");
    await Promise.all(host.startUnits());
    await expectEnd(host, "old", "rolled-back");
  });

  test("without its unit whoever asks has the watchdog go on", async ({ host }) => {
    await restarted(host);
    await host.ask("result", "a");
    expect(host.has("fake/nixus-watchdog-a.timer")).toBe(true);
    const watch = host.ask("watch", "a");
    await host.reaches("a", "waiting");
    await host.ask("confirm", "a");
    await watch;
    await expectEnd(host, "new", "activated");
  });

  test("killed in the new system, the watchdog restarts it into the previous one", async ({ host }) => {
    await restarted(host);
    const [unit] = host.startUnits();
    await host.reaches("a", "waiting");
    host.hangUp();
    await unit;
    void host.ask("watch", "a");
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    host.hangUp();
    host.restart("boot-3");
    await Promise.all(host.startUnits());
    expect(host.history.at(-1)).toMatchObject({ reason: "the switcher was killed (waiting)" });
    await expectEnd(host, "old", "rolled-back");
  });

  test("units that had not failed before the restart are a failure, unless they are ignored", async ({
    host,
  }) => {
    host.write("fake/units-failed", "was-bad.service loaded failed failed\n");
    await restarted(host);
    host.write("fake/units-failed", "was-bad.service loaded failed\nbad.service loaded failed\n");
    host.write("fake/running", "degraded");
    void host.startUnits();
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    expect(host.read("var/lib/nixus/deployment")).toContain("reason=units failed: bad.service\n");
  });

  describe("with secrets that are kept in memory", () => {
    const directory = "run/nixus/secrets/svc+svc+400";
    const manifest = [
      "version 1",
      "disk svc svc 400 other-1 0 /run/nixus-secrets/other /nix/store/pointer-1 /nix/store/marker-1",
      "memory svc svc 400 key-2 0 /run/nixus-secrets/key /nix/store/pointer-2 /nix/store/marker-2",
      "memory svc svc 400 unused-3 0 /run/nixus-secrets/unused /nix/store/pointer-3 /nix/store/marker-3",
    ];
    const installs = `mkdir -p "$NIXUS_ROOT/${directory}" && mv "$NIXUS_ROOT"/run/nixus/secrets/pending/a/* "$NIXUS_ROOT/${directory}/" && : >"$NIXUS_ROOT/fake/units-failed"`;

    /** What needs the secret could not start. */
    async function bootedWithout(host: SwitcherHost, resends: boolean, reboot = 20): Promise<void> {
      host.write("nix/store/new/nixus-secrets", `${manifest.join("\n")}\n`);
      for (const number of [1, 2]) host.write(`nix/store/marker-${number}`, "");
      await restarted(host, { reboot, resends });
      host.write("fake/units-failed", "svc.service loaded failed failed\n");
    }

    test("asks for them, and is judged by the activation that puts them into use", async ({ host }) => {
      host.behaviour("new", "test", installs);
      await bootedWithout(host, true);
      const [unit] = host.startUnits();
      await host.becomes("waiting for secrets", () => host.has("run/nixus/a/awaits"));
      expect((await host.ask("result", "a")).lines.slice(-2)).toEqual(["state booting", "awaits secrets"]);
      host.write("run/nixus/secrets/pending/a/key-2", "secret");
      expect((await host.ask("result", "a")).lines.at(-1)).not.toBe("awaits secrets");
      await host.reaches("a", "waiting");
      expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("result activated ");
      await unit;
      expect(host.activations).toEqual(["new dry-activate", "new boot", "new test", "new boot"]);
      expect(host.has(`${directory}/key-2`)).toBe(true);
    });

    test.for([
      { what: "that don't come", resends: true, reason: /did not come within 1 s/ },
      { what: "that nobody sends again", resends: false, reason: /^units failed: svc.service$/ },
    ])("$what it goes back", async ({ resends, reason }, { host }) => {
      await bootedWithout(host, resends, 1);
      void host.startUnits();
      await host.becomes("restarted again", () => host.has("fake/reboot"));
      expect(/^reason=(.*)$/m.exec(host.read("var/lib/nixus/deployment"))?.[1]).toMatch(reason);
      host.hangUp();
      host.restart("boot-3");
      await Promise.all(host.startUnits());
      await expectEnd(host, "old", "rolled-back");
    });
  });

  test("emergency mode is a failure", async ({ host }) => {
    await restarted(host);
    host.write("fake/running", "maintenance");
    void host.startUnits();
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    expect(host.read("var/lib/nixus/deployment")).toContain("emergency mode");
  });

  test.for([
    {
      fault: "refuses the machine",
      at: ["new", "dry-activate"],
      script: "exit 1",
      reason: "refuses this machine",
    },
    { fault: "has no restorer", at: ["new", "boot"], script: "exit 1", reason: "restorer" },
  ] as const)("a system that $fault changes nothing", async ({ at, script, reason }, { host }) => {
    host.behaviour(at[0], at[1], script);
    expect((await begin(host)).lines.at(-1)).toMatch(new RegExp(`^result failed .*${reason}`));
    expect(host.has("fake/reboot")).toBe(false);
    await expectEnd(host, "old", "failed");
  });

  test("killed while the unit is written, nothing is left of it", async ({ host }) => {
    host.write("bin/sync", "#!/bin/sh\ncase $1 in *.service.new) sleep 60 ;; esac\n", 0o755);
    void begin(host);
    await host.becomes("on its way", () => host.has(`${units}/nixus-boot-a.service.new`));
    host.killSwitcher("a");
    host.hangUp();
    await host.ask("watch", "a");
    await expectEnd(host, "old", "failed");
  });

  test("killed before the restart, nothing was changed", async ({ host }) => {
    host.behaviour("new", "boot", "sleep 60");
    void begin(host);
    await host.becomes("on its way", () => host.activations.includes("new boot"));
    host.write(mark, "/nix/store/new\n");
    host.killSwitcher("a");
    host.hangUp();
    await host.ask("watch", "a");
    expect(host.history.at(-1)).toMatchObject({ reason: "the switcher was killed (booting)" });
    await expectEnd(host, "old", "failed");
  });

  test("a commit that fails in the new system is undone, and the machine restarts", async ({ host }) => {
    host.behaviour("new", "boot", 'test -e "$NIXUS_ROOT/run/nixus/a/committing" && exit 1; true');
    await restarted(host);
    void host.startUnits();
    await host.reaches("a", "waiting");
    void host.ask("confirm", "a");
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    expect(host.activations.at(-1)).toBe("old boot");
    expect(host.target("nix/var/nix/profiles/system")).toBe("nix/store/old");
    host.hangUp();
    host.restart("boot-3");
    await Promise.all(host.startUnits());
    await expectEnd(host, "old", "rolled-back");
  });

  test("a lock that is gone leaves no unit", async ({ host }) => {
    await restarted(host);
    host.remove("var/lib/nixus/deployment");
    await Promise.all(host.startUnits());
    expect(host.has(units)).toBe(false);
  });
});
