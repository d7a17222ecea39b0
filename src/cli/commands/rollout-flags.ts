/** Flags that say in which order and how carefully machines are deployed. */
import type { EvaluatedNetwork } from "../../fleet/evaluated.ts";
import { SelectionError, select } from "../../fleet/selection.ts";
import type { BatchSize } from "../../plan/rollout.ts";
import { UserError } from "../errors.ts";
import { proposeNodes } from "../node-names.ts";
import * as text from "../text.ts";
import { parallelFlag } from "./flags.ts";

export interface RolloutFlags {
  readonly parallel: number;
  readonly batch?: BatchSize;
  readonly canary?: readonly string[];
  readonly pause: number;
  readonly maxFailures?: number;
}

export const rolloutFlags = {
  parallel: parallelFlag(text.rollout.parallel),
  batch: {
    kind: "parsed",
    parse: parseBatch,
    brief: text.rollout.batch,
    optional: true,
    placeholder: "n|n%",
  },
  canary: {
    kind: "parsed",
    parse: String,
    brief: text.rollout.canary,
    variadic: true,
    optional: true,
    placeholder: "node|@tag",
    proposeCompletions: proposeNodes,
  },
  pause: {
    kind: "parsed",
    parse: parseDuration,
    brief: text.rollout.pause,
    default: "0",
    placeholder: "time",
  },
  maxFailures: {
    kind: "parsed",
    parse: wholeNumber,
    brief: text.rollout.maxFailures,
    optional: true,
    placeholder: "n",
  },
} as const;

/** What the flags mean for this network. Throws a UserError for canaries that there are not. */
export function rolloutOptions(flags: RolloutFlags, network: EvaluatedNetwork) {
  return {
    parallel: flags.parallel,
    batch: flags.batch ?? null,
    canaries: canariesOf(flags.canary ?? [], network),
    pause: flags.pause,
    maxFailures: flags.maxFailures ?? null,
  };
}

function canariesOf(words: readonly string[], { nodes }: EvaluatedNetwork): string[] {
  if (words.length === 0) return [];
  try {
    return select(words, nodes).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new UserError(`--canary: ${error.message} (Canaries are among the nodes that are deployed.)`, {
      cause: error,
    });
  }
}

export function parseBatch(input: string): BatchSize {
  const match = /^(\d+)(%?)$/.exec(input);
  const number = Number(match?.[1]);
  if (match?.[2] === "%" && number >= 1 && number <= 100) return { type: "share", percent: number };
  if (match?.[2] === "" && number >= 1) return { type: "count", count: number };
  throw new Error(`'${input}' is neither a number of machines above 0 nor a share from 1% to 100%`);
}

/** Milliseconds: `30`, `30s`, `5m`, `1h`. */
export function parseDuration(input: string): number {
  const match = /^(\d+)([smh]?)$/.exec(input);
  if (match === null) throw new Error(`'${input}' is no time; write e.g. 30s, 5m or 1h`);
  const units = { "": 1000, s: 1000, m: 60_000, h: 3_600_000 };
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

export function wholeNumber(input: string): number {
  if (!/^\d+$/.test(input)) throw new Error(`'${input}' is not a whole number`);
  return Number(input);
}
