/** What goes between the command and the thread that evaluates. Plain data only; texts are JavaScript strings. */
import type { EvaluatedNetwork, EvaluatedSecrets } from "../../fleet/evaluated.ts";
import type { SshGraph } from "../../fleet/modules/ssh/graph.ts";
import type { Assignments } from "../../fleet/network/assign.ts";
import type { Explanation } from "../../fleet/network/explain.ts";
import type { DocumentedOption } from "../../fleet/network/reference.ts";
import type { SshHost } from "../../fleet/network/ssh-host.ts";
import type { NodeSettings } from "../../fleet/settings.ts";
import type { MessageKind } from "../../lang/host.ts";
import type { Known } from "./kept.ts";

export type EvaluationRequest =
  /** All nodes, or those that the selectors mean, ready to be deployed. */
  | {
      readonly kind: "network";
      readonly file: string;
      readonly nodes: readonly string[] | undefined;
      /** Secrets without a digest are no errors: who asks updates `nixus.lock` and asks again. */
      readonly acceptsUnlockedSecrets?: boolean;
      /** What `nixus.lock` would say, instead of what it says. */
      readonly lock?: string;
    }
  /** The secrets of all nodes. */
  | { readonly kind: "secrets"; readonly file: string }
  /** How the selected nodes are deployed, without their configurations. */
  | { readonly kind: "settings"; readonly file: string; readonly nodes: readonly string[] }
  /** One value of the evaluated network. */
  | { readonly kind: "value"; readonly file: string; readonly path: string; readonly format: ValueFormat }
  /** What made a value. */
  | { readonly kind: "explain"; readonly file: string; readonly path: string }
  /** All options. */
  | { readonly kind: "options"; readonly file: string }
  /** What belongs into nixus.lock. */
  | { readonly kind: "lock"; readonly file: string }
  /** Who may log in where. */
  | { readonly kind: "ssh-graph"; readonly file: string }
  /** How a node's sshd is reached. */
  | { readonly kind: "ssh-host"; readonly file: string; readonly node: string };

export type ValueFormat = "nix" | "json";

export type EvaluationResult =
  | { readonly kind: "network"; readonly network: EvaluatedNetwork }
  | { readonly kind: "secrets"; readonly secrets: EvaluatedSecrets }
  | { readonly kind: "settings"; readonly nodes: readonly NodeSettings[] }
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "explain"; readonly explanation: Explanation }
  | { readonly kind: "options"; readonly options: readonly DocumentedOption[] }
  | { readonly kind: "lock"; readonly assignments: Assignments }
  | { readonly kind: "ssh-graph"; readonly graph: SshGraph }
  | { readonly kind: "ssh-host"; readonly sshHost: SshHost };

export type EvaluationMessage =
  | { readonly type: "result"; readonly result: EvaluationResult }
  /** `builtins.trace` and warnings, while it runs. */
  | { readonly type: "message"; readonly kind: MessageKind; readonly text: string }
  /** The rendered error, with its trace and source excerpt. */
  | { readonly type: "error"; readonly text: string };

export interface WorkerInput {
  readonly request: EvaluationRequest;
  readonly showTrace: boolean;
  /** Whether the result may be kept for the next time. */
  readonly useCache: boolean;
  readonly known: Known;
}
