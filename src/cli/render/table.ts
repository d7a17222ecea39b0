/**
 * The live view of a deployment: a line for each node, with where it stands, since when, and what it said last. Texts only;
 * view.ts puts them on a terminal.
 */
import { styleText } from "node:util";
import type { Event, Outcome } from "../../events/event.ts";
import { withoutPrefix } from "../failure.ts";
import { messageOf } from "./lines.ts";
import { plain, shorten, widthOf } from "./width.ts";

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
}

/** What a node does, or how it ended. */
type Stand = "waiting" | Activity | Outcome;
type Activity = "connecting" | "building" | "copying" | "secrets" | "phase" | "switching" | "confirming";

interface Row {
  readonly node: string;
  readonly stand: Stand;
  /** Milliseconds since the epoch; null: not begun, not ended. */
  readonly begun: number | null;
  readonly ended: number | null;
  readonly message: string;
}

export class Table {
  private readonly rows = new Map<string, Row>();
  private readonly begun: number;
  /** What a store does, which may be for several nodes; empty when none waits for it. */
  private building = "";

  constructor(nodes: readonly string[], begun: number) {
    for (const node of nodes) this.rows.set(node, newRow(node));
    this.begun = begun;
  }

  take(event: Event): void {
    if (event.type === "building" || event.type === "fetching") this.building = plain(messageOf(event));
    if (!("node" in event)) return;
    const row = this.rows.get(event.node) ?? newRow(event.node);
    this.rows.set(event.node, after(row, event));
    // Stores don't say when they are done; the nodes that waited for them do.
    if (![...this.rows.values()].some(({ stand }) => stand === "building")) this.building = "";
  }

  /** No wider and no higher than the screen, with a line left below. */
  lines({ columns, rows, color }: Screen, now: number): string[] {
    const all = [...this.rows.values()];
    const room = Math.max(1, rows - 2);
    const shown = all.length <= room ? all : mostInteresting(all, room - 1);
    const hidden = all.length - shown.length;
    const names = Math.min(width(shown.map(({ node }) => node)), Math.max(8, Math.floor(columns / 3)));
    const stands = width(shown.map(({ stand }) => standText(stand)));
    const times = width(shown.map((row) => timeOf(row, now)));
    const lines = shown.map((row) => {
      const stand = standText(row.stand).padEnd(stands);
      const style = color ? styleOf(row.stand) : undefined;
      const time = timeOf(row, now).padStart(times);
      const before = `${shorten(row.node, names, true)}  `;
      const used = names + stands + times + 6;
      const message = shorten(row.message, Math.max(0, columns - used));
      const styled = style === undefined ? stand : styleText(style, stand, { validateStream: false });
      // A screen that is too narrow for more.
      return used > columns
        ? shorten(`${before}${stand}`, columns)
        : `${before}${styled}  ${time}  ${message}`.trimEnd();
    });
    if (hidden > 0) lines.push(shorten(`... and ${hidden} more`, columns));
    return [...lines, shorten(this.footer(all, now), columns)].slice(-Math.max(1, rows - 1));
  }

  private footer(all: readonly Row[], now: number): string {
    const ended = all.filter(({ ended }) => ended !== null);
    const bad = ended.filter(
      ({ stand }) => stand === "failed" || stand === "rolled-back" || stand === "unknown",
    );
    const parts = [
      `${ended.length} of ${all.length} done`,
      ...(bad.length > 0 ? [`${bad.length} failed`] : []),
    ];
    const building = this.building === "" ? "" : `  ${this.building}`;
    return `${seconds(now - this.begun)}  ${parts.join(", ")}${building}`;
  }
}

function newRow(node: string): Row {
  return { node: plain(node), stand: "waiting", begun: null, ended: null, message: "" };
}

function after(row: Row, event: Event & { readonly node: string }): Row {
  if (event.type === "finished") {
    // Why it went wrong was said just before.
    const message = event.outcome === "activated" || event.outcome === "unchanged" ? "" : row.message;
    return { ...row, stand: event.outcome, ended: event.time, message };
  }
  if (event.type === "awaiting-builds") return { ...row, stand: "building", message: "" };
  const said = plain(event.type === "problem" ? withoutPrefix(event.message) : messageOf(event));
  return {
    ...row,
    stand: activityOf(event) ?? row.stand,
    begun: row.begun ?? event.time,
    message: said === "" ? row.message : said,
  };
}

/** What an event says that its node does now; undefined: what it did before. */
function activityOf(event: Event): Activity | undefined {
  switch (event.type) {
    case "connecting":
    case "waiting-for-lock":
      return "connecting";
    case "copying-closure":
    case "copying-paths":
    case "copying-path":
    case "copying-progress":
    case "installing-packages":
      return "copying";
    case "sending-secrets":
      return "secrets";
    case "phase":
      return "phase";
    case "triggering-switcher":
      return "switching";
    case "confirming":
      return "confirming";
    default:
      return undefined;
  }
}

/** Where not all have room: those at work, then those that went wrong, those that wait, and last those that are done. */
function mostInteresting(rows: readonly Row[], room: number): Row[] {
  const rank = ({ stand, ended }: Row): number => {
    if (ended === null) return stand === "waiting" ? 2 : 0;
    return stand === "activated" || stand === "unchanged" || stand === "skipped" ? 3 : 1;
  };
  const chosen = new Set([...rows].sort((a, b) => rank(a) - rank(b)).slice(0, Math.max(0, room)));
  return rows.filter((row) => chosen.has(row));
}

function standText(stand: Stand): string {
  return stand === "rolled-back" ? "rolled back" : stand;
}

function styleOf(stand: Stand): "green" | "red" | "yellow" | "dim" | undefined {
  switch (stand) {
    case "activated":
    case "unchanged":
      return "green";
    case "failed":
    case "rolled-back":
    case "unknown":
      return "red";
    case "skipped":
      return "yellow";
    case "waiting":
      return "dim";
    default:
      return undefined;
  }
}

function timeOf({ begun, ended }: Row, now: number): string {
  return begun === null ? "" : seconds((ended ?? now) - begun);
}

/** `7 s`, `2:05` */
function seconds(milliseconds: number): string {
  const whole = Math.max(0, Math.floor(milliseconds / 1000));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function width(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(widthOf));
}
