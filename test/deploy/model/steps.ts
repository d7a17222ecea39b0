/** What the processes on the machine do: one transition for each command of the scripts that others can see. */
import { activate, type Context, changeState, fails, restarts, restoreProfile, syncDisk } from "./actions.ts";
import { bootSteps, takeUpBoot } from "./boot-steps.ts";
import {
  exit,
  go,
  type Id,
  inHistory,
  inRun,
  isOwner,
  killAbandoned,
  type Lock,
  lockIsLive,
  type Machine,
  maximumTries,
  type Process,
  type ProcessName,
  profileBefore,
  type Rules,
  type Step,
  spawn,
  sync,
  synced,
  systems,
  type Transition,
  wasBootedOnce,
  workDirectory,
  write,
  writeState,
} from "./model.ts";

/** Everything that the next command of a process can lead to. None: it waits for something. */
export function steps(machine: Machine, name: ProcessName, process: Process, rules: Rules): Transition[] {
  const context: Context = { machine, name, process, rules };
  return next(context).map(({ label, to }) => ({ label: `${name}: ${label}`, to }));
}

function next(context: Context): Transition[] {
  const { machine, name, process, rules } = context;
  const id = process.subject;
  const to = (after: Machine, label: string = process.at): Transition[] => [{ label, to: after }];
  const at = (step: Step, after: Machine = machine): Machine => go(after, name, { at: step });
  // `exclusively`: waits for the others.
  const free = machine.mutex === null;

  switch (process.at) {
    case "begin":
    case "begin: look":
    case "begin: compare":
    case "begin: lock":
    case "begin: state":
    case "transient run":
    case "start: wait":
    case "abandon":
      return starting(context);
    case "status":
      return free ? to(settleAfterBoot({ ...machine, mutex: name }, name, "status: settle_lock", rules)) : [];
    case "status: settle_lock": {
      const lock = machine.lock.now;
      const gone = lock === null || (lock.boot !== machine.boot && !wasBootedOnce(machine));
      if (gone || lockIsLive(machine, lock)) return to(exit(machine, name));
      return foundDead(context, lock.id, {
        left: (after) => exit(after, name),
        record: { outcome: "failed", resume: null },
      });
    }

    case "settle_after_boot: profile":
      return settled(context);

    case "adopt": {
      if (!free) return [];
      const file = workDirectory(machine, id).file;
      const recorded = rules.adoptsNoRecorded && inHistory(machine, id) !== undefined;
      if (machine.lock.now?.id !== id || file?.state !== "starting" || recorded)
        return to(exit(machine, name));
      return [
        ...to(at("prepare: arm_watchdog", writeState(machine, id, name, "preparing", file.tries + 1))),
        ...fails(machine, "adopt: /run is full", (after) => exit(after, name)),
      ];
    }
    case "prepare: arm_watchdog":
      return [
        ...to(at("prepare: set_profile", { ...machine, timers: [...machine.timers, id] })),
        ...fails(machine, "systemd-run fails", (after) => at("prepare: failed", after)),
      ];
    case "prepare: set_profile": {
      if (machine.profile.now !== null) return to(at("prepare: sync_disk"), "the profile exists");
      const previous = machine.lock.now?.previous ?? "old";
      return [
        ...to(at("prepare: sync_disk", { ...machine, profile: synced(previous) })),
        ...fails(machine, "set_profile fails", (after) => at("prepare: failed", after)),
      ];
    }
    case "prepare: sync_disk":
      if (process.stopRequested) return to(at("prepare: failed"));
      return [
        ...to(at(machine.reboots ? "change_state booting" : "change_state activating", syncDisk(machine))),
        ...fails(machine, "sync fails", (after) => at("prepare: failed", after)),
      ];
    case "prepare: failed":
      return to(go(restoreProfile(machine), name, { at: "end", outcome: "failed" }));
    case "change_state booting":
    case "arrange_boot: lock":
    case "arrange_boot: mark":
    case "install_boot_unit":
    case "arrange_boot: set_profile":
    case "arrange_boot: activate boot":
    case "selector set":
    case "arrange_boot: sync_disk":
    case "boot_into_new: change_state":
    case "restart into new":
    case "give_up_boot":
    case "selector clear":
    case "give_up_boot: restore_profile":
    case "give_up_boot: activate boot":
    case "give_up_boot: sync_disk":
    case "await_boot":
    case "boot: activate test":
    case "boot: change_state waiting":
    case "boot: change_state rolling-back":
    case "boot_previous":
      return bootSteps(context);
    case "command_boot":
    case "boot: after_boot":
      return started(context);
    case "change_state activating":
      return [
        ...changeState(context, "activating", "activate test"),
        ...fails(machine, "change_state: /run is full", (after) => exit(after, name)),
      ];
    case "activate test":
      return activate(context, systems[id], "test", {
        ok: (after) => at("change_state waiting", after),
        failed: (after) => at("change_state rolling-back", after),
        timedOut: (after) => at("change_state rolling-back", after),
      });
    case "change_state waiting":
      if (process.stopRequested) return to(at("change_state rolling-back"));
      return [
        ...changeState(context, "waiting", "confirmed_in_time"),
        ...fails(machine, "change_state: /run is full", (after) => at("change_state rolling-back", after)),
      ];
    case "change_state rolling-back":
      return [
        ...changeState(context, "rolling-back", "roll_back"),
        ...fails(machine, "change_state: /run is full", (after) => at("roll_back", after)),
      ];
    case "confirmed_in_time": {
      // `decide`. That the time is up is no fault: it may be at any moment.
      if (!free) return [];
      const confirmed = workDirectory(machine, id).word === "confirm";
      return [
        ...(confirmed
          ? changeState(context, "committing", "commit: sync_disk")
          : changeState(context, "rolling-back", "roll_back")),
        // `hold`, by `prolong`: there are no times here, so that all it does is to give the state a new deadline.
        ...(workDirectory(machine, id).file?.overdue
          ? changeState(context, "waiting", "confirmed_in_time")
          : []),
        ...fails(machine, "decide: /run is full", (after) => at("roll_back", after)),
      ];
    }

    case "commit: sync_disk":
      return [
        ...to(at("commit: mark", syncDisk(machine))),
        ...fails(machine, "sync fails", (after) => at("finish_commit: failed", after)),
      ];
    case "commit: mark":
      return [
        ...to(at("commit: set_profile", inRun(machine, id, { committing: true }))),
        ...fails(machine, "/run is full", (after) => at("finish_commit: failed", after)),
      ];
    case "commit: set_profile":
      return [
        ...to(at("commit: sync profile", { ...machine, profile: write(machine.profile, systems[id]) })),
        ...fails(machine, "set_profile fails", (after) => at("finish_commit: failed", after)),
        ...fails(machine, "set_profile fails when the profile is set", (after) =>
          at("finish_commit: failed", { ...after, profile: write(after.profile, systems[id]) }),
        ),
      ];
    case "commit: sync profile":
      return to(at("activate boot", { ...machine, profile: sync(machine.profile) }));
    case "activate boot":
      return activate(context, systems[id], "boot", {
        ok: (after) => at("commit: last sync_disk", after),
        failed: (after) => at("finish_commit: failed", after),
        timedOut: (after) => at("finish_commit: failed", after),
      });
    case "commit: last sync_disk":
      return [
        ...to(go(syncDisk(machine), name, { at: "end", outcome: "activated" })),
        ...fails(machine, "sync fails", (after) => at("finish_commit: failed", after)),
      ];
    case "finish_commit: failed": {
      const taken = rules.takesWordBack ? inRun(machine, id, { word: null }) : machine;
      return to(go(taken, name, { at: "finish_commit: change_state", stopRequested: false }));
    }
    case "finish_commit: change_state": {
      const then = rules.everyRollBackUndoes ? "roll_back" : "undo_commit";
      return [
        ...changeState(context, "rolling-back", then),
        ...fails(machine, "change_state: /run is full", (after) => at(then, after)),
      ];
    }

    case "roll_back": {
      if (!isOwner(machine, id, name)) return to(exit(machine, name), "is not the owner any more");
      const { committing } = workDirectory(machine, id);
      const undoes = rules.everyRollBackUndoes && committing;
      const booted = machine.lock.now?.once === "booted";
      const step = booted ? "boot_previous" : undoes ? "undo_commit" : "roll_back: activate test";
      return to(go(killAbandoned(machine), name, { at: step, stopRequested: false }));
    }
    case "undo_commit": {
      const lock = machine.lock.now;
      // After a restart it is restore_profile that does it.
      const before =
        (lock && profileBefore(lock)) ?? (lock?.once === "booted" ? null : (lock?.previous ?? null));
      const profile = write(machine.profile, before);
      return to(at("undo_commit: sync profile", { ...machine, profile }));
    }
    case "undo_commit: sync profile":
      return to(at("undo_commit: activate boot", { ...machine, profile: sync(machine.profile) }));
    case "undo_commit: activate boot": {
      const left = (after: Machine) => go(after, name, { at: "undo_commit: sync_disk", bootLeft: true });
      return activate(context, machine.lock.now?.previous ?? "old", "boot", {
        ok: (after) => at("undo_commit: sync_disk", after),
        failed: left,
        timedOut: left,
      });
    }
    case "undo_commit: sync_disk": {
      const live = rules.everyRollBackUndoes ? "roll_back: activate test" : "roll_back";
      const then = machine.lock.now?.once === "booted" ? "reboot_machine" : live;
      return to(at(then, rules.undoSyncs ? syncDisk(machine) : machine));
    }
    case "roll_back: activate test":
      return activate(context, machine.lock.now?.previous ?? "old", "test", {
        ok: (after) => at("settle", after),
        failed: (after) =>
          process.attempt === 2 ? at("reboot_machine", after) : go(after, name, { attempt: 2 }),
        timedOut: (after) => at("reboot_machine", after),
      });
    case "settle":
      return [
        ...to(at("restore_profile")),
        ...fails(machine, "something stays away", (after) => at("reboot_machine", after)),
      ];
    case "restore_profile":
      return to(go(restoreProfile(machine), name, { at: "end", outcome: "rolled-back" }));
    case "reboot_machine": {
      if (!free) return [];
      const lock = machine.lock.now;
      const amended = lock?.runsAlready ? { ...machine, lock: synced({ ...lock, reason: true }) } : machine;
      return [
        ...changeState({ ...context, machine: amended }, "rebooting", "systemctl reboot"),
        ...fails(machine, "change_state: /run is full", (after) => at("systemctl reboot", after)),
      ];
    }
    case "systemctl reboot":
      return restarts(syncDisk(machine), "the machine restarts");

    case "end":
      return free ? to(at("record_end: history", { ...machine, mutex: name })) : [];
    case "record_end: history":
    case "record_end: unit":
    case "record_end: lock":
    case "record_end: sync":
    case "record_end: result":
      return recordEnd(context);
    case "end: watchdog":
      return to(exit({ ...machine, timers: machine.timers.filter((timer) => timer !== id) }, name));
  }
}

