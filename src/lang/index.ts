/** The Nix language, for the rest of Nixus: source text in, lazy values out. */
export type { Builtin, BuiltinFamily } from "./builtins/builtin.ts";
export { NixError, type NixErrorKind, type TraceFrame } from "./eval/errors.ts";
export { createEvaluator, type EvaluatorOptions } from "./eval/evaluation.ts";
export type { CoercionOptions, EvalSettings, Evaluator, SearchPathEntry } from "./eval/evaluator.ts";
export { describeType, printValue, showBriefly, showValue } from "./eval/print.ts";
export { type ShowErrorOptions, showError } from "./eval/show-error.ts";
export { languageError } from "./eval/stack.ts";
export { didYouMean, nearMisses } from "./eval/suggestions.ts";
export {
  Attrs,
  AttrsBuilder,
  type Context,
  emptyAttrs,
  force,
  Lambda,
  type List,
  lazy,
  NixPath,
  NixString,
  PrimOp,
  PrimOpApp,
  type Slot,
  stringValue,
  Thunk,
  type Value,
} from "./eval/value.ts";
export type { EvalHost, EvalStore, FileType } from "./host.ts";
export { formatPos, noPos, type Origin, type Pos } from "./syntax/positions.ts";
export { intern, type Sym, symbolName } from "./syntax/symbols.ts";
