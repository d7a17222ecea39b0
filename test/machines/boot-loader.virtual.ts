/**
 * Restarts into a new system, with the boot loaders that real machines have: the system is started once, and is the
 * default only when it was confirmed. The systems are shaped like NixOS's; kernel and initrd are Debian's.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import type { Event } from "../../src/events/event.ts";
import { type TestNode, trivialNetwork } from "../deploy/trivial-system.ts";
import { bootable } from "./boot-loader.ts";
import { Lab, type Machine } from "./lib/index.ts";
import { poll } from "./lib/process.ts";
import { useSshOf } from "./ssh-of-lab.ts";

const name = "foo.example.com";

describe.each([
  { firmware: "bios", loader: "grub" },
  { firmware: "uefi", loader: "systemd-boot" },
] as const)("$loader", ({ firmware }) => {
  let lab: Lab;
  let foo: Machine;
  let restorePath: () => void;
  /** What the machine has to run, and to start when nothing is said. */
  let good: string;

  beforeAll(async () => {
    lab = await Lab.start({ machines: [{ name, virtual: firmware }] });
    foo = lab.machine();
    restorePath = useSshOf(lab);
  });
  afterAll(async () => {
    restorePath?.();
    await lab?.stop();
  });

  /** Begins the deployment of a system that is started; `system` is its store path. */
  function start(title: string, node: Partial<TestNode> = {}, files: Readonly<Record<string, string>> = {}) {
    const events: Event[] = [];
    const network = trivialNetwork(title, bootable(firmware, files), {
      ...{ name: "foo", host: `root@${name}`, platform: "nixos", rebootPolicy: "always" },
      ...{ switchTimeout: 20 * foo.patience, successTimeout: 20 * foo.patience },
      rebootTimeout: 60 * foo.patience,
      ...node,
    });
    const done = deploy(network, {}, (event) => events.push(event)).then(({ nodes: [node] }) => ({
      outcome: node?.outcome,
      // What a failing test shows.
      why: node?.outcome === "activated" ? "" : `${node?.problem?.message}\n${node?.output.join("\n")}`,
    }));
    return { events, done, system: network.nodes[0]?.toplevel ?? "" };
  }

  const running = async () => (await foo.exec("readlink /run/booted-system", { check: false })).stdout.trim();
  const lastRecord = async () => (await foo.exec("tail -n 1 /var/lib/nixus/history")).stdout;

  /** It runs that system and will start it again, and nothing of a deployment is left. */
  async function expectOn(system: string): Promise<void> {
    await foo.waitForSsh();
    await foo.waitForBoot();
    const ask = async () => {
      const { stdout } = await foo.exec(
        "ls /var/lib/nixus/deployment 2>/dev/null; systemctl list-units --all --plain --no-legend 'nixus-*'",
        { check: false },
      );
      return stdout === "" ? true : undefined;
    };
    await poll("the end of the deployment", 120_000 * foo.patience, ask, foo.interval);
    const state = `
      readlink /run/booted-system /run/current-system
      readlink -f /nix/var/nix/profiles/system
      ls /etc/systemd/system.attached
      # GRUB leaves it empty.
      grub-editenv /boot/grub/grubenv list | grep -v -x next_entry=
      ls /sys/firmware/efi/efivars/LoaderEntryOneShot-*
      true`;
    const lines = (await foo.exec(state)).stdout.trim().split("\n");
    expect(lines).toEqual([system, system, system]);
  }

  test("the machine is started by it, with an entry for its system", async () => {
    const { done, system } = start("first", { platform: "linux", rebootPolicy: "never" });
    expect(await done).toEqual({ outcome: "activated", why: "" });
    await foo.reboot();
    await expectOn(system);
    good = system;
  });

  test("a new system is started once, confirmed, and then there for good, also without power", async () => {
    const boots = foo.bootCount;
    const { done, system } = start("second");
    expect(await done).toEqual({ outcome: "activated", why: "" });
    await foo.powerCut();
    expect(foo.bootCount).toBe(boots + 1);
    await foo.powerOn();
    await expectOn(system);
    expect(await lastRecord()).toContain("outcome=activated");
    good = system;
  });

  test("a power cut in the new system leads to the previous one", async () => {
    const { done, system, events } = start("third");
    await poll("the restart", 120_000 * foo.patience, () =>
      events.some(({ type }) => type === "rebooting") ? true : undefined,
    );
    // It starts, and can't be reached to be confirmed.
    await foo.cutNetwork();
    const started = async () => ((await running()) === system ? true : undefined);
    await poll("the new system", 120_000 * foo.patience, started, foo.interval);
    await foo.powerCut();
    await foo.restoreNetwork();
    await foo.powerOn();
    expect(await done).toMatchObject({ outcome: "rolled-back" });
    await expectOn(good);
    expect(await lastRecord()).toContain("outcome=rolled-back");
  });

  test("a system whose kernel panics leads to the previous one by itself", async () => {
    const boots = foo.bootCount;
    const { done } = start("panics", {}, { init: "#!/bin/sh\nexit 1\n", "kernel-params": "panic=5" });
    expect(await done).toMatchObject({ outcome: "rolled-back" });
    expect(foo.bootCount).toBe(boots + 2);
    expect(foo.console).toContain("Kernel panic");
    await expectOn(good);
    expect(await lastRecord()).toContain("outcome=rolled-back");
  });
});