/** Whether `old` is what it was started with, and is what it goes back to from the system that runs already. */
function isRestarted(machine: Machine, id: Id): boolean {
  return id === "a" && machine.ran === systems.a && machine.runs === systems.a;
}

/** command_start and begin. */
function starting(context: Context): Transition[] {
  const { machine, name, process, rules } = context;
  const id = process.subject;
  const label = process.at;
  const lock = machine.lock.now;
  const at = (step: Step, after: Machine = machine): Machine => go(after, name, { at: step });
  const answer = (said: "refused" | "busy" | "changed", after: Machine = machine): Machine =>
    exit({ ...after, said: { ...after.said, [id]: said } }, name);
  switch (process.at) {
    case "begin":
      if (machine.mutex !== null) return [];
      return [{ label, to: settleAfterBoot({ ...machine, mutex: name }, name, "begin: look", rules) }];
    case "begin: look": {
      const { withdrawn, file } = workDirectory(machine, id);
      if (withdrawn || file !== null || inHistory(machine, id) !== undefined) {
        return [{ label: "refused", to: answer("refused") }];
      }
      if (lock === null) return [{ label, to: at("begin: compare") }];
      if (lockIsLive(machine, lock)) return [{ label: "busy", to: answer("busy") }];
      return foundDead(context, lock.id, {
        left: (after) => answer("busy", after),
        record: { outcome: "interrupted", resume: "begin: compare" },
      });
    }
    case "begin: compare":
      // Deployment c is planned for a system that no machine runs.
      if (id === "c" || (machine.runs !== machine.deployers[id]?.previous && !isRestarted(machine, id))) {
        return [{ label: "changed", to: answer("changed") }];
      }
      return [{ label: "the machine runs what it was planned for", to: at("begin: lock") }];
    case "begin: lock": {
      const { runs, boot } = machine;
      const runsAlready = isRestarted(machine, id);
      const previous = runsAlready ? "old" : runs;
      const profile = machine.profile.now;
      const taken: Lock = { id, previous, profile, runsAlready, boot, once: null, reason: false };
      return [
        { label, to: at("begin: state", { ...machine, lock: synced(taken) }) },
        ...fails(machine, "the disk is full", (after) => answer("refused", after)),
      ];
    }
    case "begin: state": {
      const begun = writeState(machine, id, name, "starting", 0);
      const said = { ...begun.said, [id]: "started" as const };
      return [
        { label: "started", to: at("transient run", { ...begun, mutex: null, said }) },
        ...fails(machine, "/run is full", (after) =>
          answer("refused", { ...after, lock: write(after.lock, null) }),
        ),
      ];
    }
    case "transient run": {
      const processes = { ...machine.processes, ...spawn(`run ${id}`, "adopt", id) };
      return [
        { label, to: at("start: wait", { ...machine, processes }) },
        ...fails(machine, "systemd-run fails", (after) => at("abandon", after)),
      ];
    }
    case "start: wait": {
      if (!isOwner(machine, id, name)) return [{ label: "follows", to: exit(machine, name) }];
      if (machine.processes[`run ${id}`] === undefined)
        return [{ label: "10 s are over", to: at("abandon") }];
      return fails(machine, "10 s are over", (after) => at("abandon", after));
    }
    case "abandon": {
      if (machine.mutex !== null) return [];
      if (!isOwner(machine, id, name)) return [{ label: "was adopted", to: exit(machine, name) }];
      const change = { at: "record_end: history", outcome: "failed" } as const;
      return [{ label, to: go({ ...machine, mutex: name }, name, change) }];
    }
    default:
      throw new Error(`no step of start: ${process.at}`);
  }
}

