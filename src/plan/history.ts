/** The history of deployments that a machine keeps: a line for each that has ended, fields `KEY=VALUE` between tabs. */

export interface HistoryEntry {
  readonly id: string;
  readonly outcome: string;
  readonly system: string;
  readonly previous: string;
  /** Who deployed: `user@host`. */
  readonly by: string;
  /** When it began and ended, in seconds since the epoch on the machine. */
  readonly since: number;
  readonly end: number;
  /** Why it was not activated; empty when it was. */
  readonly reason: string;
}

/** undefined: it is no such line. */
export function parseHistoryLine(line: string): HistoryEntry | undefined {
  const fields = new Map(
    line.split("\t").map((part) => {
      const separator = part.indexOf("=");
      return [part.slice(0, separator), part.slice(separator + 1)] as const;
    }),
  );
  const text = (key: string) => fields.get(key) ?? "";
  if (!line.startsWith("version=") || text("id") === "") return undefined;
  return {
    ...{ id: text("id"), outcome: text("outcome"), system: text("system"), previous: text("previous") },
    ...{ by: text("by"), since: Number(text("since")), end: Number(text("end")), reason: text("reason") },
  };
}

/** `2026-11-26T06:23:54Z` */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}
