/** What happens to the machine from outside of its processes: deployers, faults, time, and those who come later. */

import { done, restarts } from "./actions.ts";
import {
  type Deployer,
  type Durable,
  exit,
  go,
  type Id,
  inHistory,
  inRun,
  lockIsLive,
  type Machine,
  processesOf,
  type Rules,
  spawn,
  systems,
  type Transition,
  wasBootedOnce,
  workDirectory,
} from "./model.ts";
import { fire, steps } from "./steps.ts";

/** Everything that can happen next. */
export function transitions(machine: Machine, rules: Rules): Transition[] {
  // Reports are about what does not change any more, so that it makes no difference what else happens before them.
  const reports = deployers(machine).filter(({ label }) => / reports /.test(label));
  if (reports.length > 0 && machine.mutex === null) return [...reports, ...faults(machine)];
  const happening = [
    ...processesOf(machine).flatMap(([name, process]) => steps(machine, name, process, rules)),
    ...machine.timers.flatMap((id) => fire(machine, id, rules)),
    ...abandonedActivations(machine),
    ...deployers(machine),
  ];
  const quiet = happening.every(({ label }) => isFault(label));
  return [...happening, ...questions(machine), ...faults(machine), ...(quiet ? later(machine) : [])];
}

/** What a switcher that was killed has left running comes to its end. */
function abandonedActivations(machine: Machine): Transition[] {
  return machine.activations
    .filter(({ by }) => by === null)
    .map((activation) => ({
      label: `abandoned ${activation.system} ${activation.action} succeeds`,
      to: done(
        { ...machine, activations: machine.activations.filter((other) => other !== activation) },
        activation,
      ),
    }));
}

function deployers(machine: Machine): Transition[] {
  return (Object.entries(machine.deployers) as [Id, Deployer][]).flatMap(([id, deployer]) =>
    deployerSteps(machine, id, deployer),
  );
}

/** switchSystem and untilItEnds (src/deploy/steps/switch.ts), with the commands of answers.sh that they call. */
function deployerSteps(machine: Machine, id: Id, deployer: Deployer): Transition[] {
  const become = (label: string, change: Partial<Deployer>, after: Machine = machine): Transition => ({
    label: `deployer ${id}: ${label}`,
    to: { ...after, deployers: { ...after.deployers, [id]: { ...deployer, ...change } } },
  });
  const report = (outcome: NonNullable<Deployer["report"]>): Transition =>
    become(`reports ${outcome}`, { phase: "done", report: outcome });
  const directory = workDirectory(machine, id);
  const said = machine.said[id];
  switch (deployer.phase) {
    case "planned": {
      const processes = { ...machine.processes, ...spawn(`start ${id}`, "begin", id) };
      return [become("start", { phase: "triggered" }, { ...machine, processes })];
    }
    case "triggered": {
      const lost =
        machine.faults === 0
          ? []
          : [become("! the answer is lost", { phase: "asks" }, { ...machine, faults: machine.faults - 1 })];
      if (said === undefined) {
        const starts = machine.processes[`start ${id}`] !== undefined;
        return starts ? lost : [become("start was not answered", { phase: "asks" })];
      }
      if (said !== "started") return [report("failed"), ...lost];
      return [...lost, ...words(machine, id), ...answered()];
    }
    case "asks":
      return [...withdraw(), ...words(machine, id), ...answered()];
    case "done":
      return [];
  }

  /** follow, result: say_result. */
  function answered(): Transition[] {
    if (directory.result !== null) return [report(directory.result)];
    const record = inHistory(machine, id);
    if (machine.lock.now?.id !== id && record !== undefined) return [report(record.outcome)];
    return [];
  }

  /** withdraw: put_withdrawn. */
  function withdraw(): Transition[] {
    if (machine.mutex !== null || machine.lock.now?.id === id || inHistory(machine, id) !== undefined)
      return [];
    if (directory.result !== null) return [];
    return [
      become("withdraws: none", { phase: "done", report: "failed" }, inRun(machine, id, { withdrawn: true })),
    ];
  }
}

