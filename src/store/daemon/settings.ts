/**
 * Settings of the Nix that a store belongs to. The protocol has no operation that changes one of them alone, so
 * whoever wants to keep going after a failure has to know what the others are.
 */

export interface DaemonSettings {
  readonly maxJobs: number;
  /** For each job; 0: all. */
  readonly cores: number;
  readonly keepFailed: boolean;
  readonly fallback: boolean;
  /** Seconds; 0: any. */
  readonly maxSilentTime: number;
  readonly substitute: boolean;
}

/** What Nix does that nobody has configured. */
export const defaultSettings: DaemonSettings = {
  maxJobs: 1,
  cores: 0,
  keepFailed: false,
  fallback: false,
  maxSilentTime: 0,
  substitute: true,
};

/** From the output of `nix show-config`, lines `name = value`; what is not there is Nix's default. */
export function parseSettings(text: string): DaemonSettings {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([a-z-]+) = ?(.*)$/.exec(line.trim());
    if (match) values.set(match[1]!, match[2]!);
  }
  const integer = (name: string, otherwise: number) => {
    const value = values.get(name);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : otherwise;
  };
  const boolean = (name: string, otherwise: boolean) => {
    const value = values.get(name);
    return value === undefined ? otherwise : value === "true";
  };
  return {
    maxJobs: integer("max-jobs", defaultSettings.maxJobs),
    cores: integer("cores", defaultSettings.cores),
    keepFailed: boolean("keep-failed", defaultSettings.keepFailed),
    fallback: boolean("fallback", defaultSettings.fallback),
    maxSilentTime: integer("max-silent-time", defaultSettings.maxSilentTime),
    substitute: boolean("substitute", defaultSettings.substitute),
  };
}
