/** Events of one node: time, name and host are filled in. */
import type { Event, EventSink } from "../events/event.ts";
import type { EvaluatedNode } from "../fleet/evaluated.ts";
import { hostOf } from "./ssh/destination.ts";

/** An event about a node without what all of them have. */
type Told<E> = E extends { readonly node: string } ? Omit<E, "time" | "node" | "host"> : never;
type NodeReport = Told<Event>;

export type Reporter = (report: NodeReport) => void;

export function reporterFor(node: Pick<EvaluatedNode, "name" | "host">, sink: EventSink): Reporter {
  const host = node.host === null ? node.name : hostOf(node.host);
  return (report) => {
    sink({ ...report, time: Date.now(), node: node.name, host } as Event);
  };
}
