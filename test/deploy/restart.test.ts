/** The switcher where it restarts the machine into the system that runs already, and that it was not started with. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { SwitcherHost } from "./rig/switcher-host.ts";
import { machineTest, shells } from "./rig/switcher-test.ts";

const program = `#!/bin/sh
echo "$@" >>"$NIXUS_ROOT/fake/selector"
if [ -e "$NIXUS_ROOT/fake/no-$1" ]; then echo "the firmware is locked"; exit 3; fi
`;

/** Installing the boot loader makes its system the default. */
const isDefault = (system: string) => `echo ${system} >"$NIXUS_ROOT/fake/default"`;
const profile = "nix/var/nix/profiles/system";

describe.concurrent.each(shells)("under %s", (shell) => {
  const test = machineTest(shell, (host) => {
    host.write("etc/selector", program, 0o755);
    for (const system of ["old", "new"]) host.behaviour(system, "boot", isDefault(system));
    // It was started with `old`, and switched to `new` while it ran.
    host.write("fake/default", "new\n");
    host.link("run/booted-system", "nix/store/old");
    host.link("run/current-system", "nix/store/new");
    host.link(`${profile}-2-link`, "nix/store/new");
    host.remove(profile);
    symlinkSync("system-2-link", join(host.root, profile));
  });

  const begin = (host: SwitcherHost, reboot = 20) =>
    host.start("a", "new", { selector: "/etc/selector", reboot });

  /** It has come to its restart, and started again. */
  async function restarted(host: SwitcherHost, system: string, reboot?: number) {
    void begin(host, reboot);
    await host.becomes("restarted", () => host.has("fake/reboot"));
    host.killSwitcher("a");
    host.hangUp();
    return startedInto(host, "boot-2", system);
  }

  function startedInto(host: SwitcherHost, boot: string, system: string) {
    host.startBoot(boot);
    host.remove("fake/reboot");
    host.link("run/current-system", `nix/store/${system}`);
    host.link("run/booted-system", `nix/store/${system}`);
    return host.startUnits();
  }

  async function expectEnd(host: SwitcherHost, system: string, outcome: string): Promise<void> {
    expect(host.target("run/current-system")).toBe(`nix/store/${system}`);
    expect(host.target(profile)).toBe(`nix/store/${system}`);
    expect(host.read("fake/default")).toBe(`${system}\n`);
    expect(host.list("var/lib/nixus")).toEqual(["history"]);
    expect(host.list("etc")).toEqual(["selector", "systemd"]);
    expect(host.list("nix/var/nix/gcroots/nixus/a")).toEqual([]);
    expect(host.history).toMatchObject([{ outcome }]);
  }

  test("what it was started with is the default until it is confirmed", async ({ host }) => {
    const units = await restarted(host, "new");
    await host.reaches("a", "waiting");
    expect(host.read("fake/selector")).toBe("set-once /nix/store/new\nclear\n");
    expect(host.read("fake/default")).toBe("old\n");
    expect(host.target(profile)).toBe("nix/store/new");
    expect((await host.ask("confirm", "a")).lines.at(-1)).toBe("result activated ");
    await Promise.all(units);
    expect(host.activations).toEqual(["old boot", "new boot"]);
    await expectEnd(host, "new", "activated");
  });

  test("without a word it goes back to that, for good", async ({ host }) => {
    void (await restarted(host, "new", 1));
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    host.hangUp();
    await Promise.all(startedInto(host, "boot-3", "old"));
    expect(host.history.at(-1)).toMatchObject({
      reason: "no confirmation within 1 s",
      previous: "/nix/store/old",
    });
    await expectEnd(host, "old", "rolled-back");
  });

  test("a power cut before the word leads to that as well", async ({ host }) => {
    void (await restarted(host, "new"));
    await host.reaches("a", "waiting");
    host.hangUp();
    await Promise.all(startedInto(host, "boot-3", "old"));
    await expectEnd(host, "old", "rolled-back");
  });

  test("a power cut before the default is another one: it is asked about all the same", async ({ host }) => {
    host.behaviour("old", "boot", "sleep 60");
    void begin(host, 1);
    await host.becomes("on its way", () => host.activations.includes("old boot"));
    host.killSwitcher("a");
    host.hangUp();
    host.behaviour("old", "boot", isDefault("old"));
    void startedInto(host, "boot-2", "new");
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    host.hangUp();
    await Promise.all(startedInto(host, "boot-3", "old"));
    await expectEnd(host, "old", "rolled-back");
  });

  test("where the other one can't be started, the record says so and nothing has changed", async ({
    host,
  }) => {
    void (await restarted(host, "new", 3));
    await host.reaches("a", "waiting");
    host.behaviour("old", "boot", "exit 1");
    await host.becomes("restarted again", () => host.has("fake/reboot"));
    host.hangUp();
    host.write("fake/default", "new\n");
    await Promise.all(startedInto(host, "boot-3", "new"));
    expect(host.history.at(-1)?.["reason"]).toMatch(
      /^no confirmation .*could not be made the boot default again$/,
    );
    await expectEnd(host, "new", "failed");
  });

  test("what fails before the restart changes nothing", async ({ host }) => {
    host.write("fake/no-set-once", "");
    expect((await begin(host)).lines.at(-1)).toMatch(/^result failed .*the firmware is locked/);
    expect(host.has("fake/reboot")).toBe(false);
    await expectEnd(host, "new", "failed");
  });

  test("killed before the restart, nothing was changed", async ({ host }) => {
    host.behaviour("old", "boot", `${isDefault("old")}; sleep 60`);
    void begin(host);
    await host.becomes("on its way", () => host.read("fake/default") === "old\n");
    host.killSwitcher("a");
    host.hangUp();
    await host.ask("watch", "a");
    await expectEnd(host, "new", "failed");
  });

  test("a record that was made before a power cut stays", async ({ host }) => {
    host.write("fake/no-set-once", "");
    await begin(host);
    const record = host.read("var/lib/nixus/history");
    const lock = [
      "version=1",
      "id=a",
      "system=/nix/store/new",
      "previous=/nix/store/old",
      "profile=system-2-link",
    ];
    host.write(
      "var/lib/nixus/deployment",
      `once=set\n${lock.join("\n")}\ngeneration=system-1-link\nboot=boot-1\n`,
    );
    startedInto(host, "boot-2", "new");
    expect((await host.ask("result", "a")).lines.at(-1)).toMatch(/^result failed /);
    expect(host.read("var/lib/nixus/history")).toBe(record);
    await expectEnd(host, "new", "failed");
  });

  test("a system that is no generation any more can't be gone back to", async ({ host }) => {
    host.remove(`${profile}-1-link`);
    expect((await begin(host)).lines[0]).toMatch(/^refused .*no generation .*restart it by hand$/);
    expect(host.has("var/lib/nixus/deployment")).toBe(false);
  });

  test("only what it was started with is gone back to", async ({ host }) => {
    host.link("run/booted-system", "nix/store/newer");
    expect((await begin(host)).lines).toEqual(["changed /nix/store/new"]);
  });
});
