/** What a store says while it builds: as events, and kept as far as a failure has to be explained with it. */
import type { BuildEvent, EventSink } from "../../events/event.ts";
import type { DaemonMessage } from "../../store/daemon/messages.ts";

/** So many of the last lines of a builder are shown when it fails. */
const keptLines = 10;

type Told<E> = E extends BuildEvent ? Omit<E, "time" | "place"> : never;

export class BuildLog {
  private readonly place: string;
  private readonly sink: EventSink;
  /** Derivations by the activity that builds them. */
  private readonly building = new Map<bigint, string>();
  private readonly lastLines = new Map<string, string[]>();
  /** What was said about derivations that could not be built. */
  private readonly failures = new Map<string, string>();

  constructor(place: string, sink: EventSink) {
    this.place = place;
    this.sink = sink;
  }

  report(event: Told<BuildEvent>): void {
    this.sink({ ...event, time: Date.now(), place: this.place } as BuildEvent);
  }

  readonly take = (message: DaemonMessage): void => {
    switch (message.type) {
      case "line":
        this.takeLine(message.text);
        break;
      case "start": {
        const [path, from] = message.fields.map(String);
        if (message.activity === "build" && path !== undefined) {
          this.building.set(message.id, path);
          this.report({ type: "building", derivation: path });
        } else if (message.activity === "substitute" && path !== undefined) {
          this.report({ type: "fetching", path, from: from ?? "" });
        }
        break;
      }
      case "stop":
        this.building.delete(message.id);
        break;
      case "result": {
        const derivation = this.building.get(message.id);
        if (derivation === undefined || message.result !== "build-log-line") break;
        const line = String(message.fields[0] ?? "");
        const lines = this.lastLines.get(derivation) ?? [];
        this.lastLines.set(derivation, [...lines, line].slice(-keptLines));
        this.report({ type: "build-output", derivation, line });
        break;
      }
    }
  };

  private takeLine(text: string): void {
    const derivation = failedDerivation(text);
    if (derivation !== undefined) this.failures.set(derivation, text);
    else if (text !== "") this.report({ type: "store-message", message: text });
  }

  /**
   * Why something could not be built: the store's message about it, and the last lines of the builders that have
   * failed among `inputs`, which it is built from.
   */
  explain(message: string, inputs: ReadonlySet<string>): string {
    const direct = failedDerivation(message);
    if (direct !== undefined) this.failures.set(direct, message);
    const failed = [...this.failures].filter(([derivation]) => inputs.has(derivation));
    const builders = failed.filter(([derivation]) => this.lastLines.has(derivation) || derivation === direct);
    if (builders.length === 0) return message;
    return builders.map(([derivation, said]) => this.explainOne(derivation, said)).join("\n");
  }

  private explainOne(derivation: string, said: string): string {
    const [first = ""] = said.split("\n");
    const reason = first.replace(/^error: /, "").replace(/(; last \d+ log lines)?[;:,]$/, "");
    const why = /^Reason: (.*)$/m.exec(said.replace(/^\s+/gm, ""))?.[1];
    const head = why === undefined ? reason : `builder for '${derivation}' failed: ${why}`;
    const lines = this.lastLines.get(derivation);
    if (lines === undefined) return said;
    return [`${head}; its last lines:`, ...lines.map((line) => `  ${line}`)].join("\n");
  }
}

/** In the words of Nix before and after 2.30. */
function failedDerivation(text: string): string | undefined {
  return /(?:builder for|[Cc]annot build) '(\/nix\/store\/[^']+\.drv)'/.exec(text)?.[1];
}
