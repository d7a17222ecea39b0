/**
 * The switch as the deployer sees it: trigger the switcher, confirm over a new connection that the machine can still
 * be reached, and learn how it ended. The switcher decides alone; we only report what it has acknowledged, and ask
 * again when an answer was lost.
 */
import type { Outcome } from "../../events/event.ts";
import { ConnectionError, InterruptedError, NodeError, RemoteCommandError } from "../errors.ts";
import type { Answer } from "../protocol.ts";
import type { NodeSession } from "../session.ts";
import { type Conversation, follow, Progress } from "./conversation.ts";
import { LoginPatience } from "./login-patience.ts";
import type { Reboot } from "./reboot.ts";
import { sendSecrets } from "./secrets.ts";

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
  /** What a look at a machine may take, whatever hangs there. */
  readonly examination: number;
  /** Between two looks at the lock of a machine that somebody else deploys. */
  readonly lockRetry: number;
  /** The pauses before a machine that can't be reached is tried again, where its node says `retry`. */
  readonly unreachableRetries: readonly number[];
}

export const defaultTiming: Timing = {
  silence: 4000,
  firstRetry: 200,
  longestRetry: 1000,
  refusedRetry: 3000,
  restart: 120_000,
  margin: 120_000,
  examination: 120_000,
  lockRetry: 2000,
  unreachableRetries: [5000, 10_000, 20_000, 40_000, 80_000],
};

export interface SwitchResult {
  readonly outcome: Exclude<Outcome, "unchanged" | "failed" | "skipped">;
  /** Why it is not `activated`; empty when it is. */
  readonly problem: string;
}

/**
 * Looks at a machine that was reached after the activation. Resolves with what is wrong, or with undefined when the word
 * may be given. The signal aborts when that makes no difference any more.
 */
export type Verify = (signal: AbortSignal) => Promise<string | undefined>;

export interface SwitchOrder {
  readonly system: string;
  /** What the machine goes back to. */
  readonly previous: string;
  /** Of the deployment on the machine; that of the session when left out. */
  readonly id?: string;
  /** The machine is restarted into the system; left out: it is activated while the machine runs. */
  readonly reboot?: Reboot;
  readonly verify?: Verify;
}

/** Switches the machine. Fails with a NodeError when nothing was begun there; from then on there is always a result. */
export async function switchSystem(session: NodeSession, order: SwitchOrder): Promise<SwitchResult> {
  const { node, report } = session;
  const { by, signal, timing } = session.context;
  const { system, previous, reboot, id = session.id } = order;
  report({ type: "triggering-switcher", system, previous });
  const progress = new Progress(report);
  const trigger = follow(session, progress, [
    ...["start", id, system, previous],
    ...[String(node.switchTimeout), String(node.successTimeout)],
    ...[node.ignoreFailingSystemdUnits ? "1" : "0", by],
    ...(reboot === undefined ? [] : [reboot.selector, String(reboot.timeout)]),
    ...(reboot === undefined || reboot.secrets.length === 0 ? [] : ["1"]),
  ]);
  await progress.until(() => progress.started || !trigger.open, timing.silence * 3, signal);
  if (progress.refusal !== undefined) {
    await trigger.done;
    throw progress.refusal;
  }
  // Its answer was lost: whether it began has to be asked.
  if (!progress.started) trigger.end();
  const verification = order.verify && new Verification(order.verify, signal, () => progress.changed());
  try {
    return await untilItEnds(session, { ...order, id }, progress, trigger, verification);
  } finally {
    verification?.end();
    trigger.end();
    await trigger.done;
  }
}

/** What has to be looked at before the word is given, once the machine was reached. */
class Verification {
  /** What was found, when it has come to an end. */
  verdict: { readonly problem: string | undefined } | undefined;
  private begun = false;
  private readonly verify: Verify;
  private readonly over = new AbortController();
  private readonly signal: AbortSignal;
  private readonly onVerdict: () => void;

  constructor(verify: Verify, signal: AbortSignal, onVerdict: () => void) {
    this.verify = verify;
    this.signal = AbortSignal.any([signal, this.over.signal]);
    this.onVerdict = onVerdict;
  }

  begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.verify(this.signal)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      .then((problem) => {
        this.verdict = { problem };
        this.onVerdict();
      });
  }

  end(): void {
    this.over.abort(new InterruptedError("the switch has ended"));
  }
}

/** What is said to a switcher that waits for the word. */
function word(verification: Verification | undefined, id: string, from: number, hold: number): string[] {
  if (verification !== undefined && verification.verdict === undefined) {
    return ["hold", id, String(hold), String(from)];
  }
  const problem = verification?.verdict?.problem;
  return problem === undefined ? ["confirm", id, String(from)] : ["reject", id, problem.replace(/\s+/g, " ")];
}

