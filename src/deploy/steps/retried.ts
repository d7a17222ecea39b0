/** What goes on after a connection was lost. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StepName } from "../../events/event.ts";
import { ConnectionError } from "../errors.ts";
import type { NodeSession } from "../session.ts";

const tries = 3;
/** Milliseconds before the second try, and before the third. */
const waits = [1000, 5000];

/** Does it again when it fails with a ConnectionError. It is asked to begin where the last one ended. */
export async function retried(
  session: NodeSession,
  step: StepName,
  action: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await action();
      return;
    } catch (error) {
      session.context.signal.throwIfAborted();
      if (!(error instanceof ConnectionError) || attempt === tries) throw error;
      const message = `${error.message}; trying again (${attempt + 1} of ${tries})`;
      session.report({ type: "warning", step, message });
      await sleep(waits[attempt - 1], undefined, { signal: session.context.signal });
    }
  }
}
