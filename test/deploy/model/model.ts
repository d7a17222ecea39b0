/**
 * A model of the switcher's protocol (docs/reference/switcher.md): what a machine is, as data. What its processes do is
 * in steps.ts, what befalls it in events.ts, what must hold in invariants.ts, and explore.ts goes through all of it.
 */
import type { SwitcherState } from "../../../src/deploy/protocol.ts";

export type System = "old" | "new" | "newer";
/** Deployments: the one under test, a second one, and a later one that only finds what they left. */
export type Id = "a" | "b" | "c";
type Outcome = "activated" | "rolled-back" | "failed" | "interrupted";

/** What was written, and what a power cut is certain to leave of it. One that comes before the sync leaves either. */
export interface Durable<T> {
  readonly now: T;
  readonly disk: T;
}

/** `/var/lib/nixus/deployment`; `boot` is the number of the boot that it was taken in. */
export interface Lock {
  readonly id: Id;
  readonly previous: System;
  readonly profile: System | null;
  /** `generation`: the machine runs the system already, and the previous one is what it was started with. */
  readonly runsAlready: boolean;
  readonly boot: number;
  /** `set`: before the next start may be into the new system; `booted`: that start was taken up. */
  readonly once: "set" | "booted" | null;
  /** `reason`: a roll-back has the machine restart. Only told of where it makes a difference. */
  readonly reason: boolean;
}

/** `/run/nixus/ID/state`. */
interface StateFile {
  readonly state: SwitcherState;
  /** Null when that process is dead: process ids are not used again in the same clock tick. */
  readonly owner: ProcessName | null;
  readonly overdue: boolean;
  readonly tries: number;
}

/** `/run/nixus/ID`. */
export interface WorkDirectory {
  readonly file: StateFile | null;
  readonly word: "confirm" | "reject" | null;
  readonly result: Outcome | null;
  readonly withdrawn: boolean;
  /** `committing`: profile and boot default may have been changed. */
  readonly committing: boolean;
}

/** A line of the history. `bootLeft`: its reason says that the boot default could not be put back. */
export interface HistoryRecord {
  readonly id: Id;
  readonly outcome: Outcome;
  readonly previous: System;
  readonly bootLeft: boolean;
}

export type ProcessName = `${"start" | "run" | "watch" | "boot"} ${Id}` | "status";

/** Where a process is: named after the function of the scripts whose next command it is. */
export type Step =
  | "begin"
  | "begin: look"
  | "begin: compare"
  | "begin: lock"
  | "begin: state"
  | "transient run"
  | "start: wait"
  | "abandon"
  | "status"
  | "status: settle_lock"
  | "settle_after_boot: profile"
  | "adopt"
  | "prepare: arm_watchdog"
  | "prepare: set_profile"
  | "prepare: sync_disk"
  | "prepare: failed"
  | "change_state booting"
  | "arrange_boot: lock"
  | "arrange_boot: mark"
  | "install_boot_unit"
  | "arrange_boot: set_profile"
  | "arrange_boot: activate boot"
  | "selector set"
  | "arrange_boot: sync_disk"
  | "boot_into_new: change_state"
  | "restart into new"
  | "give_up_boot"
  | "selector clear"
  | "give_up_boot: restore_profile"
  | "give_up_boot: activate boot"
  | "give_up_boot: sync_disk"
  | "command_boot"
  | "boot: after_boot"
  | "await_boot"
  | "boot: activate test"
  | "boot: change_state waiting"
  | "boot: change_state rolling-back"
  | "boot_previous"
  | "change_state activating"
  | "activate test"
  | "change_state waiting"
  | "change_state rolling-back"
  | "confirmed_in_time"
  | "commit: sync_disk"
  | "commit: mark"
  | "commit: set_profile"
  | "commit: sync profile"
  | "activate boot"
  | "commit: last sync_disk"
  | "finish_commit: failed"
  | "finish_commit: change_state"
  | "roll_back"
  | "undo_commit"
  | "undo_commit: sync profile"
  | "undo_commit: activate boot"
  | "undo_commit: sync_disk"
  | "roll_back: activate test"
  | "settle"
  | "restore_profile"
  | "reboot_machine"
  | "systemctl reboot"
  | "end"
  | "record_end: history"
  | "record_end: unit"
  | "record_end: lock"
  | "record_end: sync"
  | "record_end: result"
  | "end: watchdog";