/** take_from_the_dead: a lock of this boot that nobody sees to. `left`: somebody else brings it to its end. */
function foundDead(
  { machine, name, rules }: Context,
  dead: Id,
  then: {
    readonly left: (machine: Machine) => Machine;
    readonly record: Pick<Process, "outcome" | "resume">;
  },
): Transition[] {
  const marked = machine.lock.now?.once != null;
  const state = workDirectory(machine, dead).file?.state ?? (marked ? "booting" : "starting");
  const begun = state !== "starting" && state !== "preparing";
  if (begun && rules.revivesTheDead) {
    return [
      {
        label: "arms the watchdog of the dead",
        to: then.left({ ...machine, timers: [...machine.timers, dead] }),
      },
      ...fails(machine, "systemd-run fails", then.left),
    ];
  }
  return [
    {
      label: `takes the lock of ${dead}`,
      to: go(begun ? machine : killAbandoned(restoreProfile(machine)), name, {
        ...{ at: "record_end: history", subject: dead, ...then.record },
      }),
    },
  ];
}

/** All transitions of a watchdog that fires. Empty when it has nothing to do. */
export function fire(machine: Machine, id: Id, rules: Rules): Transition[] {
  const name: ProcessName = `watch ${id}`;
  if (machine.mutex !== null || machine.processes[name] !== undefined) return [];
  if (machine.lock.now?.id !== id) {
    const timers = machine.timers.filter((timer) => timer !== id);
    return [{ label: `${name}: it has ended, the timer is stopped`, to: { ...machine, timers } }];
  }
  return standIn(machine, name, id, rules);
}

