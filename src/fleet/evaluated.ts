/**
 * An evaluated network as plain data: what planning and deployment know of it, and what travels from the
 * evaluation's worker thread. Texts are ordinary JavaScript strings.
 */

import type { StoreObject } from "../store/tree.ts";
import type { SecretEntry, SecretOwner, SecretSource } from "./modules/secrets/secret.ts";
import type { NodeSettings } from "./settings.ts";

export interface EvaluatedNetwork {
  /** Absolute path of the network file. */
  readonly file: string;
  /** By name, in name order; disabled nodes are not in it. */
  readonly nodes: readonly EvaluatedNode[];
  /** Every store object that the nodes' systems consist of or are built from, references before referrers. */
  readonly objects: readonly StoreObject[];
  /** Enabled nodes whose evaluation failed. */
  readonly failures: readonly EvaluationFailure[];
  readonly warnings: readonly string[];
  /** Public keys of those who deploy any node, evaluated here or not; empty where no node evaluated has secrets. */
  readonly deployers: readonly string[];
}

/** What commands know of the secrets of a network that evaluate no systems. */
export interface EvaluatedSecrets {
  /** Absolute path of the network file. */
  readonly file: string;
  readonly nodes: readonly NodeSecrets[];
  /** Public keys of those who deploy any node. */
  readonly deployers: readonly string[];
}

export type NodeSecrets = Pick<EvaluatedNode, "name" | "deployers" | "secrets">;

export interface EvaluationFailure {
  readonly node: string;
  /** SSH destination; null where the node has none, or even that can't be evaluated. */
  readonly host: string | null;
  /** The error, ready to be shown. */
  readonly message: string;
}

/** How a store path is had. */
export type PathSource =
  /** It was made by the evaluation. */
  | { readonly type: "memory" }
  /** It is an output of this `.drv`, which the evaluation has made. */
  | { readonly type: "derivation"; readonly derivation: string; readonly output: string }
  /** It is in a store already, or can be substituted. */
  | { readonly type: "store" };

/** A store path that a machine needs. */
export interface NeededPath {
  readonly path: string;
  readonly source: PathSource;
}

export interface EvaluatedNode extends NodeSettings {
  /** The store path of its system. */
  readonly toplevel: string;
  readonly source: PathSource;
  /** What else the machine is to have. */
  readonly closurePaths: readonly NeededPath[];
  /** Paths of `objects` that have to be on the machine as they are, references before referrers. */
  readonly closure: readonly string[];
  /**
   * Generation 0: the system that manages nothing, to which a machine goes back that Nixus has never deployed.
   * null where the platform has no such thing (NixOS machines always run a system).
   */
  readonly baseline: string | null;
  /** Every secret of its configuration. */
  readonly secrets: readonly EvaluatedSecret[];
  /** Distribution packages that must be there before the switch (linux platform). */
  readonly packages: readonly string[];
}

/** A secret of a node, without its content. */
export interface EvaluatedSecret {
  /** In `secrets.files`. */
  readonly name: string;
  /** Whose it is in `nixus.lock`. */
  readonly owner: SecretOwner;
  readonly source: SecretSource;
  /** As in `nixus.lock`; null: it is not there yet, and `entry` and `pointer` are not the final ones. */
  readonly digest: string | null;
  readonly entry: SecretEntry;
  /** Store path of the pointer. */
  readonly pointer: string;
  /** Whether the system refers to it: others are not sent. True where no system was evaluated. */
  readonly used: boolean;
  /** Where it stays when the secret changes. */
  readonly path: string;
  readonly binary: boolean;
  /** Whether the configuration makes the account and the group; else the machine must have them. */
  readonly makesUser: boolean;
  readonly makesGroup: boolean;
}
