/**
 * An evaluated network as plain data: what planning and deployment know of it, and what travels from the
 * evaluation's worker thread. Texts are ordinary JavaScript strings.
 */
import type { StoreObject } from "../store/tree.ts";

export interface EvaluatedNetwork {
  /** Absolute path of the network file. */
  readonly file: string;
  /** By name, in name order; disabled nodes are not in it. */
  readonly nodes: readonly EvaluatedNode[];
  /** Every store object that the nodes' systems consist of, references before referrers. */
  readonly objects: readonly StoreObject[];
  readonly warnings: readonly string[];
}

export interface EvaluatedNode {
  readonly name: string;
  /** SSH destination, `[user@]host` or `ssh://[user@]host[:port]`; null: never deployed. */
  readonly host: string | null;
  readonly platform: "linux" | "nixos";
  /** The Nix system, e.g. `x86_64-linux`. */
  readonly system: string;
  /** The store path of its system. */
  readonly toplevel: string;
  /** Paths of `objects` that `toplevel` and `baseline` consist of, references before referrers. */
  readonly closure: readonly string[];
  /**
   * Generation 0: the system that manages nothing, to which a machine goes back that Nixus has never deployed.
   * null where the platform has no such thing (NixOS machines always run a system).
   */
  readonly baseline: string | null;
  readonly tags: readonly string[];
  readonly buildOn: string;
  readonly hasFastConnection: boolean;
  /** Command and arguments put in front of commands that need root; unused when the SSH user is root. */
  readonly privilegeEscalationCommand: readonly string[];
  /** Seconds the activation may take. */
  readonly switchTimeout: number;
  /** Seconds the switcher waits for the confirmation after the activation. */
  readonly successTimeout: number;
  readonly ignoreFailingSystemdUnits: boolean;
  /** Distribution packages that must be there before the switch (linux platform). */
  readonly packages: readonly string[];
  /** `-o` options for ssh, by name. */
  readonly sshOptions: Readonly<Record<string, string>>;
}
