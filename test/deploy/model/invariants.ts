/** What must hold: at every moment, and when nothing happens any more. */
import {
  type Deployer,
  type HistoryRecord,
  type Id,
  type Machine,
  processesOf,
  type Step,
  type System,
  systems,
} from "./model.ts";

/** Steps at which a process changes the machine, or has it changed. */
const changing: ReadonlySet<Step> = new Set<Step>([
  "activate test",
  "boot: activate test",
  "commit: set_profile",
  "commit: sync profile",
  "activate boot",
  "undo_commit",
  "undo_commit: sync profile",
  "undo_commit: activate boot",
  "arrange_boot: set_profile",
  "arrange_boot: activate boot",
  "give_up_boot: activate boot",
  "roll_back: activate test",
]);

/** What is wrong with the machine as it is now. */
export function momentary(machine: Machine): string | undefined {
  const changes = processesOf(machine).filter(([, { at }]) => changing.has(at));
  if (changes.length > 1) return `two own the machine: ${changes.map(([name]) => name).join(", ")}`;
  if (machine.activations.length > 1) return "two activations at a time";
  const trusted: readonly System[] = ["old", ...machine.confirmed];
  for (const booted of [bootDefault(machine, "now"), bootDefault(machine, "disk")]) {
    if (!trusted.includes(booted)) return `the machine would boot ${booted}, which nobody has confirmed`;
  }
  if (machine.once.now !== null || machine.once.disk !== null) {
    const guarded = [machine.lock.now, machine.lock.disk].every((lock) => lock?.once === "set");
    if (!guarded) return "it would start a system once that nobody would be asked about";
  }
  const started = machine.lock.now?.once != null && systems[machine.lock.now.id] === machine.runs;
  if (machine.reboots && !trusted.includes(machine.runs) && !started) {
    return `it runs ${machine.runs}, which nobody has confirmed or is asked about`;
  }
  for (const { id } of machine.history.now) {
    const records = machine.history.now.filter((record) => record.id === id);
    if (records.length > 1) return `${records.length} records of deployment ${id}`;
  }
  return undefined;
}

/** What is wrong with the machine when nothing will happen any more, not even by those who come later. */
export function final(machine: Machine): string | undefined {
  if (machine.lock.now !== null) return `the lock of deployment ${machine.lock.now.id} is left`;
  if (machine.mutex !== null) return `${machine.mutex} keeps the mutex`;
  if (machine.timers.length > 0) return "a watchdog is left";
  if (machine.once.now !== null) return `${machine.once.now} is still to be started once`;
  if (machine.unit.now !== null) return "the unit for the next start is left";
  if (machine.processes["status"] !== undefined) return "a question has no answer";
  for (const [id, deployer] of Object.entries(machine.deployers) as [Id, Deployer][]) {
    const wrong = reportProblem(machine, id, deployer);
    if (wrong !== undefined) return wrong;
  }
  const expected = machine.history.now.reduce<System>(systemAfter, machine.ran);
  // A record that the disk was too full for can't be followed: one of the systems that were trusted, as a whole.
  const system = machine.historyLost.length > 0 ? machine.runs : expected;
  if (machine.historyLost.length > 0 && system !== "old" && !machine.confirmed.includes(system)) {
    return `it runs ${system}, which nobody has confirmed`;
  }
  if (machine.history.now.some(({ bootLeft }) => bootLeft)) {
    // The record says that the boot default may be the other confirmed system.
    return machine.confirmed.includes(machine.runs) || machine.runs === "old"
      ? undefined
      : "runs what nobody confirmed";
  }
  if (machine.runs !== system) return `it runs ${machine.runs}, by its history ${system}`;
  if (!machine.whole) return `it runs half of ${machine.runs}`;
  // Where there is no record, there is none of a boot default that could not be put back either.
  const told = machine.historyLost.length === 0;
  if (told && bootDefault(machine, "now") !== system)
    return `it runs ${system} and boots ${bootDefault(machine, "now")}`;
  const { now: profile } = machine.profile;
  if (profile !== system && !(profile === null && system === "old")) {
    return `it runs ${system} and its profile is ${profile}`;
  }
  return undefined;
}

function bootDefault(machine: Machine, when: "now" | "disk"): System {
  return machine.bootsFrom === "loader" ? machine.loader[when] : (machine.profile[when] ?? "old");
}

function systemAfter(before: System, { id, outcome, previous }: HistoryRecord): System {
  switch (outcome) {
    case "activated":
      return systems[id];
    case "rolled-back":
      return previous;
    case "failed":
    case "interrupted":
      return before;
  }
}

/** What a deployer reported is what the history says; it reports nothing only where the machine does not say. */
function reportProblem(machine: Machine, id: Id, { report }: Deployer): string | undefined {
  if (machine.historyLost.includes(id) || report === null) return undefined;
  const outcome = machine.history.now.find((record) => record.id === id)?.outcome;
  if (outcome === undefined) {
    return report === "failed"
      ? undefined
      : `deployer ${id} reports ${report}, which the history does not know`;
  }
  // A start that was told to be refused when the lock could not be kept: nothing was changed.
  const nothing: readonly unknown[] = ["failed", "interrupted", "rolled-back"];
  if (report === "failed" && nothing.includes(outcome)) return undefined;
  return report === outcome ? undefined : `deployer ${id} reports ${report}, the history says ${outcome}`;
}