export interface Process {
  readonly at: Step;
  /** Where it goes on after record_end; null: it exits. */
  readonly resume: Step | null;
  /** What it is to record, and of which deployment. */
  readonly outcome: Outcome | null;
  readonly subject: Id;
  readonly attempt: number;
  readonly stopRequested: boolean;
  readonly bootLeft: boolean;
}

/** switch-to-configuration, which outlives a switcher that is killed: `by` is null then. */
interface Activation {
  readonly system: System;
  readonly action: "test" | "boot";
  readonly by: ProcessName | null;
}

/** `nixus deploy` for one deployment. */
export interface Deployer {
  /** What the machine ran when it was planned. */
  readonly previous: System;
  /** `asks`: its start was not answered, or that answer was lost. */
  readonly phase: "planned" | "triggered" | "asks" | "done";
  readonly report: Outcome | "unknown" | null;
}

export interface Machine {
  /** What the machine boots: the boot loader's default (NixOS), or the system profile (platform linux). */
  readonly bootsFrom: "loader" | "profile";
  readonly boot: number;
  /** Whether the machine is restarted into new systems. */
  readonly reboots: boolean;
  /** What it ran at first. */
  readonly ran: System;
  /** Whether a second deployer may come. */
  readonly seconds: boolean;
  /** The system of /run/current-system, and whether its activation came to a good end. */
  readonly runs: System;
  readonly whole: boolean;
  readonly profile: Durable<System | null>;
  /** What the boot loader boots. */
  readonly loader: Durable<System>;
  readonly lock: Durable<Lock | null>;
  /** What the next start is into, whatever the default is. A start takes it away before it uses it. */
  readonly once: Durable<System | null>;
  /** The unit that goes on with a deployment after a start. */
  readonly unit: Durable<Id | null>;
  readonly history: Durable<readonly HistoryRecord[]>;
  readonly run: { readonly [I in Id]?: WorkDirectory };
  /** Watchdogs' timers that are armed. */
  readonly timers: readonly Id[];
  readonly mutex: ProcessName | null;
  readonly processes: { readonly [P in ProcessName]?: Process };
  readonly activations: readonly Activation[];
  readonly deployers: { readonly [I in Id]?: Deployer };
  /** What the first word of `start` was. */
  readonly said: { readonly [I in Id]?: "started" | "refused" | "busy" | "changed" };
  /** How many faults may still happen. */
  readonly faults: number;
  /** Not on the machine, for the invariants only: words given while the switcher waited; a history that was full. */
  readonly confirmed: readonly System[];
  readonly historyLost: readonly Id[];
}

/** Something that can happen, and the machine after it. */
export interface Transition {
  readonly label: string;
  readonly to: Machine;
}

/**
 * What the scripts do where they once did something else that the exploration has refuted. All true as they are now;
 * a test turns each off, to see that its counterexample is found.
 */