/**
 * Confirms when the time has come, and asks on until the switcher has said how it ended. A deployment that is not
 * known to have begun is withdrawn: after that it can't begin any more.
 */
async function untilItEnds(
  session: NodeSession,
  { id, reboot }: SwitchOrder & { readonly id: string },
  progress: Progress,
  trigger: Conversation,
  verification: Verification | undefined,
): Promise<SwitchResult> {
  const { node, report } = session;
  const { signal, timing } = session.context;
  const { switchTimeout, successTimeout } = node;
  // Seconds in which the word has to come.
  const wordTimeout = reboot?.timeout ?? successTimeout;
  const usualLogin = Math.max(timing.silence + 1000, 2 * session.connection.loginTime);
  const login = new LoginPatience(usualLogin, wordTimeout * 1000);
  let begun = performance.now();
  // The boot loader is installed, the machine restarts, takes its secrets, and back again when it is not confirmed.
  const away =
    reboot === undefined
      ? 0
      : 2 * (switchTimeout + reboot.timeout) * 1000 + 2 * timing.margin + timing.restart;
  let patience = (2 * switchTimeout + successTimeout) * 1000 + timing.margin + timing.restart + away;
  let confirming = false;
  let wait = timing.firstRetry;
  let lastFailure: unknown = trigger.failure;
  let complaint = "";
  while (progress.result === undefined) {
    if (signal.aborted) return interrupted();
    if (progress.state === "committing") {
      // Which installs a boot loader, and may yet be undone.
      patience = (3 * switchTimeout + successTimeout) * 1000 + 3 * timing.margin + timing.restart + away;
    }
    if (performance.now() - begun > patience) return unknown(lastFailure);
    const heard = trigger.open && trigger.silence < timing.silence;
    if (heard && progress.state !== "waiting") {
      const state = progress.state;
      const news = () => progress.result !== undefined || progress.state !== state || !trigger.open;
      // A new connection tells the machine, too, that it can be reached again.
      const rollingBack = state === "rolling-back";
      await progress.until(news, rollingBack ? timing.silence / 2 : timing.silence, signal);
      if (!rollingBack || news()) continue;
    }

    // Only a connection that is made once the switcher waits proves anything: until then we ask for the state.
    const waiting = progress.state === "waiting";
    if (waiting && !confirming) {
      confirming = true;
      report({ type: "confirming" });
    }
    const command = waiting
      ? word(verification, id, progress.lines, successTimeout)
      : [progress.started ? "result" : "withdraw", id, String(progress.lines)];
    const [verb] = command;
    const asked = performance.now();
    const question = follow(session, progress, command, {
      fresh: true,
      // A rejection is followed from the first line.
      from: verb === "reject" ? 0 : progress.lines,
      connectTimeout: Math.max(1, Math.min(Math.ceil(login.milliseconds / 1000), wordTimeout)),
    });
    while (
      question.open &&
      progress.result === undefined &&
      !signal.aborted &&
      question.silence < login.milliseconds + 1000
    ) {
      await progress.until(() => !question.open || progress.result !== undefined, 500, signal);
    }
    question.end();
    await question.done;
    if (question.failure !== undefined) login.failed(performance.now() - asked);
    if (progress.unknown && !progress.started) {
      const why = lastFailure instanceof Error ? `: ${lastFailure.message}` : "";
      throw new NodeError(`the switcher could not be started${why}`, { cause: lastFailure });
    }
    if (question.failure === undefined && progress.state === "waiting" && !waiting) continue;
    if (progress.awaitsSecrets) {
      progress.awaitsSecrets = false;
      const failure = await sendAgain(session, reboot);
      if (failure === undefined) continue;
      lastFailure = failure;
      if (failure instanceof RemoteCommandError && failure.message !== complaint) {
        complaint = failure.message;
        report({ type: "warning", step: "secrets", message: complaint });
      }
    }
    if (question.failure === undefined && verb === "hold" && progress.result === undefined) {
      begun = performance.now();
      verification?.begin();
      const news = () =>
        progress.result !== undefined || progress.state !== "waiting" || verification?.verdict !== undefined;
      await progress.until(news, (successTimeout * 1000) / 3, signal);
      continue;
    }
    if (question.failure !== undefined) lastFailure = question.failure;
    const refused =
      question.failure instanceof ConnectionError && question.failure.failure === "permission-denied";
    const news = () => progress.result !== undefined;
    await progress.until(news, refused ? timing.refusedRetry : wait, signal);
    wait = Math.min(wait * 2, timing.longestRetry);
  }
  return ended(progress.result);
}

/** Secrets that the restart took away. Why they can't be sent, which is tried again as long as the machine asks. */
async function sendAgain(session: NodeSession, reboot: Reboot | undefined): Promise<unknown> {
  try {
    await sendSecrets(session, reboot?.secrets ?? [], { fresh: true });
    return undefined;
  } catch (error) {
    return error;
  }
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
