/** Flags that several commands have. */
import * as text from "../text.ts";

export const fileFlag = {
  kind: "parsed",
  parse: String,
  brief: text.flags.file,
  placeholder: "file",
  optional: true,
} as const;

export const showTraceFlag = {
  kind: "boolean",
  brief: text.flags.showTrace,
  default: false,
  withNegated: false,
} as const;

export const identityFlag = {
  kind: "parsed",
  parse: String,
  brief: text.flags.identity,
  placeholder: "file",
  optional: true,
  variadic: true,
} as const;

export const lockedFlag = {
  kind: "boolean",
  brief: text.flags.locked,
  default: false,
  withNegated: false,
} as const;

/** `--no-progress` */
export const progressFlag = {
  kind: "boolean",
  brief: text.flags.progress,
  default: true,
} as const;

/** `--no-eval-cache`, as Nix calls it. */
export const evalCacheFlag = {
  kind: "boolean",
  brief: text.flags.evalCache,
  default: true,
} as const;

export function positiveInteger(input: string): number {
  if (!/^[1-9][0-9]*$/.test(input)) throw new Error(`'${input}' is not a whole number above 0`);
  return Number(input);
}
