/** What programs and modules in TypeScript may use of Nixus. */
export { type DeploymentOptions, type DeploymentReport, deploy } from "./deploy/deploy.ts";
export type { Event, EventSink, Outcome, StepName } from "./events/event.ts";
export * from "./fleet/authoring.ts";
export type { EvaluatedNetwork, EvaluatedNode } from "./fleet/evaluated.ts";
