/** Where events go: lines for people, JSON for programs. */
import type { EventSink } from "../events/event.ts";
import { formatFailure, withoutPrefix } from "./failure.ts";
import { type Detail, lineRenderer } from "./render/lines.ts";

export function lineSink(process: NodeJS.Process, detail: Detail): EventSink {
  const render = lineRenderer(detail);
  return (event) => {
    for (const line of render(event)) process[line.stream].write(`${line.text}\n`);
  };
}

export function jsonSink(process: NodeJS.Process): EventSink {
  return (event) => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  };
}

/** Carries out a command that tells events. For programs its failure is the last of them; standard error has it in any case. */
export async function endingInEvent(
  json: boolean,
  sink: EventSink,
  command: () => Promise<void>,
): Promise<void> {
  try {
    await command();
  } catch (error) {
    const message = withoutPrefix(formatFailure(error));
    if (json) sink({ type: "command-failed", time: Date.now(), message });
    throw error;
  }
}
