/** How a deployment is shown: a live table on a terminal, lines elsewhere, JSON for programs. */
import type { Event, EventSink } from "../events/event.ts";
import type { EvaluatedNetwork } from "../fleet/evaluated.ts";
import { lineRenderer } from "./render/lines.ts";
import { Table } from "./render/table.ts";
import { jsonSink, lineSink } from "./sinks.ts";

export interface ViewFlags {
  readonly json: boolean;
  readonly verbose: boolean;
  /** `--no-progress`: lines on a terminal too. */
  readonly progress: boolean;
}

export interface View {
  readonly sink: EventSink;
  /** These nodes are about to be deployed. */
  begin(nodes: readonly string[]): Promise<void>;
  /** The last word; to be called also when something went wrong. */
  end(): void;
}

/** Of the nodes that will be deployed, or were to be. */
export function machineNames({ nodes, failures }: EvaluatedNetwork): string[] {
  const names = nodes.filter(({ host }) => host !== null).map(({ name }) => name);
  return [...failures.map(({ node }) => node), ...names];
}

export function viewOf(process: NodeJS.Process, { json, verbose, progress }: ViewFlags): View {
  if (json) return plainView(jsonSink(process));
  if (verbose || !progress || !isCapable(process)) {
    return plainView(lineSink(process, verbose ? "verbose" : "brief"));
  }
  return new LiveView(process);
}

function plainView(sink: EventSink): View {
  return { sink, begin: async () => {}, end: () => {} };
}

/** Both streams, as what one says would get into the table of the other. */
function isCapable({ stdout, stderr, env }: NodeJS.Process): boolean {
  return stdout.isTTY && stderr.isTTY && env["TERM"] !== "dumb" && !env["CI"];
}

/** As informal standards have it (no-color.org). */
function hasColor({ stdout, env }: NodeJS.Process): boolean {
  return stdout.isTTY && !env["NO_COLOR"] && stdout.hasColors?.() !== false;
}

/** A terminal that was never told its size, such as a serial console, has 0 columns and 0 rows. */
function sizeOf({ columns, rows }: NodeJS.WriteStream): { readonly columns: number; readonly rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}

/** log-update asks for the size itself, and shows nothing on 0 rows. */
function withSize(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return new Proxy(stream, {
    get(target, name) {
      if (name === "columns" || name === "rows") return sizeOf(target)[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Milliseconds between two pictures: times go on, and events come faster than anybody reads. */
const interval = 100;

type LogUpdate = ReturnType<typeof import("log-update").createLogUpdate>;

class LiveView implements View {
  private readonly process: NodeJS.Process;
  private readonly render = lineRenderer("brief");
  private live:
    | { readonly table: Table; readonly update: LogUpdate; readonly timer: NodeJS.Timeout }
    | undefined;

  constructor(process: NodeJS.Process) {
    this.process = process;
  }

  /** One node says all that there is in lines. */
  async begin(nodes: readonly string[]): Promise<void> {
    if (nodes.length < 2) return;
    const { createLogUpdate } = await import("log-update");
    const update = createLogUpdate(withSize(this.process.stdout));
    this.live = {
      table: new Table(nodes, Date.now()),
      update,
      timer: setInterval(() => this.draw(), interval),
    };
    this.live.timer.unref();
    this.draw();
  }

  readonly sink: EventSink = (event) => {
    const lines = this.render(event);
    if (this.live === undefined) {
      for (const { stream, text } of lines) this.process[stream].write(`${text}\n`);
      return;
    }
    this.live.table.take(event);
    if (event.type === "summary") this.end();
    // What is in the table is not said a second time, except for what has to be read.
    if (lines.length === 0 || !lasts(event)) return;
    this.live?.update.clear();
    for (const { stream, text } of lines) this.process[stream].write(`${text}\n`);
    this.draw();
  };

  end(): void {
    if (this.live === undefined) return;
    this.draw();
    clearInterval(this.live.timer);
    this.live.update.done();
    this.live = undefined;
  }

  private draw(): void {
    if (this.live === undefined) return;
    const size = sizeOf(this.process.stdout);
    const lines = this.live.table.lines({ ...size, color: hasColor(this.process) }, Date.now());
    this.live.update(lines.join("\n"));
  }
}

function lasts({ type }: Event): boolean {
  switch (type) {
    case "warning":
    case "problem":
    case "batch":
    case "pause":
    case "notice":
    case "evaluation-warning":
    case "secrets-locked":
    case "planned":
    case "preview":
    case "store-message":
    case "summary":
    case "result":
      return true;
    default:
      return false;
  }
}
