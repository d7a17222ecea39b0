/** The Nix language, for the rest of Nixus: source text in, lazy values out. */
export { NixError } from "./eval/errors.ts";
export { createEvaluator } from "./eval/evaluation.ts";
export { printValue } from "./eval/print.ts";
export { showError } from "./eval/show-error.ts";
export { force, NixString, type Value } from "./eval/value.ts";
