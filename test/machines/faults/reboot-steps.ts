/** The moments of a deployment that restarts the machine into its new system. */
import { held, type Step, switcherState } from "./steps.ts";

/** In the new system: what holds it is armed before the restart, and outlasts it. */
function heldThere(description: Pick<Step, "name" | "what">, moment: (number: number) => string): Step {
  return {
    ...held({ ...description, phase: "booting" }, (systems) => moment(systems.new)),
    arrange: (rig, systems) => rig.arm("hold", moment(systems.new), "", true),
  };
}

export const rebootSteps: readonly Step[] = [
  held(
    {
      name: "once",
      what: "`booting`: the lock is being told that the new system may be started",
      phase: "booting",
    },
    () => "booting.lock",
  ),
  held(
    { name: "unit", what: "`booting`: the unit for the next start is being written", phase: "booting" },
    () => "booting.sync",
  ),
  held(
    { name: "mark", what: "`booting`: the new system is being made the next to start", phase: "booting" },
    () => "booting.mark",
  ),
  held(
    { name: "leave", what: "`booting`: all is ready, it is about to restart", phase: "booting" },
    () => "reboot",
  ),
  heldThere(
    { name: "taken-up", what: "in the new system: the watchdog is being armed" },
    () => "started.systemd-run",
  ),
  heldThere(
    { name: "started", what: "`booting` in the new system: units are being started" },
    (number) => `late.${number}`,
  ),
  {
    name: "asked",
    what: "`waiting` in the new system: the confirming connection is being made",
    phase: "booting",
    switcher: true,
    watchdog: true,
    arrange: (rig) => rig.arm("hold", "reboot"),
    reached: async (rig) => {
      const boots = rig.machine.bootCount;
      await rig.reached("reboot");
      await rig.relay.set({ hold: true });
      await rig.release("reboot");
      // To ask is to run something there, and a machine does not go down while something runs.
      await rig.until("the restart", () => rig.machine.bootCount > boots, 120_000);
      await rig.until("the new system", async () => (await switcherState(rig)) === "waiting");
    },
    release: (rig) => rig.relay.set({ hold: false }),
  },
  heldThere(
    { name: "confirmed", what: "`committing` in the new system: the store is being synced" },
    () => "committing.sync",
  ),
  heldThere(
    { name: "default", what: "`committing` in the new system: the profile is set, not synced" },
    () => "committing.marked.sync",
  ),
];
