/** One try of a health check. */
import type { NodeSession } from "../session.ts";

export type Finding =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** What is wrong, in one line. */
      readonly problem: string;
      /** What was printed or answered, line by line. */
      readonly output: readonly string[];
    };

export interface Try {
  readonly session: NodeSession;
  /** Seconds that it may take. */
  readonly timeout: number;
  /** Aborts when the time is up, or when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

export const fine: Finding = { ok: true };

export function wrong(problem: string, output: readonly string[] = []): Finding {
  return { ok: false, problem, output };
}

/** What went wrong, in words, without a stack. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
