/** Flags that several commands have. */
import { proposeNodes } from "../node-names.ts";
import * as text from "../text.ts";

/** Off, unless it is given. */
export function switchFlag(brief: string) {
  return { kind: "boolean", brief, default: false, withNegated: false } as const;
}

export const fileFlag = {
  kind: "parsed",
  parse: String,
  brief: text.flags.file,
  placeholder: "file",
  optional: true,
} as const;

/** Of commands that answer. */
export const jsonFlag = switchFlag(text.flags.json);

/** Of commands that tell events. */
export const jsonEventsFlag = switchFlag(text.flags.jsonEvents);

export const showTraceFlag = switchFlag(text.flags.showTrace);

export const identityFlag = {
  kind: "parsed",
  parse: String,
  brief: text.flags.identity,
  placeholder: "file",
  optional: true,
  variadic: true,
} as const;

export const lockedFlag = switchFlag(text.flags.locked);

/** `--on`, of commands whose arguments are no nodes. */
export function nodesFlag(brief: string) {
  return {
    kind: "parsed",
    parse: String,
    brief,
    placeholder: "node",
    optional: true,
    variadic: true,
    proposeCompletions: proposeNodes,
  } as const;
}

/** `--parallel` */
export function parallelFlag(brief: string) {
  return { kind: "parsed", parse: positiveInteger, brief, default: "16", placeholder: "n" } as const;
}

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
