/** What the steps of one node's deployment work with. */
import type { EventSink } from "../events/event.ts";
import type { EvaluatedNode } from "../fleet/evaluated.ts";
import type { StoreObject } from "../store/tree.ts";
import type { Reporter } from "./reporter.ts";
import type { SecretContents } from "./secrets/contents.ts";
import type { Connection } from "./ssh/connection.ts";
import type { Timing } from "./steps/switch.ts";
import type { Builds } from "./stores/builds.ts";
import type { Places } from "./stores/places.ts";

/** What all nodes of one deployment share. */
export interface DeploymentContext {
  /** The nodes' names by the ids of their deployments, which are unique: letters, digits and hyphens. */
  readonly deployments: ReadonlyMap<string, string>;
  /** Why nodes may not be deployed together with the others, by name. */
  readonly conflicts: ReadonlyMap<string, string>;
  /** Who deploys: `user@host`. */
  readonly by: string;
  /** Absolute path of the network file. */
  readonly file: string;
  /** By store path. */
  readonly objects: ReadonlyMap<string, StoreObject>;
  readonly switcher: StoreObject;
  readonly secrets: SecretContents;
  /** The system that each machine ran when it was last seen from here, by the node's name. */
  readonly lastSeen: ReadonlyMap<string, string>;
  /** Whether to replace systems that were not last seen from here. */
  readonly force: boolean;
  /** Whether to wait for machines that others deploy. */
  readonly wait: boolean;
  /** Whether machines whose nodes say `never` are rebooted too, when that is needed. */
  readonly reboot: boolean;
  /** Whether to change nothing, and only say what would be done. */
  readonly dryRun: boolean;
  readonly places: Places;
  readonly builds: Builds;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
  readonly timing: Timing;
}

export type DeployableNode = EvaluatedNode & { readonly host: string };

/** One machine while it is deployed: every step gets this, and what the plan says for it. */
export interface NodeSession {
  readonly node: DeployableNode;
  /** Of its deployment. */
  readonly id: string;
  readonly connection: Connection;
  readonly report: Reporter;
  readonly context: DeploymentContext;
}

/** The store object of a path, when the evaluation or we ourselves made it. */
export function objectAt({ switcher, objects }: DeploymentContext, path: string): StoreObject | undefined {
  return path === switcher.path ? switcher : objects.get(path);
}
