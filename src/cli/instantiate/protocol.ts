/** What the thread that evaluates for `nixus nix-instantiate` gets and says. Texts are byte strings. */
import type { MessageKind } from "../../lang/host.ts";
import type { Invocation } from "./flags.ts";

export interface InstantiateInput {
  readonly invocation: Invocation;
}

export type InstantiateMessage =
  | { readonly type: "output"; readonly text: string }
  /** `builtins.trace` and warnings, while it runs. */
  | { readonly type: "message"; readonly kind: MessageKind; readonly text: string }
  /** The rendered error, with its trace and source excerpt; nothing comes after it. */
  | { readonly type: "error"; readonly text: string };
