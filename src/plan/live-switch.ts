/**
 * Whether a NixOS system can be switched to while the machine runs, by the answer of `src/deploy/target/live-switch.sh`.
 * Pure. nixpkgs' own checks refuse the same, but only once the activation has begun.
 */
import { lazySchema } from "../store/schema.ts";
import { readAnswer } from "./answer.ts";

/** What two systems, the running one and the new one, say of themselves. */
export interface LiveSwitchFacts {
  /** Whether the new system has a `bin/switch-to-configuration` (`system.switch.enable`). */
  readonly switchable: boolean;
  /** Contents of `init-interface-version`; empty when there is none. */
  readonly interfaces: Versions;
  /** Contents of `switch-inhibitors`, since NixOS 25.11; empty when there is none. */
  readonly inhibitors: Versions;
}

interface Versions {
  readonly running: string;
  readonly next: string;
}

export type LiveSwitch =
  | { readonly type: "possible" }
  /** It takes a reboot into the new system; the reasons continue "as it changes". */
  | { readonly type: "needs-reboot"; readonly reasons: readonly string[] }
  /** Not even that is offered by the system. */
  | { readonly type: "impossible"; readonly problem: string };

export function liveSwitch({ switchable, interfaces, inhibitors }: LiveSwitchFacts): LiveSwitch {
  if (!switchable) {
    return {
      type: "impossible",
      problem:
        "the system has no bin/switch-to-configuration, so it can't be deployed to a machine that runs; set 'system.switch.enable' to true",
    };
  }
  const reasons = changedInhibitors(inhibitors);
  // A machine whose system has none was not made by NixOS, and nixpkgs decides for itself.
  if (interfaces.running !== "" && interfaces.next !== "" && interfaces.running !== interfaces.next) {
    reasons.push(`the interface to init (version ${interfaces.running} -> ${interfaces.next})`);
  }
  return reasons.length === 0 ? { type: "possible" } : { type: "needs-reboot", reasons };
}

/** Why nothing was done with a system that needs a reboot. */
export function rebootNeeded(reasons: readonly string[]): string {
  return `the system can't be switched to while the machine runs, as it changes ${reasons.join(", ")}; a reboot is needed`;
}

const namedInhibitors = lazySchema((z) => z.record(z.string(), z.unknown()));

/**
 * What of the running system's inhibitors is another thing in the new system. Those that only one of them names don't
 * count. The first nixpkgs that had any listed store paths, a line each: then any difference counts.
 */
function changedInhibitors({ running, next }: Versions): string[] {
  if (running.trim() === "" || next.trim() === "") return [];
  const old = parseInhibitors(running);
  const new_ = parseInhibitors(next);
  if (old === undefined || new_ === undefined) return listedInhibitors(running, next);
  return Object.entries(old)
    .filter(
      ([name, value]) => Object.hasOwn(new_, name) && JSON.stringify(value) !== JSON.stringify(new_[name]),
    )
    .map(([name, value]) => `${name} (${shown(value)} -> ${shown(new_[name])})`);
}

function parseInhibitors(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return namedInhibitors().safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function listedInhibitors(running: string, next: string): string[] {
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  const old = new Set(lines(running));
  const new_ = new Set(lines(next));
  const gone = [...old].filter((line) => !new_.has(line));
  const added = [...new_].filter((line) => !old.has(line));
  if (gone.length + added.length === 0) return [];
  return [`${gone.join(", ") || "nothing"} -> ${added.join(", ") || "nothing"}`];
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The script's answer is none. */
export class LiveSwitchError extends Error {
  override readonly name = "LiveSwitchError";
}

/** Parses the script's output; lines before it (a shell's greeting) are ignored. Throws a LiveSwitchError. */
export function parseLiveSwitchFacts(output: string): LiveSwitchFacts {
  const all = readAnswer(output.split("\n"), "live-switch");
  if (all === undefined)
    throw new LiveSwitchError("the machine does not say what of its system would change");
  const text = (key: string) => all(key).join("\n");
  return {
    switchable: text("switchable") === "1",
    interfaces: { running: text("runningInterface").trim(), next: text("nextInterface").trim() },
    inhibitors: { running: text("runningInhibitor"), next: text("nextInhibitor") },
  };
}