export interface Rules {
  /** settle_after_boot goes by the system that was booted; the profile follows. */
  readonly settlesByWhatRuns: boolean;
  /** roll_back puts profile and boot default back whenever a commit had begun, not only after its own. */
  readonly everyRollBackUndoes: boolean;
  /** undo_commit syncs the boot default. */
  readonly undoSyncs: boolean;
  /** A deployment that has begun to change things and has nobody left gets a watchdog; nobody takes its lock. */
  readonly revivesTheDead: boolean;
  /** stand_in finishes the record of a deployment that is in the history. */
  readonly finishesRecords: boolean;
  /** The result is what the history says already, where it does. */
  readonly resultFollowsHistory: boolean;
  /** adopt leaves a deployment alone whose end is in the history: its starter died while it gave up. */
  readonly adoptsNoRecorded: boolean;
  /** finish_commit takes the word back before it rolls back. */
  readonly takesWordBack: boolean;
  /** The lock says that the new system may be started once before anything can have it started. */
  readonly locksBeforeMark: boolean;
  /** settle_after_boot takes back what should have been started and was not. */
  readonly settleClearsMark: boolean;
  /** settle_after_boot leaves a deployment alone that was started into its new system: it goes on. */
  readonly goesOnAfterBoot: boolean;
  /** A mark that can't be taken back is left to a restart that is guarded. */
  readonly restartsWhenMarked: boolean;
}

export const asWritten: Rules = {
  settlesByWhatRuns: true,
  everyRollBackUndoes: true,
  undoSyncs: true,
  revivesTheDead: true,
  finishesRecords: true,
  takesWordBack: true,
  adoptsNoRecorded: true,
  resultFollowsHistory: true,
  locksBeforeMark: true,
  settleClearsMark: true,
  goesOnAfterBoot: true,
  restartsWhenMarked: true,
};

/** stand_in of the scripts allows 4: fewer, so that a few faults come to the end of it. */
export const maximumTries = 3;

export const systems: { readonly [I in Id]: System } = { a: "new", b: "newer", c: "newer" };

const emptyWorkDirectory: WorkDirectory = {
  file: null,
  word: null,
  result: null,
  withdrawn: false,
  committing: false,
};

/**
 * A machine that runs and boots `old`, with a deployment of `new` planned. With `new` as its profile it was started with
 * `old`, runs and boots `new` by now, which was confirmed, and is to be restarted into that.
 */
export function initialMachine(
  options: Pick<Machine, "bootsFrom" | "faults" | "seconds" | "reboots"> & { profile: System | null },
): Machine {
  const ran = options.profile ?? "old";
  return {
    bootsFrom: options.bootsFrom,
    seconds: options.seconds,
    reboots: options.reboots,
    ran,
    boot: 1,
    runs: ran,
    whole: true,
    profile: synced(options.profile),
    loader: synced(ran),
    lock: synced(null),
    once: synced(null),
    unit: synced(null),
    history: synced([]),
    run: {},
    timers: [],
    mutex: null,
    processes: {},
    activations: [],
    deployers: { a: { previous: "old", phase: "planned", report: null } },
    said: {},
    faults: options.faults,
    confirmed: ran === "old" ? [] : [ran],
    historyLost: [],
  };
}

/** The variable profile_before of use_deployment. */
export function profileBefore({ profile, previous, runsAlready, once }: Lock): System | null {
  return runsAlready && once !== null ? previous : profile;
}

export function synced<T>(value: T): Durable<T> {
  return { now: value, disk: value };
}

export function write<T>(durable: Durable<T>, now: T): Durable<T> {
  return { now, disk: durable.disk };
}

export function sync<T>(durable: Durable<T>): Durable<T> {
  return synced(durable.now);
}

export function spawn(name: ProcessName, at: Step, subject: Id): Machine["processes"] {
  const process: Process = {
    ...{ at, resume: null, outcome: null, subject, attempt: 1, stopRequested: false, bootLeft: false },
  };
  return { [name]: process };
}

export function processesOf(machine: Machine): [ProcessName, Process][] {
  return Object.entries(machine.processes) as [ProcessName, Process][];
}

/** The process goes on elsewhere. */
export function go(machine: Machine, name: ProcessName, change: Partial<Process>): Machine {
  const process = machine.processes[name];
  if (process === undefined) throw new Error(`${name} does not run`);
  return { ...machine, processes: { ...machine.processes, [name]: { ...process, ...change } } };
}

