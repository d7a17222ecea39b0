/** Before the switch: whether NixOS lets the running machine be switched to its new system at all. */
import {
  type LiveSwitch,
  LiveSwitchError,
  liveSwitch,
  parseLiveSwitchFacts,
} from "../../plan/live-switch.ts";
import { RemoteCommandError } from "../errors.ts";
import type { NodeSession } from "../session.ts";
import { lastLines } from "../ssh/failures.ts";
import { liveSwitchScript } from "../target/scripts.ts";

/** To be asked when the system is on the machine. Systems of other platforms are ours, and can always be switched to. */
export async function examineLiveSwitch(
  { node, connection, context }: NodeSession,
  system: string,
): Promise<LiveSwitch> {
  if (node.platform !== "nixos") return { type: "possible" };
  let answer = "";
  const { exitCode, stderr } = await connection.run(liveSwitchScript(system), {
    signal: context.signal,
    onLine: (line) => {
      answer += `${line}\n`;
    },
  });
  try {
    return liveSwitch(parseLiveSwitchFacts(answer));
  } catch (cause) {
    if (!(cause instanceof LiveSwitchError)) throw cause;
    const said = lastLines(stderr) || "nothing";
    throw new RemoteCommandError(`${cause.message} (exit status ${exitCode}; it said: ${said})`, { cause });
  }
}
