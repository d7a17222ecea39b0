/**
 * The switch as the deployer sees it: trigger the switcher, confirm over a new connection that the machine can still
 * be reached, and learn how it ended. The switcher decides alone; we only report what it has acknowledged, and ask
 * again when an answer was lost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "../../events/event.ts";
import { busyProblem } from "../../plan/plan.ts";
import { ConnectionError, InterruptedError, NodeError, RemoteCommandError } from "../errors.ts";
import { type Answer, parseAnswer, type SwitcherState } from "../protocol.ts";
import type { Reporter } from "../reporter.ts";
import type { NodeSession } from "../session.ts";
import { lastLines } from "../ssh/failures.ts";
import { switcherScript } from "../target/scripts.ts";

/** All in milliseconds. */
export interface Timing {
  /** The switcher says something every second; after this long without a word its connection counts as dead. */
  readonly silence: number;
  /** Between two attempts to ask: the first wait and the longest. */
  readonly firstRetry: number;
  readonly longestRetry: number;
  /** The same after a login that was refused: sshd keeps out those who try often (PerSourcePenalties). */
  readonly refusedRetry: number;
  /** What a machine may need to restart, should it come to that. */
  readonly restart: number;
  /** What a switch and its roll-back may take beyond the node's own timeouts. */
  readonly margin: number;
}

export const defaultTiming: Timing = {
  silence: 4000,
  firstRetry: 200,
  longestRetry: 1000,
  refusedRetry: 3000,
  restart: 120_000,
  margin: 120_000,
};

export interface SwitchResult {
  readonly outcome: Exclude<Outcome, "unchanged" | "failed" | "skipped">;
  /** Why it is not `activated`; empty when it is. */
  readonly problem: string;
}

/**
 * Switches the machine to `system`; `previous` is what it goes back to. Fails with a NodeError when nothing was begun there; from then on there is always a result.
 */
export async function switchSystem(
  session: NodeSession,
  system: string,
  previous: string,
): Promise<SwitchResult> {
  const { node, report } = session;
  const { id, by, signal, timing } = session.context;
  report({ type: "triggering-switcher", system, previous });
  const progress = new Progress(report);
  const trigger = follow(session, progress, [
    ...["start", id, system, previous],
    ...[String(node.switchTimeout), String(node.successTimeout)],
    ...[node.ignoreFailingSystemdUnits ? "1" : "0", by],
  ]);
  await progress.until(() => progress.started || !trigger.open, timing.silence * 3, signal);
  if (progress.refusal !== undefined) {
    await trigger.done;
    throw progress.refusal;
  }
  // Its answer was lost: whether it began has to be asked.
  if (!progress.started) trigger.end();
  try {
    return await untilItEnds(session, progress, trigger);
  } finally {
    trigger.end();
    await trigger.done;
  }
}

/** What the switcher has told us, over whichever connection. */
class Progress {
  started = false;
  state: SwitcherState | undefined;
  result: (Answer & { readonly kind: "result" }) | undefined;
  refusal: NodeError | undefined;
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
        this.refusal ??= new NodeError(busyProblem(answer));
        break;
      case "changed":
        this.refusal ??= new NodeError(
          `the machine was switched to another system meanwhile (it runs ${answer.running || "none"}); deploy again`,
        );
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
      const woken = new AbortController();
      this.wake = () => woken.abort();
      await sleep(left, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => {});
    }
  }
}

/** A question to the switcher whose answers go to a Progress as they come. */
interface Conversation {
  readonly open: boolean;
  /** Milliseconds since its last word. */
  readonly silence: number;
  /** Why it ended, when that was a failure. */
  readonly failure: unknown;
  readonly done: Promise<void>;
  end(): void;
}

function follow(
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

/**
 * Confirms when the time has come, and asks on until the switcher has said how it ended. A deployment that is not
 * known to have begun is withdrawn: after that it can't begin any more.
 */
async function untilItEnds(
  session: NodeSession,
  progress: Progress,
  trigger: Conversation,
): Promise<SwitchResult> {
  const { node, report } = session;
  const { id, signal, timing } = session.context;
  const { switchTimeout, successTimeout } = node;
  const begun = performance.now();
  let patience = (2 * switchTimeout + successTimeout) * 1000 + timing.margin + timing.restart;
  let confirming = false;
  let wait = timing.firstRetry;
  let lastFailure: unknown = trigger.failure;
  while (progress.result === undefined) {
    if (signal.aborted) return interrupted();
    if (progress.state === "committing") {
      // Which installs a boot loader, and may yet be undone.
      patience = (3 * switchTimeout + successTimeout) * 1000 + 3 * timing.margin + timing.restart;
    }
    if (performance.now() - begun > patience) return unknown(lastFailure);
    const heard = trigger.open && trigger.silence < timing.silence;
    if (heard && progress.state !== "waiting") {
      const state = progress.state;
      const news = () => progress.result !== undefined || progress.state !== state || !trigger.open;
      await progress.until(news, timing.silence, signal);
      continue;
    }

    // Only a connection that is made once the switcher waits proves anything: until then we ask for the state.
    const waiting = progress.state === "waiting";
    if (waiting && !confirming) {
      confirming = true;
      report({ type: "confirming" });
    }
    const from = progress.lines;
    const verb = waiting ? "confirm" : progress.started ? "result" : "withdraw";
    const question = follow(session, progress, [verb, id, String(from)], {
      fresh: true,
      from,
      connectTimeout: Math.max(1, Math.min(5, successTimeout)),
    });
    while (
      question.open &&
      progress.result === undefined &&
      !signal.aborted &&
      question.silence < timing.silence + 2000
    ) {
      await progress.until(() => !question.open || progress.result !== undefined, 500, signal);
    }
    question.end();
    await question.done;
    if (progress.unknown && !progress.started) {
      const why = lastFailure instanceof Error ? `: ${lastFailure.message}` : "";
      throw new NodeError(`the switcher could not be started${why}`, { cause: lastFailure });
    }
    if (question.failure === undefined && progress.state === "waiting" && !waiting) continue;
    if (question.failure !== undefined) lastFailure = question.failure;
    const refused =
      question.failure instanceof ConnectionError && question.failure.failure === "permission-denied";
    const news = () => progress.result !== undefined;
    await progress.until(news, refused ? timing.refusedRetry : wait, signal);
    wait = Math.min(wait * 2, timing.longestRetry);
  }
  return ended(progress.result);
}

function ended({ outcome, reason }: Answer & { readonly kind: "result" }): SwitchResult {
  switch (outcome) {
    case "activated":
      return { outcome: "activated", problem: "" };
    case "rolled-back":
      return { outcome: "rolled-back", problem: reason };
    case "failed":
      throw new NodeError(reason);
    case "interrupted":
      return {
        outcome: "unknown",
        problem: `another deployment took over: ${reason}; see who has the machine now`,
      };
  }
}

function interrupted(): SwitchResult {
  return {
    outcome: "unknown",
    problem:
      "interrupted while the new system was being activated; the machine goes back to its previous system by itself unless it was confirmed before; deploy again to see where it stands",
  };
}

function unknown(lastFailure: unknown): SwitchResult {
  const why = lastFailure instanceof Error ? ` (${lastFailure.message})` : "";
  return {
    outcome: "unknown",
    problem: `the switch was triggered, and the machine does not say how it ended${why}; unless it was confirmed it goes back to its previous system by itself, by a reboot if need be; look at its console, and deploy again when it can be reached`,
  };
}
