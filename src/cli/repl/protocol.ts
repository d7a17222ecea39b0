/** What goes between the terminal and the thread that evaluates for `nixus repl`. Texts are byte strings. */
import type { EvaluationArguments } from "../arguments/evaluation.ts";

export interface ReplInput {
  readonly evaluation: EvaluationArguments;
  /** Loaded before the first line is read. */
  readonly files: readonly string[];
  readonly expressions: readonly string[];
  /** Lines that gave the session its variables, to be carried out silently: it replaces one that was interrupted. */
  readonly journal: readonly string[];
  readonly colors: boolean;
}

export type ToRepl =
  /** `isLast`: no line comes after it that could complete it. */
  | { readonly type: "line"; readonly text: string; readonly isLast: boolean }
  | { readonly type: "complete"; readonly text: string };

export type FromRepl =
  | { readonly type: "output"; readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly type: "ready"; readonly outcome: Outcome }
  | { readonly type: "completions"; readonly completion: Completion };

/** How a line ended. */
export interface Outcome {
  /** `more`: it is the beginning of something. */
  readonly next: "line" | "more" | "quit";
  /** It changed what later lines see. */
  readonly changed: boolean;
  /** A file to be opened in an editor; then everything is loaded again. */
  readonly edit?: { readonly file: string; readonly line: number | undefined } | undefined;
}

export interface Completion {
  /** The end of the text that the candidates replace. */
  readonly word: string;
  readonly candidates: readonly string[];
}
