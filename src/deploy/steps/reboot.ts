/** Whether the machine is to be restarted into its new system, which is there by now: asked before anything is changed. */
import type { EvaluatedSecret } from "../../fleet/evaluated.ts";
import type { RebootPolicy } from "../../fleet/settings.ts";
import { LiveSwitchError, liveSwitch, parseLiveSwitchFacts } from "../../plan/live-switch.ts";
import { usedSecrets } from "../../plan/plan.ts";
import {
  describeReasons,
  type ForeseenReboot,
  parseRebootFacts,
  planReboot,
  RebootFactsError,
  type RebootPlan,
} from "../../plan/reboot.ts";
import { NodeError, RemoteCommandError } from "../errors.ts";
import type { NodeSession } from "../session.ts";
import { lastLines } from "../ssh/failures.ts";
import { rebootScript } from "../target/scripts.ts";

/** The machine is restarted into the new system. */
export interface Reboot {
  /** By what it starts a system once, as the machine calls it. */
  readonly selector: string;
  /** Seconds after the restart in which it has to be confirmed. */
  readonly timeout: number;
  /** What the restart takes from the machine's memory, and is sent again after it. */
  readonly secrets: readonly EvaluatedSecret[];
}

interface Systems {
  readonly system: string;
  readonly previous: string;
}

/** undefined: it is switched to while the machine runs. Fails with a NodeError when it may be neither. */
export async function decideReboot(session: NodeSession, systems: Systems): Promise<Reboot | undefined> {
  const { node, report } = session;
  const planned = await examineReboot(session, systems);
  switch (planned.type) {
    case "refuse":
      throw new NodeError(planned.problem);
    case "live":
      if (planned.pending.length > 0) {
        const message = `a part of the new system is in effect after a reboot only: ${describeReasons(planned.pending)}`;
        report({ type: "warning", step: "switch", message });
      }
      return undefined;
    case "reboot": {
      report({ type: "reboot-planned", why: describeReasons(planned.reasons) });
      const secrets = usedSecrets(node).filter(({ entry }) => entry.place === "memory");
      return { selector: planned.selector, timeout: node.rebootTimeout, secrets };
    }
  }
}

/** What {@link decideReboot} will decide; `there`: the system is on the machine already. Changes nothing. */
export async function foreseeReboot(
  session: NodeSession,
  systems: Systems,
  there: boolean,
): Promise<ForeseenReboot> {
  const policy = policyOf(session, systems);
  if (there || isAlwaysLive(session, policy)) return await examineReboot(session, systems);
  return { type: "later", reasons: policy === "always" ? [{ reason: "asked" }] : [] };
}

/** What is to be done with a system that is on the machine. */
async function examineReboot(session: NodeSession, systems: Systems): Promise<RebootPlan> {
  const { node, connection, context } = session;
  const policy = policyOf(session, systems);
  if (isAlwaysLive(session, policy)) return { type: "live", pending: [] };
  const script = rebootScript(systems.system, node.platform, node.bootSelector);
  let answer = "";
  const { exitCode, stderr } = await connection.run(script, {
    signal: context.signal,
    timeLimit: context.timing.examination,
    onLine: (line) => {
      answer += `${line}\n`;
    },
  });
  return decide(policy, answer, `exit status ${exitCode}: ${lastLines(stderr) || "it said nothing"}`);
}

function policyOf({ node, context }: NodeSession, { system, previous }: Systems): RebootPolicy {
  // A machine that stays on its system, to take up what belongs to it, is not to be restarted.
  if (system === previous) return "never";
  return node.rebootPolicy === "never" && context.reboot ? "ifNeeded" : node.rebootPolicy;
}

/** The kernel of a linux machine is its distribution's, and no part of the system: there is nothing to ask. */
function isAlwaysLive({ node }: NodeSession, policy: RebootPolicy): boolean {
  return node.platform === "linux" && policy !== "always";
}

function decide(policy: RebootPolicy, answer: string, said: string): RebootPlan {
  try {
    return planReboot(policy, liveSwitch(parseLiveSwitchFacts(answer)), parseRebootFacts(answer));
  } catch (cause) {
    if (!(cause instanceof RebootFactsError) && !(cause instanceof LiveSwitchError)) throw cause;
    throw new RemoteCommandError(`${cause.message} (${said})`, { cause });
  }
}