/** give_word, by `confirm` and `reject`. */
function words(machine: Machine, id: Id): Transition[] {
  const { file, word } = workDirectory(machine, id);
  if (machine.mutex !== null || machine.lock.now?.id !== id || file?.state !== "waiting" || word !== null) {
    return [];
  }
  return [
    {
      label: `deployer ${id}: confirm`,
      to: { ...inRun(machine, id, { word: "confirm" }), confirmed: [...machine.confirmed, systems[id]] },
    },
    { label: `deployer ${id}: reject`, to: inRun(machine, id, { word: "reject" }) },
  ];
}

/** Each costs one of the faults that may still happen. */
function faults(before: Machine): Transition[] {
  if (before.faults === 0) return [];
  const machine = { ...before, faults: before.faults - 1 };
  const found: Transition[] = powerCuts(machine);
  for (const [name, process] of processesOf(machine)) {
    found.push({ label: `! SIGKILL for ${name}`, to: exit(machine, name) });
    if (/^(?:run|boot) /.test(name) && !process.stopRequested) {
      found.push({ label: `! SIGTERM for ${name}`, to: go(machine, name, { stopRequested: true }) });
    }
    const { file } = workDirectory(machine, process.subject);
    if (file?.owner === name && !file.overdue && machine.mutex !== name) {
      found.push({
        label: `! ${name} is past its deadline (${file.state})`,
        to: inRun(machine, process.subject, { file: { ...file, overdue: true } }),
      });
    }
  }
  for (const id of machine.timers) {
    found.push({
      label: `! somebody stops the watchdog of ${id}`,
      to: { ...machine, timers: machine.timers.filter((timer) => timer !== id) },
    });
  }
  if (machine.seconds && machine.deployers.b === undefined) {
    const b: Deployer = { previous: machine.runs, phase: "planned", report: null };
    found.push({
      label: "! a second deployer plans",
      to: { ...machine, deployers: { ...machine.deployers, b } },
    });
  }
  return found;
}

/** A power cut: of what was not synced, any part may be on disk. */
function powerCuts(machine: Machine): Transition[] {
  const found: Transition[] = [];
  const keeps = <T>(durable: Durable<T>): readonly T[] =>
    durable.now === durable.disk ? [durable.disk] : [durable.disk, durable.now];
  for (const profile of keeps(machine.profile)) {
    for (const loader of keeps(machine.loader)) {
      for (const once of keeps(machine.once)) {
        for (const lock of keeps(machine.lock)) {
          for (const history of keeps(machine.history)) {
            const mark = once === null ? "" : `, ${once} is started once`;
            const held = lock === null ? "no lock" : `lock of ${lock.id}`;
            found.push(
              ...restarts(
                {
                  ...machine,
                  profile: { now: machine.profile.now, disk: profile },
                  loader: { now: machine.loader.now, disk: loader },
                  once: { now: machine.once.now, disk: once },
                  lock: { now: machine.lock.now, disk: lock },
                  history: { now: machine.history.now, disk: history },
                },
                `! power cut; on disk: profile ${profile}, boot default ${loader}${mark}, ${held}`,
              ),
            );
          }
        }
      }
    }
  }
  return found;
}

/** Somebody asks, or still follows, and finds a lock that nobody sees to: settle_lock. */
function questions(machine: Machine): Transition[] {
  const lock = machine.lock.now;
  if (lock === null || lockIsLive(machine, lock) || machine.processes["status"] !== undefined) return [];
  const processes = { ...machine.processes, ...spawn("status", "status", lock.id) };
  return [{ label: "status is asked", to: { ...machine, processes } }];
}

/** When all is quiet: the next deployment, which finds a lock. */
function later(machine: Machine): Transition[] {
  const lock = machine.lock.now;
  const goesOn = lock?.boot === machine.boot || wasBootedOnce(machine);
  if (lock === null || !goesOn || lockIsLive(machine, lock)) return [];
  const processes = { ...machine.processes, ...spawn("start c", "begin", "c") };
  return [{ label: "a later deployment starts", to: { ...machine, processes } }];
}

/** Faults need not happen: a state in which nothing else can is an end. */
export function isFault(label: string): boolean {
  return /^(?:[a-z]+ ?[abc]?: )?!/.test(label);
}
