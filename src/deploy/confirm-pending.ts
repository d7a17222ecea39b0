/** Gives the word for a deployment that was left waiting for it, over a new connection as a deployer would. */
import { RemoteCommandError } from "./errors.ts";
import { type Answer, parseAnswer } from "./protocol.ts";
import type { Connection } from "./ssh/connection.ts";
import { lastLines } from "./ssh/failures.ts";
import { confirmScript } from "./target/scripts.ts";

export interface Confirmation {
  /** Whether the machine is on the system that it had been given, for good. */
  readonly ok: boolean;
  readonly message: string;
}

export async function confirmPending(connection: Connection, signal: AbortSignal): Promise<Confirmation> {
  let last: Answer | undefined;
  const { exitCode, stderr } = await connection.run(confirmScript(), {
    fresh: true,
    signal,
    onLine: (line) => {
      const answer = parseAnswer(line);
      if (answer?.kind === "result" || answer?.kind === "none" || answer?.kind === "state") last = answer;
    },
  });
  switch (last?.kind) {
    case "result": {
      const why = last.reason === "" ? "" : `: ${last.reason}`;
      return { ok: last.outcome === "activated", message: `${last.outcome}${why}` };
    }
    case "state":
      return {
        ok: false,
        message: `its deployment is ${last.state}; only one that is waiting can be confirmed`,
      };
    case "none":
      return { ok: false, message: "no deployment waits to be confirmed" };
    default:
      throw new RemoteCommandError(
        `the machine gave no answer (exit status ${exitCode}): ${lastLines(stderr)}`,
      );
  }
}
