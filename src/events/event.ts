/**
 * Everything that happens while a command runs, as data. Lines, the live view and `--json` are renderings of
 * these; nothing else is printed about nodes. Texts are ordinary JavaScript strings.
 */

import type { Preview } from "./preview.ts";

/** The steps of a deployment, in order. */
export type StepName =
  | "evaluate"
  | "connect"
  | "build"
  | "copy"
  | "secrets"
  | "switch"
  | "confirm"
  | "commit"
  /** A phase of the node's own. */
  | "phase";

interface NodeEvent {
  /** Milliseconds since the epoch, on the deploying machine. */
  readonly time: number;
  /** The node's name. */
  readonly node: string;
  /** The host part of its SSH destination, which prefixes its lines: `foo.example.com`. */
  readonly host: string;
}

/** How a node's deployment ended. */
export type Outcome =
  /** The new system runs and is the boot default. */
  | "activated"
  /** The machine had this system already; nothing was changed. */
  | "unchanged"
  /** The new system failed, or could not be confirmed; the machine is on the one it had before. */
  | "rolled-back"
  /** It ended before the switch; the machine was not changed. */
  | "failed"
  /** It was not begun: the rollout was stopped, or the machine can't be reached and its node lets that pass. */
  | "skipped"
  /** The switch was triggered, and what became of it could not be learnt. */
  | "unknown";

export type Event =
  | (NodeEvent & { readonly type: "connecting" })
  /** What it lacks is built; what that does is told by events of stores. */
  | (NodeEvent & { readonly type: "awaiting-builds"; readonly derivations: readonly string[] })
  | (NodeEvent & { readonly type: "copying-closure" })
  /** `size`: bytes of their NARs. */
  | (NodeEvent & { readonly type: "copying-paths"; readonly count: number; readonly size: number })
  | (NodeEvent & { readonly type: "copying-path"; readonly path: string; readonly destination: string })
  | (NodeEvent & { readonly type: "sending-secrets"; readonly count: number })
  /** Bytes of NARs that are on their way or have arrived, of `size`. */
  | (NodeEvent & { readonly type: "copying-progress"; readonly bytes: number; readonly size: number })
  /** With --dry-run: what would be done, a line for each step. */
  | (NodeEvent & { readonly type: "planned"; readonly steps: readonly string[] })
  /** ...and what that would change on the machine. */
  | (NodeEvent & { readonly type: "preview"; readonly preview: Preview })
  /** Distribution packages are installed before the switcher is armed. */
  | (NodeEvent & { readonly type: "installing-packages"; readonly packages: readonly string[] })
  | (NodeEvent & { readonly type: "triggering-switcher"; readonly system: string; readonly previous: string })
  /** The machine will be restarted into its new system; `why` is for people. */
  | (NodeEvent & { readonly type: "reboot-planned"; readonly why: string })
  /** It is being restarted, and waited for. */
  | (NodeEvent & { readonly type: "rebooting" })
  | (NodeEvent & { readonly type: "confirming" })
  /** It is locked by another deployment, whose end is waited for; `since` in seconds since the epoch, there. */
  | (NodeEvent & { readonly type: "waiting-for-lock"; readonly by: string; readonly since: number })
  /** A phase of the node's own is run here. */
  | (NodeEvent & { readonly type: "phase"; readonly phase: string })
  /** A health check has ended; what a failed one printed came before, as output. */
  | (NodeEvent & {
      readonly type: "health-check";
      readonly check: string;
      readonly ok: boolean;
      readonly tries: number;
      readonly problem: string | null;
    })
  /** A line that the activation or the switcher printed on the machine. */
  | (NodeEvent & { readonly type: "output"; readonly step: StepName; readonly line: string })
  | (NodeEvent & { readonly type: "warning"; readonly step: StepName; readonly message: string })
  /** Why a node failed or was rolled back: what happened and what to do. Comes before `finished`. */
  | (NodeEvent & { readonly type: "problem"; readonly step: StepName; readonly message: string })
  /** `system` is empty when it could not be evaluated. */
  | (NodeEvent & { readonly type: "finished"; readonly outcome: Outcome; readonly system: string })
  /** From here on, not about one node. */
  | BuildEvent
  /** `file`: the network file, an absolute path. */
  | { readonly type: "evaluating"; readonly time: number; readonly file: string }
  | {
      readonly type: "evaluated";
      readonly time: number;
      readonly nodes: readonly string[];
      readonly milliseconds: number;
    }
  /** `nixus.lock` has the digests of other secrets now; by what people call the secrets. */
  | {
      readonly type: "secrets-locked";
      readonly time: number;
      readonly added: readonly string[];
      readonly changed: readonly string[];
    }
  /** A batch of nodes is begun; only where there are several. `number` counts from 1. */
  | {
      readonly type: "batch";
      readonly time: number;
      readonly number: number;
      readonly count: number;
      readonly canary: boolean;
      readonly nodes: readonly string[];
    }
  /** `nixus build` has left the script that deploys what was built; an absolute path. */
  | { readonly type: "result"; readonly time: number; readonly path: string }
  /** Something to know that concerns no node. */
  | { readonly type: "notice"; readonly time: number; readonly message: string }
  /** Between two batches. */
  | { readonly type: "pause"; readonly time: number; readonly seconds: number }
  /** What `warnings` of the network or of a node say, and other messages of the evaluation. */
  | { readonly type: "evaluation-warning"; readonly time: number; readonly message: string }
  /** The command ends here, for a reason that concerns no node, such as a network that can't be evaluated. */
  | { readonly type: "command-failed"; readonly time: number; readonly message: string }
  /** The end of a deployment. `ok`: every machine is on its new system, or was passed over as its node allows. */
  | {
      readonly type: "summary";
      readonly time: number;
      readonly outcomes: Readonly<Record<Outcome, number>>;
      readonly ok: boolean;
    };

interface StoreEvent {
  readonly time: number;
  /** Whose store works: `local`, or the host part of an SSH destination. */
  readonly place: string;
}

/** What stores do to have what nodes need. A build may be for several nodes. */
export type BuildEvent =
  | (StoreEvent & {
      readonly type: "builds-planned";
      /** Store paths of the `.drv`s that will be built, at most. */
      readonly derivations: readonly string[];
      /** Store paths that will be fetched, and their bytes packed and unpacked. */
      readonly fetched: readonly string[];
      readonly downloadSize: number;
      readonly unpackedSize: number;
    })
  | (StoreEvent & { readonly type: "building"; readonly derivation: string })
  /** A line that a builder printed. */
  | (StoreEvent & { readonly type: "build-output"; readonly derivation: string; readonly line: string })
  | (StoreEvent & { readonly type: "fetching"; readonly path: string; readonly from: string })
  /** What the store itself has to say, warnings among it. */
  | (StoreEvent & { readonly type: "store-message"; readonly message: string });

export type EventSink = (event: Event) => void;
