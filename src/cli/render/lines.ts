/** Events as the lines of a plain terminal or log: `[host] text`, in the words of the design (section 7). */
import type { BuildEvent, Event, Outcome } from "../../events/event.ts";
import { isoTime } from "../../plan/history.ts";
import { aboutNode, withoutPrefix } from "../failure.ts";
import { renderLockChange } from "./lock-change.ts";
import { previewLines } from "./preview.ts";

export interface Line {
  /** Problems and warnings that concern no node go to standard error, the transcript to standard output. */
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** How much of what the machines print is shown. */
export type Detail =
  /** Only what they printed before a problem. */
  | "brief"
  /** All of it, as it comes. */
  | "verbose";

/** So many of the last lines that a machine printed are shown with a problem. */
const outputBeforeProblem = 20;

/** A renderer for one command: it remembers what the machines printed, to show it when there is a problem. */
export function lineRenderer(detail: Detail): (event: Event) => readonly Line[] {
  const printed = new Map<string, string[]>();
  const previewed = new Set<string>();
  return (event) => {
    if (event.type === "preview") previewed.add(event.node);
    // It was only looked at, and all is said.
    if (event.type === "finished" && event.outcome === "skipped" && previewed.has(event.node)) return [];
    if (event.type === "summary" && event.ok && previewed.size > 0) return [];
    if (detail === "verbose") return renderLines(event);
    switch (event.type) {
      case "build-output":
        return [];
      case "output":
        printed.set(event.node, [...(printed.get(event.node) ?? []), event.line].slice(-outputBeforeProblem));
        return [];
      case "problem": {
        const output = printed.get(event.node) ?? [];
        printed.delete(event.node);
        return [...output.flatMap((text) => node(event, text)), ...renderLines(event)];
      }
      default:
        return renderLines(event);
    }
  };
}

/** What an event says, in a line without whom it is about; empty when that is nothing. */
export function messageOf(event: Event): string {
  const [line] = renderLines(event);
  if (line === undefined) return "";
  const prefix = "host" in event ? `[${event.host}] ` : "";
  return line.text.startsWith(prefix) ? line.text.slice(prefix.length) : line.text;
}

/** What an event alone says. */
function renderLines(event: Event): readonly Line[] {
  switch (event.type) {
    case "evaluating":
    case "evaluated":
    case "awaiting-builds":
      return [];
    case "secrets-locked":
      return [{ stream: "stderr", text: `nixus.lock: ${renderLockChange(event)}` }];
    case "evaluation-warning":
      return [{ stream: "stderr", text: `warning: ${event.message}` }];
    case "command-failed":
      return [{ stream: "stderr", text: `error: ${event.message}` }];
    case "batch": {
      const what = event.canary ? "Canaries" : `Batch ${event.number} of ${event.count}`;
      return [{ stream: "stdout", text: `${what}: ${event.nodes.join(", ")}` }];
    }
    case "result":
      return [{ stream: "stdout", text: event.path }];
    case "notice":
      return [{ stream: "stderr", text: event.message }];
    case "pause":
      return [{ stream: "stdout", text: `Pausing for ${event.seconds} s before the next batch...` }];
    case "waiting-for-lock":
      return node(event, `Waiting for the deployment by ${event.by} since ${isoTime(event.since)}...`);
    case "phase":
      return node(event, `Running phase ${event.phase}...`);
    case "connecting":
      return node(event, "Connecting to host...");
    case "copying-closure":
      return node(event, "Copying closure to host...");
    case "copying-paths":
      return node(event, `copying ${count(event.count, "path")}...`);
    case "copying-path":
      return node(event, `copying path '${event.path}' to '${event.destination}'...`);
    case "sending-secrets":
      return node(event, `Sending ${count(event.count, "secret")}...`);
    case "copying-progress":
      return [];
    case "builds-planned":
    case "building":
    case "build-output":
    case "fetching":
    case "store-message":
      return buildLines(event).map((text) => ({ stream: "stderr", text }));
    case "planned":
      return event.steps.flatMap((step) => node(event, `would ${step}`));
    case "preview":
      return previewLines(event.preview).flatMap((line) => node(event, line));
    case "installing-packages":
      return node(event, `Installing packages: ${event.packages.join(", ")}...`);
    case "triggering-switcher":
      return node(event, "Triggering system switcher...");
    case "reboot-planned":
      return node(event, `A reboot is due: ${event.why}`);
    case "rebooting":
      return node(event, "Rebooting into the new system...");
    case "confirming":
      return node(event, "Trying to confirm success...");
    case "health-check":
      return node(
        event,
        event.ok
          ? `Health check '${event.check}' passed`
          : `Health check '${event.check}' failed after ${event.tries === 1 ? "1 try" : `${event.tries} tries`}`,
      );
    case "output":
      return node(event, event.line);
    case "warning":
      return node(event, `warning: ${event.message}`);
    case "problem":
      return node(event, `error: ${problemOf(event)}`);
    case "finished":
      return node(event, outcomeText(event.outcome));
    case "summary":
      return event.ok
        ? skippedLines(event.outcomes)
        : [{ stream: "stderr", text: summaryText(event.outcomes) }];
  }
}

/** As nix-build says it. */
function buildLines(event: BuildEvent): readonly string[] {
  switch (event.type) {
    case "builds-planned": {
      const { derivations, fetched, downloadSize, unpackedSize } = event;
      const sizes = `${mebibytes(downloadSize)} download, ${mebibytes(unpackedSize)} unpacked`;
      return [
        ...(derivations.length === 0 ? [] : ["these derivations will be built:"]),
        ...derivations.map((path) => `  ${path}`),
        ...(fetched.length === 0 ? [] : [`these paths will be fetched (${sizes}):`]),
        ...fetched.map((path) => `  ${path}`),
      ];
    }
    case "building":
      return [`building '${event.derivation}'${event.place === "local" ? "" : ` on '${event.place}'`}...`];
    case "build-output":
      return [event.line];
    case "fetching":
      return [`copying path '${event.path}' from '${event.from}'...`];
    case "store-message":
      return [event.message];
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(2)} MiB`;
}

/** What each outcome is called in the transcript. */
function outcomeText(outcome: Outcome): string {
  switch (outcome) {
    case "activated":
      return "Successfully activated new system!";
    case "unchanged":
      return "System is already active, nothing to do";
    case "rolled-back":
      return "Failed to activate new system! Rolled back to previous one";
    case "failed":
      return "Failed to deploy! The machine was not changed";
    case "skipped":
      return "Skipped! The machine was not changed";
    case "unknown":
      return "Failed to learn whether the new system was activated!";
  }
}

/** Of a deployment that counts as done all the same. */
function skippedLines({ skipped }: Readonly<Record<Outcome, number>>): readonly Line[] {
  if (skipped === 0) return [];
  const machines = skipped === 1 ? "1 machine was" : `${skipped} machines were`;
  const text = `${machines} skipped; deploy what was missed with --resume`;
  return [{ stream: "stderr", text }];
}

function summaryText(outcomes: Readonly<Record<Outcome, number>>): string {
  const words: Record<Outcome, string> = {
    activated: "activated",
    unchanged: "unchanged",
    "rolled-back": "rolled back",
    failed: "failed",
    skipped: "skipped",
    unknown: "unknown",
  };
  const parts = (Object.keys(words) as Outcome[])
    .filter((outcome) => outcomes[outcome] > 0)
    .map((outcome) => `${outcomes[outcome]} ${words[outcome]}`);
  const { activated, unchanged, skipped } = outcomes;
  const all = Object.values(outcomes).reduce((sum, number) => sum + number, 0);
  if (activated + unchanged + skipped === all && skipped === 0) {
    return "error: every machine is on its new system, but a phase after the switch failed";
  }
  return `error: not every machine is on its new system: ${parts.join(", ")}`;
}

/** With the node that it is about, where the prefix does not name it already. */
function problemOf({ node: name, host, message }: Extract<Event, { readonly type: "problem" }>): string {
  return name === host ? withoutPrefix(message) : aboutNode(name, message);
}

/** A text of several lines gets the prefix on each of them. */
function node(event: { readonly host: string }, text: string): readonly Line[] {
  return text.split("\n").map((line) => ({ stream: "stdout", text: `[${event.host}] ${line}` }));
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
