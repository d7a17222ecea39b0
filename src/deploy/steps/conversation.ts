/** Talking with the switcher: what it has said so far, and a question over a connection. */
import { busyProblem } from "../../plan/plan.ts";
import { BusyError, InterruptedError, NodeError, RemoteCommandError } from "../errors.ts";
import { type Answer, parseAnswer, type SwitcherState } from "../protocol.ts";
import type { Reporter } from "../reporter.ts";
import type { NodeSession } from "../session.ts";
import { lastLines } from "../ssh/failures.ts";
import { switcherScript } from "../target/scripts.ts";

/** What the switcher has told us, over whichever connection. */
export class Progress {
  started = false;
  state: SwitcherState | undefined;
  result: (Answer & { readonly kind: "result" }) | undefined;
  refusal: NodeError | undefined;
  /** Whether it asks for the secrets that are kept in memory. */
  awaitsSecrets = false;
  /** Lines of its log that were reported already. */
  lines = 0;
  /** The machine says that it knows nothing of this deployment. */
  unknown = false;
  private readonly report: Reporter;
  private wake: (() => void) | undefined;

  constructor(report: Reporter) {
    this.report = report;
  }

  /** `line`: for output, its number in the log. */
  take(answer: Answer, line: number): void {
    switch (answer.kind) {
      case "started":
        this.started = true;
        break;
      case "output":
        if (line > this.lines) {
          this.lines = line;
          this.report({ type: "output", step: "switch", line: answer.line });
        }
        break;
      case "state":
        this.started = true;
        if (answer.state === "booting" && this.state !== "booting") this.report({ type: "rebooting" });
        this.state = answer.state;
        break;
      case "result":
        this.started = true;
        this.result ??= answer;
        break;
      case "warning":
        this.report({ type: "warning", step: "switch", message: answer.message });
        break;
      case "refused":
        this.refusal ??= new RemoteCommandError(`the switcher refused: ${answer.message}`);
        break;
      case "busy":
        this.refusal ??= new BusyError(answer.id, busyProblem(answer));
        break;
      case "changed":
        this.refusal ??= new NodeError(
          `the machine was switched to another system meanwhile (it runs ${answer.running || "none"}); deploy again`,
        );
        break;
      case "awaits-secrets":
        this.awaitsSecrets = true;
        break;
      case "none":
        this.unknown = true;
        break;
      case "alive":
        break;
    }
    this.changed();
  }

  changed(): void {
    this.wake?.();
  }

  /** Waits for a condition that an answer may bring about, for a time, or for the end of the signal. */
  async until(condition: () => boolean, milliseconds: number, signal: AbortSignal): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!condition() && !signal.aborted) {
      const left = end - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        signal.addEventListener("abort", wake);
        this.wake = wake;
      });
    }
  }
}

/** A question to the switcher whose answers go to a Progress as they come. */
export interface Conversation {
  readonly open: boolean;
  /** Milliseconds since its last word. */
  readonly silence: number;
  /** Why it ended, when that was a failure. */
  readonly failure: unknown;
  readonly done: Promise<void>;
  end(): void;
}

export function follow(
  { connection, context }: NodeSession,
  progress: Progress,
  command: readonly string[],
  options: { fresh?: boolean; from?: number; connectTimeout?: number } = {},
): Conversation {
  const ended = new AbortController();
  let heard = performance.now();
  let open = true;
  let failure: unknown;
  let line = options.from ?? 0;
  const done = connection
    .run(switcherScript(context.switcher.path, command), {
      fresh: options.fresh ?? false,
      signal: AbortSignal.any([ended.signal, context.signal]),
      ...(options.connectTimeout === undefined ? {} : { connectTimeout: options.connectTimeout }),
      onLine: (text) => {
        const answer = parseAnswer(text);
        if (answer === undefined) return;
        heard = performance.now();
        if (answer.kind === "output") line += 1;
        progress.take(answer, line);
      },
    })
    .then(({ exitCode, stderr }) => {
      if (exitCode !== 0) failure = new RemoteCommandError(`exit status ${exitCode}: ${lastLines(stderr)}`);
    })
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      open = false;
      progress.changed();
    });
  return {
    get open() {
      return open;
    },
    get silence() {
      return performance.now() - heard;
    },
    get failure() {
      return failure;
    },
    done,
    end: () => ended.abort(new InterruptedError("enough was heard")),
  };
}