/** command_boot: what the unit does that the start of the machine has started. */
function started({ machine, name, process, rules }: Context): Transition[] {
  const id = process.subject;
  const lock = machine.lock.now;
  const at = (step: Step, after: Machine = machine): Machine => go(after, name, { at: step });
  if (process.at === "command_boot") {
    if (lock?.id !== id) {
      return [{ label: "there is no lock any more", to: exit({ ...machine, unit: synced(null) }, name) }];
    }
    if (!wasBootedOnce(machine) || machine.timers.includes(id)) {
      return [{ label: "command_boot", to: at("boot: after_boot") }];
    }
    const timers = [...machine.timers, id];
    return [
      { label: "arm_watchdog", to: at("boot: after_boot", { ...machine, timers }) },
      ...fails(machine, "systemd-run fails", (after) => at("boot: after_boot", after)),
    ];
  }
  // after_boot.
  if (machine.mutex !== null) return [];
  const goesOn = rules.goesOnAfterBoot && wasBootedOnce(machine);
  if (goesOn && lock?.id === id) return takeUpBoot(machine, name, id);
  return [
    {
      label: "boot: settle_after_boot",
      to: settleAfterBoot({ ...machine, mutex: name }, name, null, rules),
    },
  ];
}

/** stand_in, and what its caller does then; empty when there is nothing to do. */
function standIn(machine: Machine, name: ProcessName, id: Id, rules: Rules): Transition[] {
  if (wasBootedOnce(machine)) return takeUpBoot(machine, name, id);
  const { file, word } = workDirectory(machine, id);
  if (file?.owner != null && !file.overdue) return [];
  const tries = file?.tries ?? 0;
  const again = file?.overdue !== true && tries < maximumTries;
  const killed = file?.owner == null ? machine : exit(machine, file.owner);
  const take = (
    state: Parameters<typeof writeState>[3],
    change: Partial<Process> & { at: Step },
  ): Transition[] => {
    const after = killAbandoned(killed);
    const with_ = { ...after, processes: { ...after.processes, ...spawn(name, change.at, id) } };
    const label = `${name}: ${file?.owner == null ? "" : `kills ${file.owner}, `}${change.at}`;
    return [
      { label, to: writeState(go(with_, name, change), id, name, state, tries + 1) },
      ...fails(with_, `${name}: take_over: /run is full`, (full) => go(full, name, change)),
    ];
  };
  const record = inHistory(machine, id);
  if (rules.finishesRecords && record !== undefined) {
    return take(file?.state ?? "starting", { at: "end", outcome: record.outcome });
  }
  switch (file?.state) {
    case "starting":
    case "preparing":
      return take("preparing", { at: "prepare: failed" });
    case "activating":
    case "waiting":
      return take("rolling-back", { at: "roll_back" });
    case "booting":
      return machine.lock.now?.once === "booted"
        ? take("rolling-back", { at: "roll_back" })
        : take("booting", { at: "give_up_boot" });
    case "committing":
      if (again && (word === "confirm" || !rules.takesWordBack)) {
        return take("committing", { at: "commit: sync_disk" });
      }
      return take("rolling-back", { at: rules.everyRollBackUndoes ? "roll_back" : "undo_commit" });
    case "rolling-back":
      return again ? take("rolling-back", { at: "roll_back" }) : take("rebooting", { at: "reboot_machine" });
    case "rebooting":
    case undefined:
      return take("rebooting", { at: "reboot_machine" });
  }
}

