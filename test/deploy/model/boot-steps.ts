/** What the processes do where the machine is restarted into the new system (boot.sh). */
import { activate, type Context, changeState, fails, restarts, restoreProfile, syncDisk } from "./actions.ts";
import {
  exit,
  go,
  type Id,
  isOwner,
  type Lock,
  type Machine,
  type ProcessName,
  type Step,
  spawn,
  synced,
  systems,
  type Transition,
  workDirectory,
  write,
  writeState,
} from "./model.ts";

export function bootSteps(context: Context): Transition[] {
  const { machine, name, process, rules } = context;
  const id = process.subject;
  const label = process.at;
  const previous = machine.lock.now?.previous ?? "old";
  const to = (after: Machine): Transition[] => [{ label, to: after }];
  const at = (step: Step, after: Machine = machine): Machine => go(after, name, { at: step });
  const givesUp = (after: Machine): Machine => at("give_up_boot", after);

  switch (process.at) {
    case "change_state booting":
      return [
        ...changeState(
          context,
          "booting",
          rules.locksBeforeMark ? "arrange_boot: lock" : "install_boot_unit",
        ),
        ...fails(machine, "change_state: /run is full", (after) => exit(after, name)),
      ];
    // amend_lock once=set, before the mark; or, by a rule that is refuted, after it.
    case "arrange_boot: lock":
    case "arrange_boot: mark": {
      const then = process.at === "arrange_boot: lock" ? "install_boot_unit" : "arrange_boot: sync_disk";
      return [
        ...to(at(then, { ...machine, lock: amended(machine, { once: "set" }) })),
        ...fails(machine, "the lock can't be written", givesUp),
      ];
    }
    case "install_boot_unit": {
      const then =
        machine.bootsFrom === "loader" ? "arrange_boot: set_profile" : "arrange_boot: activate boot";
      return [
        ...to(at(then, { ...machine, unit: synced(id) })),
        ...fails(machine, "the unit can't be written", givesUp),
      ];
    }
    case "arrange_boot: set_profile": {
      const set = (after: Machine): Machine => ({ ...after, profile: synced(systems[id]) });
      return [
        ...to(at("arrange_boot: activate boot", set(machine))),
        ...fails(machine, "set_profile fails", givesUp),
        ...fails(machine, "set_profile fails when the profile is set", (after) => givesUp(set(after))),
      ];
    }
    case "arrange_boot: activate boot":
      // The boot loader's default is who installs it. The restorer's is the profile: it is only to be there.
      return activate(context, previous, "boot", {
        ok: (after) => (process.stopRequested ? givesUp(after) : at("selector set", after)),
        failed: givesUp,
        timedOut: givesUp,
      });
    case "selector set": {
      const then = rules.locksBeforeMark ? "arrange_boot: sync_disk" : "arrange_boot: mark";
      const set = (after: Machine): Machine => ({ ...after, once: write(after.once, systems[id]) });
      return [
        ...to(at(then, set(machine))),
        ...fails(machine, "the selector fails", givesUp),
        ...fails(machine, "the selector fails when all is done", (after) => givesUp(set(after))),
      ];
    }
    case "arrange_boot: sync_disk":
      return [
        ...to(at("boot_into_new: change_state", syncDisk(machine))),
        ...fails(machine, "sync fails", givesUp),
      ];
    case "boot_into_new: change_state":
      return [
        ...changeState(context, "booting", "restart into new"),
        ...fails(machine, "change_state: /run is full", givesUp),
      ];
    case "restart into new":
      return [
        ...restarts(syncDisk(machine), "the machine restarts"),
        ...fails(machine, "the machine does not restart", givesUp),
      ];

    case "give_up_boot":
      if (!isOwner(machine, id, name))
        return [{ label: "is not the owner any more", to: exit(machine, name) }];
      return to(go(machine, name, { at: "selector clear", stopRequested: false }));
    case "selector clear": {
      const then = rules.restartsWhenMarked ? "restart into new" : "give_up_boot: restore_profile";
      return [
        ...to(at("give_up_boot: restore_profile", { ...machine, once: synced(null) })),
        ...fails(machine, "the mark can't be taken back", (after) => at(then, after)),
      ];
    }
    case "give_up_boot: restore_profile": {
      const lock = machine.lock.now;
      const restored = lock?.runsAlready
        ? { ...machine, profile: synced(lock.profile) }
        : restoreProfile(machine);
      return machine.bootsFrom === "loader"
        ? to(at("give_up_boot: activate boot", restored))
        : to(go(restored, name, { at: "end", outcome: "failed" }));
    }
    case "give_up_boot: activate boot": {
      const ends = (after: Machine): Machine => at("give_up_boot: sync_disk", after);
      const runsAlready = machine.lock.now?.runsAlready === true;
      // Its default is the previous system, whether it could be installed again or not; or that which it was to be put back to.
      const left = (after: Machine): Machine =>
        go(after, name, { at: "end", outcome: "failed", bootLeft: runsAlready });
      const putBack = runsAlready ? systems[id] : previous;
      return activate(context, putBack, "boot", { ok: ends, failed: left, timedOut: left });
    }
    case "give_up_boot: sync_disk": {
      const bootLeft = machine.lock.now?.runsAlready === true;
      return [
        ...to(go(syncDisk(machine), name, { at: "end", outcome: "failed" })),
        ...fails(machine, "sync fails", (after) =>
          go(after, name, { at: "end", outcome: "failed", bootLeft }),
        ),
      ];
    }

    case "await_boot":
      if (process.stopRequested) return to(at("boot: change_state rolling-back"));
      return [
        ...to(at("boot: change_state waiting")),
        ...fails(machine, "units fail", (after) => at("boot: change_state rolling-back", after)),
        // await_secrets, of a system that has some in memory.
        { label: "secrets come", to: at("boot: activate test") },
        { label: "secrets don't come", to: at("boot: change_state rolling-back") },
      ];
    case "boot: activate test": {
      const failed = (after: Machine): Machine => at("boot: change_state rolling-back", after);
      return activate(context, systems[id], "test", {
        ...{ ok: (after) => at("boot: change_state waiting", after), failed, timedOut: failed },
      });
    }
    case "boot: change_state waiting":
      return [
        ...changeState(context, "waiting", "confirmed_in_time"),
        ...fails(machine, "change_state: /run is full", (after) =>
          at("boot: change_state rolling-back", after),
        ),
      ];
    case "boot: change_state rolling-back":
      return [
        ...changeState(context, "rolling-back", "roll_back"),
        ...fails(machine, "change_state: /run is full", (after) => at("roll_back", after)),
      ];
    case "boot_previous":
      return workDirectory(machine, id).committing || machine.lock.now?.runsAlready
        ? to(at("undo_commit"))
        : to(at("reboot_machine", restoreProfile(machine)));
    default:
      throw new Error(`no step of a restart: ${process.at}`);
  }
}

/** take_up_boot, and what its caller does then. */
export function takeUpBoot(machine: Machine, name: ProcessName, id: Id): Transition[] {
  const process = (after: Machine, step: Step): Machine => ({
    ...after,
    processes: { ...after.processes, ...spawn(name, step, id) },
  });
  const cleared = machine.lock.now?.runsAlready ? { ...machine, once: synced(null) } : machine;
  const taken: Machine = { ...cleared, lock: amended(machine, { once: "booted", boot: machine.boot }) };
  return [
    {
      label: `${name}: take_up_boot`,
      to: writeState(process(taken, "await_boot"), id, name, "booting", 1),
    },
    ...fails(machine, `${name}: the lock can't be written`, (after) =>
      writeState(process(after, "reboot_machine"), id, name, "rebooting", 1),
    ),
    ...fails(taken, `${name}: take_over: /run is full`, (after) => process(after, "await_boot")),
  ];
}

/** amend_lock. */
function amended(machine: Machine, change: Partial<Lock>): Machine["lock"] {
  return machine.lock.now === null ? machine.lock : synced({ ...machine.lock.now, ...change });
}
