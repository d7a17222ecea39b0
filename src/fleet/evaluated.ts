/**
 * An evaluated network as plain data: what planning and deployment know of it, and what travels from the
 * evaluation's worker thread. Texts are ordinary JavaScript strings.
 */
import type { StoreObject } from "../store/tree.ts";
import type { NodeSettings } from "./settings.ts";

export interface EvaluatedNetwork {
  /** Absolute path of the network file. */
  readonly file: string;
  /** By name, in name order; disabled nodes are not in it. */
  readonly nodes: readonly EvaluatedNode[];
  /** Every store object that the nodes' systems consist of, references before referrers. */
  readonly objects: readonly StoreObject[];
  readonly warnings: readonly string[];
}

export interface EvaluatedNode extends NodeSettings {
  /** The store path of its system. */
  readonly toplevel: string;
  /** Paths of `objects` that `toplevel` and `baseline` consist of, references before referrers. */
  readonly closure: readonly string[];
  /**
   * Generation 0: the system that manages nothing, to which a machine goes back that Nixus has never deployed.
   * null where the platform has no such thing (NixOS machines always run a system).
   */
  readonly baseline: string | null;
  /** Distribution packages that must be there before the switch (linux platform). */
  readonly packages: readonly string[];
}