/** settle_after_boot, in the mutex; then the process goes on, or exits. */
function settleAfterBoot(machine: Machine, name: ProcessName, then: Step | null, rules: Rules): Machine {
  const lock = machine.lock.now;
  const goesOn = rules.goesOnAfterBoot && wasBootedOnce(machine);
  if (lock !== null && lock.boot !== machine.boot && !goesOn) {
    return go(machine, name, { at: "settle_after_boot: profile", resume: then, subject: lock.id });
  }
  return then === null ? exit(machine, name) : go(machine, name, { at: then });
}

function settled({ machine, name, process, rules }: Context): Transition[] {
  const system = systems[process.subject];
  const runs = machine.runs === system;
  const activated = runs && (rules.settlesByWhatRuns || machine.profile.now === system);
  const lock = machine.lock.now;
  const failed = activated && lock?.runsAlready && (lock.once === null || lock.reason);
  const outcome = failed ? "failed" : activated ? "activated" : "rolled-back";
  const change = { at: "record_end: history", outcome } as const;
  const cleared =
    machine.lock.now?.once === "set" && rules.settleClearsMark ? { ...machine, once: synced(null) } : machine;
  const after = activated ? { ...cleared, profile: synced(system) } : restoreProfile(cleared);
  return [{ label: `settle_after_boot: ${change.outcome}`, to: go(after, name, change) }];
}

