/** The state of a machine, from the answer of `src/deploy/target/status.sh`, and what it means. Pure. */
import { readAnswer } from "./answer.ts";
import { type HistoryEntry, parseHistoryLine } from "./history.ts";

export interface Generation {
  readonly number: number;
  /** When it was made, in seconds since the epoch. */
  readonly time: number;
  readonly system: string;
  /** Whether the profile points to it: it is what the machine boots. */
  readonly current: boolean;
}

interface PendingDeployment {
  readonly id: string;
  readonly by: string;
  readonly since: number;
  readonly system: string;
  /** The switcher's state, e.g. `waiting`. */
  readonly state: string;
  /** Whether its switcher is there. */
  readonly live: boolean;
}

/** How the machine came to be on a system that Nixus did not put there. */
type Drift =
  | "none"
  /** The system was activated by something else. */
  | "changed-outside"
  /** It boots another system than the one that runs. */
  | "boots-another";

export interface MachineStatus {
  readonly currentSystem: string | null;
  readonly bootedSystem: string | null;
  readonly profile: string | null;
  readonly kernel: string;
  readonly uptime: number;
  /** What systemd says: `running`, `degraded`, ... */
  readonly state: string;
  readonly failedUnits: readonly string[];
  /** What only a reboot would replace: `kernel`, `initrd`, `kernel-modules`, `kernel-params`, `systemd`, `packages`. */
  readonly reboot: readonly string[];
  readonly pending: PendingDeployment | null;
  /** By number. */
  readonly generations: readonly Generation[];
  /** From the first to the last. */
  readonly history: readonly HistoryEntry[];
  readonly drift: Drift;
}

/** What came over the connection is not what the status script prints. */
export class StatusError extends Error {
  override readonly name = "StatusError";
}

/** Parses the script's output; lines before it are ignored. Throws a StatusError. */
export function parseStatus(output: string): MachineStatus {
  const all = readAnswer(output.split("\n"), "status");
  if (all === undefined) throw new StatusError("the machine's answer holds no status");
  const one = (key: string) => all(key)[0] ?? "";
  const orNull = (key: string) => one(key) || null;
  const machine = {
    ...{ currentSystem: orNull("currentSystem"), bootedSystem: orNull("bootedSystem") },
    ...{
      profile: orNull("profile"),
      kernel: one("kernel"),
      uptime: Number(one("uptime")),
      state: one("state"),
    },
    ...{ failedUnits: all("failedUnit"), reboot: all("reboot") },
    pending: one("lockId") === "" ? null : pendingOf(one),
    generations: all("generation")
      .map(parseGeneration)
      .sort((a, b) => a.number - b.number),
    history: all("history").flatMap((line) => parseHistoryLine(line) ?? []),
  };
  return { ...machine, drift: driftOf(machine) };
}

function pendingOf(one: (key: string) => string): PendingDeployment {
  return {
    ...{ id: one("lockId"), by: one("lockBy"), since: Number(one("lockSince")), system: one("lockSystem") },
    ...{ state: one("lockState"), live: one("lockLive") === "1" },
  };
}

function parseGeneration(text: string): Generation {
  const [number = "", time = "", system = "", mark = ""] = text.split(" ");
  return { number: Number(number), time: Number(time), system, current: mark === "current" };
}

function driftOf(machine: Omit<MachineStatus, "drift">): Drift {
  const { currentSystem, profile, history, pending } = machine;
  if (pending !== null) return "none";
  const last = history.at(-1);
  const expected = last === undefined ? null : last.outcome === "activated" ? last.system : last.previous;
  if (expected !== null && currentSystem !== expected) return "changed-outside";
  return last !== undefined && profile !== null && profile !== currentSystem ? "boots-another" : "none";
}

/**
 * The generation to go back to: the one with this number, or the last with another system before the current one.
 * undefined: there is none.
 */
export function generationToRollBackTo(
  { generations, currentSystem }: MachineStatus,
  number: number | null,
): Generation | undefined {
  if (number !== null) return generations.find((generation) => generation.number === number);
  const current = generations.findIndex((generation) => generation.current);
  return generations
    .slice(0, current < 0 ? undefined : current)
    .findLast(({ system }) => system !== currentSystem);
}
