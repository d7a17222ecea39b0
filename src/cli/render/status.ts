/** The state of machines, for people. */
import { type HistoryEntry, isoTime } from "../../plan/history.ts";
import type { Generation, MachineStatus } from "../../plan/status.ts";

export function renderStatus(node: string, status: MachineStatus, lastSeen: string | null): string {
  const rows: [string, string][] = [["system", status.currentSystem ?? "none"]];
  if (status.bootedSystem !== null && status.bootedSystem !== status.currentSystem) {
    rows.push(["booted", status.bootedSystem]);
  }
  const generation = status.generations.find(({ current }) => current);
  if (status.profile !== null) {
    const number = generation === undefined ? "" : ` (generation ${generation.number})`;
    rows.push([
      "boots",
      status.profile === status.currentSystem ? `the same${number}` : `${status.profile}${number}`,
    ]);
  }
  rows.push([
    "state",
    `${status.state || "unknown"}, up ${duration(status.uptime)}, kernel ${status.kernel}`,
  ]);
  if (status.failedUnits.length > 0) rows.push(["failed units", status.failedUnits.join(", ")]);
  if (status.reboot.length > 0) rows.push(["reboot needed", `for ${status.reboot.join(", ")}`]);
  const { pending } = status;
  if (pending !== null) {
    const dead = pending.live ? "" : " (left by its switcher; the next deployment brings it to its end)";
    rows.push([
      "pending",
      `${pending.system}, ${pending.state || "from before the last start"}, by ${pending.by} since ${isoTime(pending.since)}${dead}`,
    ]);
  }
  const drift = driftText(status, lastSeen);
  if (drift !== undefined) rows.push(["drift", drift]);
  const last = status.history.at(-1);
  rows.push(["last deployment", last === undefined ? "none by Nixus" : entryText(last)]);
  return [node, ...table(rows)].join("\n").concat("\n");
}

function driftText(
  { drift, currentSystem, profile }: MachineStatus,
  lastSeen: string | null,
): string | undefined {
  switch (drift) {
    case "changed-outside":
      return "its system was changed outside of Nixus";
    case "boots-another":
      return `it boots another system than the one that runs (${profile})`;
    case "none":
      return lastSeen !== null && lastSeen !== currentSystem
        ? `when it was last seen from here it ran ${lastSeen}`
        : undefined;
  }
}

/** With the generations of the profile that have each system, for `nixus rollback --to`. */
export function renderHistory(
  node: string,
  entries: readonly HistoryEntry[],
  generations: readonly Generation[],
): string {
  const lines = entries.map(
    (entry) => `  ${entryText(entry)}\n    ${entry.system}${generationsText(entry.system, generations)}`,
  );
  return `${node}\n${lines.length === 0 ? "  no deployment by Nixus" : lines.join("\n")}\n`;
}

function generationsText(system: string, generations: readonly Generation[]): string {
  const numbers = generations
    .filter((generation) => generation.system === system)
    .map(({ number }) => number);
  if (numbers.length === 0) return "";
  return ` (${numbers.length === 1 ? "generation" : "generations"} ${numbers.join(", ")})`;
}

function entryText({ outcome, by, end, since, reason }: HistoryEntry): string {
  const took = Number.isFinite(end - since) ? `, in ${duration(end - since)}` : "";
  return `${isoTime(end)} ${outcome} by ${by || "someone unknown"}${took}${reason === "" ? "" : `: ${reason}`}`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`);
}

/** `3 d 4 h`, `12 min`, `5 s` */
function duration(seconds: number): string {
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days! > 0) return `${days} d ${hours! % 24} h`;
  if (hours! > 0) return `${hours} h ${minutes! % 60} min`;
  return minutes! > 0 ? `${minutes} min` : `${seconds} s`;
}
