/** The moments of a deployment at which a fault can happen: how each is held, and how it is recognised. */
import type { Deployment, Rig } from "./rig.ts";

/** The systems of a case, by their numbers (Rig.network). */
export interface Systems {
  readonly old: number;
  readonly new: number;
}

/** Whatever has become of the machine at a moment, when nothing is done about the deployment. */
type Phase =
  /** Nothing has begun on the machine. */
  | "before"
  /** The lock is taken, nothing is changed. */
  | "begun"
  /** The new system is being activated, or has been. */
  | "activating"
  /** The word was given. */
  | "committing"
  /** The end is decided and being recorded. */
  | "ending"
  | "rolling-back"
  | "rebooting"
  /** It is to be restarted into its new system, or has been. */
  | "booting";

export interface Step {
  readonly name: string;
  /** What happens at that moment, for the table. */
  readonly what: string;
  readonly phase: Phase;
  /** Whether the switcher's service runs, and its watchdog. */
  readonly switcher: boolean;
  readonly watchdog: boolean;
  /** Whether the system has to have a payload, so that copying it takes its time. */
  readonly payload?: boolean;
  /** Prepares before the deployment that it will be held. */
  arrange(rig: Rig, systems: Systems): Promise<void>;
  /** Resolves when it is held there. */
  reached(rig: Rig, systems: Systems, deployment: Deployment): Promise<void>;
  /** Lets it go on. */
  release(rig: Rig, systems: Systems): Promise<void>;
}

type Description = Pick<Step, "name" | "what" | "phase"> & Partial<Step>;

/** Held by a gate on the machine (tool.sh, gate.sh). */
export function held(description: Description, moment: (systems: Systems) => string): Step {
  return {
    switcher: true,
    watchdog: true,
    arrange: (rig, systems) => rig.arm("hold", moment(systems)),
    reached: (rig, systems) => rig.reached(moment(systems)),
    release: (rig, systems) => rig.release(moment(systems)),
    ...description,
  };
}

/** A roll-back begins with the failure of the new system's activation script, which is held until then. */
async function failNew(rig: Rig, { new: number }: Systems): Promise<void> {
  await rig.arm("fail", `activation.${number}`);
}

