/** Whether the machine is to be restarted into its new system, which is there by now: asked before anything is changed. */
import type { RebootPolicy } from "../../fleet/settings.ts";
import { LiveSwitchError, liveSwitch, parseLiveSwitchFacts } from "../../plan/live-switch.ts";
import { usedSecrets } from "../../plan/plan.ts";
import {
  describeReasons,
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
}

/** undefined: it is switched to while the machine runs. Fails with a NodeError when it may be neither. */
export async function decideReboot(
  session: NodeSession,
  systems: { readonly system: string; readonly previous: string },
): Promise<Reboot | undefined> {
  const { node, report } = session;
  const planned = await examineReboot(session, systems);
  switch (planned.type) {
    case "refuse":
      throw new NodeError(planned.problem);
    case "live":
      for (const message of planned.warnings) report({ type: "warning", step: "switch", message });
      return undefined;
    case "reboot": {
      report({ type: "reboot-planned", why: describeReasons(planned.reasons) });
      const inMemory = usedSecrets(node).filter(({ entry }) => entry.place === "memory");
      if (inMemory.length > 0) {
        const names = inMemory.map(({ name }) => `'${name}'`).join(", ");
        const message = `the restart takes away the secrets that are kept in memory: ${names}; what needs them fails until the next deployment`;
        report({ type: "warning", step: "switch", message });
      }
      return { selector: planned.selector, timeout: node.rebootTimeout };
    }
  }
}

/** What is to be done with a system that is on the machine. Changes nothing. */
export async function examineReboot(
  { node, connection, context }: NodeSession,
  { system, previous }: { readonly system: string; readonly previous: string },
): Promise<RebootPlan> {
  // A machine that stays on its system would start into the same one whatever happens.
  const policy = system === previous ? "never" : rebootPolicy(node.rebootPolicy, context.reboot);
  // The kernel of a linux machine is its distribution's, and no part of the system.
  if (node.platform === "linux" && policy !== "always") return { type: "live", warnings: [] };
  let answer = "";
  const { exitCode, stderr } = await connection.run(rebootScript(system, node.platform, node.bootSelector), {
    signal: context.signal,
    timeLimit: context.timing.examination,
    onLine: (line) => {
      answer += `${line}\n`;
    },
  });
  return decide(policy, answer, `exit status ${exitCode}: ${lastLines(stderr) || "it said nothing"}`);
}

/** `asked`: with --reboot. */
function rebootPolicy(policy: RebootPolicy, asked: boolean): RebootPolicy {
  return policy === "never" && asked ? "ifNeeded" : policy;
}

function decide(policy: RebootPolicy, answer: string, said: string): RebootPlan {
  try {
    return planReboot(policy, liveSwitch(parseLiveSwitchFacts(answer)), parseRebootFacts(answer));
  } catch (cause) {
    if (!(cause instanceof RebootFactsError) && !(cause instanceof LiveSwitchError)) throw cause;
    throw new RemoteCommandError(`${cause.message} (${said})`, { cause });
  }
}