/** record_end, in the mutex. */
function recordEnd({ machine, name, process, rules }: Context): Transition[] {
  const id = process.subject;
  const { outcome } = process;
  if (outcome === null) throw new Error(`${name} has nothing to record`);
  const label = process.at;
  const at = (step: Step, after: Machine): Machine => go(after, name, { at: step });
  switch (process.at) {
    case "record_end: history": {
      const recorded = inHistory(machine, id);
      if (recorded !== undefined) {
        const told = rules.resultFollowsHistory ? recorded.outcome : outcome;
        const change = { at: "record_end: unit", outcome: told } as const;
        return [{ label: "is in the history already", to: go(machine, name, change) }];
      }
      const previous = machine.lock.now?.previous ?? "old";
      const record = { id, outcome, previous, bootLeft: process.bootLeft };
      const history = synced([...machine.history.now, record]);
      return [
        { label: `record_end: history: ${outcome}`, to: at("record_end: unit", { ...machine, history }) },
        ...fails(machine, "the history can't be written", (after) =>
          at("record_end: unit", { ...after, historyLost: [...after.historyLost, id] }),
        ),
      ];
    }
    case "record_end: unit": {
      const unit = machine.unit.now === id ? synced(null) : machine.unit;
      return [{ label, to: at("record_end: lock", { ...machine, unit }) }];
    }
    case "record_end: lock":
      return [{ label, to: at("record_end: sync", { ...machine, lock: write(machine.lock, null) }) }];
    case "record_end: sync":
      return [{ label, to: at("record_end: result", { ...machine, lock: sync(machine.lock) }) }];
    case "record_end: result": {
      const told = inRun(machine, id, { result: outcome });
      if (process.resume !== null) {
        const own = name.slice(-1) as Id;
        return [
          { label, to: go(told, name, { at: process.resume, resume: null, outcome: null, subject: own }) },
        ];
      }
      const free = { ...told, mutex: null };
      const ends = /^(?:run|watch|boot) /.test(name);
      return [{ label, to: ends ? at("end: watchdog", free) : exit(free, name) }];
    }
    default:
      throw new Error(`no step of record_end: ${process.at}`);
  }
}