/** The process is gone: its mutex is free, what it owns has nobody, its activation goes on. */
export function exit(machine: Machine, name: ProcessName): Machine {
  const { [name]: _, ...processes } = machine.processes;
  const run = Object.fromEntries(
    Object.entries(machine.run).map(([id, directory]) => [
      id,
      directory.file?.owner === name ? { ...directory, file: { ...directory.file, owner: null } } : directory,
    ]),
  );
  return {
    ...machine,
    processes,
    run,
    mutex: machine.mutex === name ? null : machine.mutex,
    activations: machine.activations.map((activation) =>
      activation.by === name ? { ...activation, by: null } : activation,
    ),
  };
}

export function workDirectory(machine: Machine, id: Id): WorkDirectory {
  return machine.run[id] ?? emptyWorkDirectory;
}

export function inRun(machine: Machine, id: Id, change: Partial<WorkDirectory>): Machine {
  return { ...machine, run: { ...machine.run, [id]: { ...workDirectory(machine, id), ...change } } };
}

/** write_state: `name` owns the deployment. */
export function writeState(
  machine: Machine,
  id: Id,
  name: ProcessName,
  state: SwitcherState,
  tries = workDirectory(machine, id).file?.tries ?? 0,
): Machine {
  return inRun(machine, id, { file: { state, owner: name, overdue: false, tries } });
}

export function isOwner(machine: Machine, id: Id, name: ProcessName): boolean {
  return machine.lock.now?.id === id && workDirectory(machine, id).file?.owner === name;
}

export function inHistory(machine: Machine, id: Id): HistoryRecord | undefined {
  return machine.history.now.find((record) => record.id === id);
}

/** was_booted_once: the machine was started into the new system, and nobody has taken that up yet. */
export function wasBootedOnce(machine: Machine, lock: Lock | null = machine.lock.now): boolean {
  return (
    lock !== null &&
    lock.once === "set" &&
    lock.boot !== machine.boot &&
    machine.runs === systems[lock.id] &&
    inHistory(machine, lock.id) === undefined
  );
}

/** lock_is_live. */
export function lockIsLive(machine: Machine, lock: Lock): boolean {
  return (
    (lock.boot === machine.boot || wasBootedOnce(machine, lock)) &&
    (workDirectory(machine, lock.id).file?.owner != null ||
      machine.timers.includes(lock.id) ||
      machine.processes[`watch ${lock.id}`] !== undefined)
  );
}

/** kill_abandoned. */
export function killAbandoned(machine: Machine): Machine {
  return { ...machine, activations: machine.activations.filter(({ by }) => by !== null) };
}

/** The same machine without what can make no difference any more, so that equal ones are found to be equal. */
export function normalised(machine: Machine): Machine {
  const lock = machine.lock.now ?? machine.lock.disk;
  const ended = (id: Id): boolean =>
    machine.deployers[id]?.phase === "done" &&
    lock?.id !== id &&
    machine.lock.disk?.id !== id &&
    machine.unit.now !== id &&
    machine.unit.disk !== id &&
    !machine.timers.includes(id) &&
    !processesOf(machine).some(([name, { subject }]) => subject === id || name.endsWith(id));
  const live = <T>(record: { readonly [I in Id]?: T }): { readonly [I in Id]?: T } =>
    Object.fromEntries(Object.entries(record).filter(([id]) => !ended(id as Id)));
  const sinceBoot = lock === null ? 1 : 1 + machine.boot - lock.boot;
  const numbered = (taken: Lock | null): Lock | null => (taken === null ? null : { ...taken, boot: 1 });
  return {
    ...machine,
    boot: Math.min(sinceBoot, 2),
    lock: { now: numbered(machine.lock.now), disk: numbered(machine.lock.disk) },
    run: live(machine.run),
    said: live(machine.said),
    confirmed: [...new Set(machine.confirmed)].sort(),
  };
}
