/** What the switcher says, line by line (src/deploy/target/answers.sh). Other lines are noise of a login shell. */

/** States of a deployment on the machine, in docs/reference/switcher.md. */
export type SwitcherState =
  | "starting"
  | "preparing"
  | "activating"
  | "booting"
  | "waiting"
  | "committing"
  | "rolling-back"
  | "rebooting";

const states: readonly string[] = [
  "starting",
  "preparing",
  "activating",
  "booting",
  "waiting",
  "committing",
  "rolling-back",
  "rebooting",
] satisfies readonly SwitcherState[];

type SwitcherOutcome = "activated" | "rolled-back" | "failed" | "interrupted";

const outcomes: readonly string[] = [
  "activated",
  "rolled-back",
  "failed",
  "interrupted",
] satisfies readonly SwitcherOutcome[];

export type Answer =
  /** The lock is taken; `previous` is what the machine goes back to. */
  | { readonly kind: "started"; readonly previous: string }
  | { readonly kind: "output"; readonly line: string }
  | { readonly kind: "state"; readonly state: SwitcherState }
  /** Sent every second while there is nothing else to say. */
  | { readonly kind: "alive" }
  | { readonly kind: "result"; readonly outcome: SwitcherOutcome; readonly reason: string }
  | { readonly kind: "warning"; readonly message: string }
  /** Secrets that are kept in memory have to be sent again, since the machine was restarted. */
  | { readonly kind: "awaits-secrets" }
  /** It was not begun: */
  | { readonly kind: "refused"; readonly message: string }
  | {
      readonly kind: "busy";
      readonly id: string;
      readonly by: string;
      readonly since: number;
      readonly state: string;
    }
  /** ...because the machine does not run the system any more that the plan was made for. */
  | { readonly kind: "changed"; readonly running: string }
  /** The machine knows nothing of this deployment. */
  | { readonly kind: "none" };

/** The answer in a line; undefined when it is not one. */
export function parseAnswer(line: string): Answer | undefined {
  const match = /^nixus (\S+) ?(.*)$/.exec(line.replace(/\r$/, ""));
  if (!match) return undefined;
  const [, kind = "", text = ""] = match;
  switch (kind) {
    case "started":
      return { kind, previous: text };
    case "output":
      return { kind, line: text };
    case "state":
      return isState(text) ? { kind, state: text } : undefined;
    case "alive":
    case "none":
      return { kind };
    case "result": {
      const [outcome = "", ...reason] = text.split(" ");
      return isOutcome(outcome) ? { kind, outcome, reason: reason.join(" ") } : undefined;
    }
    case "awaits":
      return text === "secrets" ? { kind: "awaits-secrets" } : undefined;
    case "warning":
    case "refused":
      return { kind, message: text };
    case "changed":
      return { kind, running: text };
    case "busy": {
      const busy = /^id=(\S*) since=(\d*) state=(\S*) by=(.*)$/.exec(text);
      if (!busy) return undefined;
      const [, id = "", since = "", state = "", by = ""] = busy;
      return { kind, id, since: Number(since), state, by };
    }
    default:
      return undefined;
  }
}

function isState(text: string): text is SwitcherState {
  return states.includes(text);
}

function isOutcome(text: string): text is SwitcherOutcome {
  return outcomes.includes(text);
}
