/** What the steps of the processes are made of. */
import {
  exit,
  go,
  isOwner,
  type Machine,
  type Process,
  type ProcessName,
  profileBefore,
  type Rules,
  type Step,
  spawn,
  sync,
  synced,
  type Transition,
  write,
  writeState,
} from "./model.ts";

export interface Context {
  readonly machine: Machine;
  readonly name: ProcessName;
  readonly process: Process;
  readonly rules: Rules;
}

/** The same where one thing fails, when that may still happen. */
export function fails(machine: Machine, label: string, to: (machine: Machine) => Machine): Transition[] {
  if (machine.faults === 0) return [];
  return [{ label: `! ${label}`, to: to({ ...machine, faults: machine.faults - 1 }) }];
}

/** change_state: the process exits when the deployment is not its own any more, as is_owner in roll_back sees to. */
export function changeState(
  context: Context,
  state: Parameters<typeof writeState>[3],
  then: Step,
): Transition[] {
  const { machine, name, process } = context;
  const id = process.subject;
  if (machine.mutex !== null) return [];
  if (!isOwner(machine, id, name)) return [{ label: "is not the owner any more", to: exit(machine, name) }];
  return [{ label: `${state}`, to: go(writeState(machine, id, name, state), name, { at: then }) }];
}

interface Activated {
  readonly ok: (machine: Machine) => Machine;
  readonly failed: (machine: Machine) => Machine;
  readonly timedOut: (machine: Machine) => Machine;
}

/** activate: starts switch-to-configuration, waits for its end. */
export function activate(
  { machine, name, process }: Context,
  system: Activation["system"],
  action: "test" | "boot",
  then: Activated,
): Transition[] {
  const mine = machine.activations.find(({ by }) => by === name);
  const what = `${system} ${action}`;
  if (mine === undefined) {
    const activations = [...machine.activations, { system, action, by: name }];
    return [{ label: `${what} begins`, to: { ...machine, activations } }];
  }
  const activations = machine.activations.filter((activation) => activation !== mine);
  const over = { ...machine, activations };
  if (process.stopRequested) {
    return [false, true].map((half) => ({
      label: `${what} is ended${half ? " half-way" : ""}, told to stop`,
      to: then.failed(half ? halfDone(over, mine) : over),
    }));
  }
  return [
    { label: `${what} succeeds`, to: then.ok(done(over, mine)) },
    ...fails(over, `${what} fails`, then.failed),
    ...fails(over, `${what} fails half-way`, (after) => then.failed(halfDone(after, mine))),
    ...fails(over, `${what} hangs half-way`, (after) => then.timedOut(halfDone(after, mine))),
    ...fails(over, `${what} hangs when all is done`, (after) => then.timedOut(done(after, mine))),
  ];
}

type Activation = Machine["activations"][number];

/** What an activation has changed when it comes to its end. */
export function done(machine: Machine, { system, action }: Activation): Machine {
  return action === "test"
    ? { ...machine, runs: system, whole: true }
    : { ...machine, loader: write(machine.loader, system) };
}

/** Half-way `test` has replaced some of what runs; `boot` has the boot loader's default written, or not. */
function halfDone(machine: Machine, { system, action }: Activation): Machine {
  return action === "test"
    ? { ...machine, runs: system, whole: false }
    : { ...machine, loader: write(machine.loader, system) };
}

export function syncDisk(machine: Machine): Machine {
  return {
    ...machine,
    profile: sync(machine.profile),
    loader: sync(machine.loader),
    once: sync(machine.once),
    lock: sync(machine.lock),
  };
}

/** restore_profile. */
export function restoreProfile(machine: Machine): Machine {
  const lock = machine.lock.now;
  return lock === null ? machine : { ...machine, profile: synced(profileBefore(lock)) };
}

/**
 * All that is not on disk is gone, and the machine starts what it is to start once, or its default. What is on disk by
 * now is for the caller to say.
 */
function reboot(machine: Machine): Machine {
  const loader = machine.bootsFrom === "loader" ? machine.loader.disk : (machine.profile.disk ?? "old");
  const unit = machine.unit.disk;
  return {
    ...machine,
    boot: machine.boot + 1,
    runs: machine.once.disk ?? loader,
    whole: true,
    profile: synced(machine.profile.disk),
    loader: synced(loader),
    lock: synced(machine.lock.disk),
    once: synced(null),
    unit: synced(unit),
    history: synced(machine.history.disk),
    run: {},
    timers: [],
    mutex: null,
    processes: unit === null ? {} : spawn(`boot ${unit}`, "command_boot", unit),
    activations: [],
  };
}

/** The same, and what can go wrong with a start. */
export function restarts(machine: Machine, label: string): Transition[] {
  const started = reboot(machine);
  const { once } = machine;
  return [
    { label, to: started },
    ...(once.disk === null
      ? []
      : [
          ...fails(machine, `${label}; it starts its default all the same`, (after) => ({
            ...reboot({ ...after, once: synced(null) }),
            once: synced(once.disk),
          })),
          ...fails(machine, `${label}; the start hangs, and somebody resets it`, (after) =>
            reboot(reboot(after)),
          ),
        ]),
    ...(machine.unit.disk === null
      ? []
      : fails(machine, `${label}; its unit is not started`, (after) => ({
          ...reboot(after),
          processes: {},
        }))),
  ];
}