export const steps: readonly Step[] = [
  {
    name: "connect",
    what: "the first connection is being made",
    phase: "before",
    switcher: false,
    watchdog: false,
    arrange: (rig) => rig.relay.set({ hold: true }),
    reached: (rig) => rig.until("the first connection", () => rig.relay.holds),
    release: (rig) => rig.relay.set({ hold: false }),
  },
  {
    name: "copy",
    what: "the closure is being copied",
    phase: "before",
    switcher: false,
    watchdog: false,
    payload: true,
    arrange: (rig) => rig.relay.set({ stallAfter: 1024 * 1024 }),
    reached: (rig) => rig.until("the upload", () => rig.relay.stalled),
    release: (rig) => rig.relay.set({ stallAfter: null }),
  },
  held(
    {
      name: "lock",
      what: "the lock is being written",
      phase: "begun",
      switcher: false,
      watchdog: false,
    },
    () => "locking",
  ),
  held(
    {
      name: "start",
      what: "`starting`: the service is being started",
      phase: "begun",
      switcher: false,
      watchdog: false,
    },
    () => "starting.systemd-run",
  ),
  held(
    {
      name: "arm",
      what: "`preparing`: the watchdog is being armed",
      phase: "begun",
      watchdog: false,
    },
    () => "preparing.systemd-run",
  ),
  held(
    { name: "prepare", what: "`preparing`: the store is being synced", phase: "begun" },
    () => "preparing.sync",
  ),
  {
    name: "activate",
    what: "`activating`: before the first change",
    phase: "activating",
    switcher: true,
    watchdog: true,
    arrange: (rig) => rig.holdActivations(),
    reached: (rig, _, deployment) => untilActivating(rig, deployment),
    release: (rig) => rig.releaseActivations(),
  },
  held(
    { name: "half", what: "`activating`: half-way, files are changed, units not", phase: "activating" },
    (systems) => `activation.${systems.new}`,
  ),
  held(
    { name: "units", what: "`activating`: units are being started", phase: "activating" },
    (systems) => `late.${systems.new}`,
  ),
  {
    name: "wait",
    what: "`waiting`: the confirming connection is being made",
    phase: "activating",
    switcher: true,
    watchdog: true,
    arrange: (rig, systems) => rig.arm("hold", `activation.${systems.new}`),
    reached: async (rig, systems) => {
      await rig.reached(`activation.${systems.new}`);
      await rig.relay.set({ hold: true });
      await rig.release(`activation.${systems.new}`);
      await rig.until("the confirming connection", () => rig.relay.holds);
    },
    release: (rig) => rig.relay.set({ hold: false }),
  },
  held(
    { name: "commit", what: "`committing`: the store is being synced", phase: "committing" },
    () => "committing.sync",
  ),
  held(
    { name: "profile", what: "`committing`: the profile is about to be set", phase: "committing" },
    () => "committing.marked.nix-env",
  ),
  held(
    { name: "profile-set", what: "`committing`: the profile is set, not synced", phase: "committing" },
    () => "committing.marked.sync",
  ),
  {
    name: "boot",
    what: "`committing`: it is being made the boot default",
    phase: "committing",
    switcher: true,
    watchdog: true,
    arrange: (rig) => rig.arm("hold", "committing.marked.sync"),
    reached: async (rig) => {
      await rig.reached("committing.marked.sync");
      await rig.holdActivations();
      await rig.release("committing.marked.sync");
      await rig.until("the activation", () => activationUnderWay(rig, "boot"));
    },
    release: (rig) => rig.releaseActivations(),
  },
  held({ name: "record", what: "the end is being recorded", phase: "ending" }, () => "recording"),
  held({ name: "release", what: "the lock is released, not synced", phase: "ending" }, () => "released"),
  {
    name: "roll-back",
    what: "`rolling-back`: before the first change",
    phase: "rolling-back",
    switcher: true,
    watchdog: true,
    arrange: async (rig, systems) => {
      await rig.arm("hold", `activation.${systems.new}`);
      await failNew(rig, systems);
    },
    reached: async (rig, systems) => {
      await rig.reached(`activation.${systems.new}`);
      await rig.holdActivations();
      await rig.release(`activation.${systems.new}`);
      await rig.until(
        "the roll-back",
        async () => (await rig.activationsHeld()) && stateIs(rig, "rolling-back"),
      );
    },
    release: (rig) => rig.releaseActivations(),
  },
  held(
    {
      name: "rolled-half",
      what: "`rolling-back`: half-way",
      phase: "rolling-back",
      arrange: async (rig, systems) => {
        await failNew(rig, systems);
        await rig.arm("hold", `activation.${systems.old}`);
      },
    },
    (systems) => `activation.${systems.old}`,
  ),
  held(
    {
      name: "rolled-units",
      what: "`rolling-back`: units are being started",
      phase: "rolling-back",
      arrange: async (rig, systems) => {
        await failNew(rig, systems);
        await rig.arm("hold", `late.${systems.old}`);
      },
    },
    (systems) => `late.${systems.old}`,
  ),
  held(
    {
      name: "reboot",
      what: "`rebooting`: the roll-back has failed",
      phase: "rebooting",
      arrange: async (rig, systems) => {
        await failNew(rig, systems);
        await rig.arm("fail", `activation.${systems.old}`);
        await rig.arm("hold", "reboot");
      },
    },
    () => "reboot",
  ),
];

/** The switcher's state of the deployment under way; empty when there is none. */
export async function switcherState(rig: Rig): Promise<string> {
  if (!rig.machine.isOn) return "";
  const { stdout } = await rig.machine.exec(
    "id=$(sed -n s/^id=//p /var/lib/nixus/deployment); sed -n s/^state=//p /run/nixus/$id/state",
    { check: false },
  );
  return stdout.trim();
}

async function stateIs(rig: Rig, state: string): Promise<boolean> {
  return (await switcherState(rig)) === state;
}

/** The activation has been started and waits for its lock. */
async function untilActivating(rig: Rig, _deployment: Deployment): Promise<void> {
  await rig.until("the activation", () => activationUnderWay(rig, "test"));
}

async function activationUnderWay(rig: Rig, action: string): Promise<boolean> {
  const { stdout } = await rig.machine.exec(
    "id=$(sed -n s/^id=//p /var/lib/nixus/deployment); tail -n 1 /run/nixus/$id/log",
    { check: false },
  );
  return new RegExp(`^\\$ .*/bin/switch-to-configuration ${action}$`).test(stdout.trim());
}
