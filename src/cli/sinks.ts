/** Where events go: lines for people, JSON for programs. */
import type { EventSink } from "../events/event.ts";
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
