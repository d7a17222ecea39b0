/** What programs and modules in TypeScript may use of Nixus. */
export { type DeploymentOptions, type DeploymentReport, deploy } from "./deploy/deploy.ts";
export type { Event, EventSink, Outcome, StepName } from "./events/event.ts";
export type { EvaluatedNetwork, EvaluatedNode } from "./fleet/evaluated.ts";
export {
  defineModule,
  mkAfter,
  mkBefore,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOrder,
  mkOverride,
  option,
} from "./modules/define.ts";
export { t as types } from "./modules/types/index.ts";
