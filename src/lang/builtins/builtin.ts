/**
 * How builtins are defined: each file of this folder has one topic and exports a function that takes the
 * evaluator and returns its builtins. `index.ts` puts them together.
 */
import type { Evaluator } from "../eval/evaluator.ts";
import type { Slot, Value } from "../eval/value.ts";

export interface Builtin {
  /** As in `builtins.<name>`. */
  readonly name: string;
  readonly arity: number;
  /** Markdown, in our own words; the manual's section is "Built-in Functions". */
  readonly doc: string;
  /** Gets `arity` slots, returns a value in weak head normal form. */
  readonly fn: (...args: Slot[]) => Value;
  /**
   * `global`: also visible without `builtins.` under its own name (`map`, `toString`, `import`...).
   * All others are visible as `__name` only, as in Nix.
   */
  readonly global?: true;
}

export type BuiltinFamily = (evaluator: Evaluator) => readonly Builtin[];
