/**
 * Whether a machine is switched to its new system while it runs, or restarted into it. Decided when the system is on the
 * machine, from the answer of `src/deploy/target/reboot.sh`, and before anything is changed. Pure.
 */

import type { RebootPolicy } from "../fleet/settings.ts";
import { lazySchema, zod } from "../store/schema.ts";
import { readAnswer } from "./answer.ts";
import { type LiveSwitch, rebootNeeded } from "./live-switch.ts";

/** What of a system only a restart replaces, by the names that NixOS gives them in it. */
const bootParts = ["kernel", "initrd", "kernel-modules", "kernel-params"] as const;
type BootPart = (typeof bootParts)[number];

/** Why a machine is to be restarted. */
export type RebootReason =
  | { readonly reason: BootPart }
  /** The system must not be switched to while the machine runs, since it changes these. */
  | { readonly reason: "inhibitors"; readonly changes: readonly string[] }
  | { readonly reason: "asked" };

/** What the machine says of a system that is on it. */
export interface RebootFacts {
  /** Parts of it that are not those which the machine was started with. */
  readonly differs: readonly BootPart[];
  /** By which means the machine can start a system once; null where it has none. */
  readonly selector: string | null;
  /** Why not; empty where it has one. */
  readonly selectorProblem: string;
}

export type RebootPlan =
  /** `pending`: what of it takes effect after a reboot only. */
  | { readonly type: "live"; readonly pending: readonly RebootReason[] }
  | {
      readonly type: "reboot";
      readonly reasons: readonly RebootReason[];
      readonly selector: string;
    }
  /** Nothing may be done. */
  | { readonly type: "refuse"; readonly problem: string };

/** What is known of it before the deployment. */
export type ForeseenReboot =
  | RebootPlan
  /** The system can't be asked yet; `reasons` hold whatever it will say. */
  | { readonly type: "later"; readonly reasons: readonly RebootReason[] };

/** What came over the connection is not what the script prints. */
export class RebootFactsError extends Error {
  override readonly name = "RebootFactsError";
}

export function planReboot(policy: RebootPolicy, live: LiveSwitch, facts: RebootFacts): RebootPlan {
  if (live.type === "impossible") return { type: "refuse", problem: live.problem };
  const needed: RebootReason[] = facts.differs.map((reason) => ({ reason }));
  if (live.type === "needs-reboot") needed.push({ reason: "inhibitors", changes: live.reasons });
  switch (policy) {
    case "never":
      if (live.type === "needs-reboot") {
        return {
          type: "refuse",
          problem: `${rebootNeeded(live.reasons)}, and nothing was changed; deploy with --reboot, or set the node's rebootPolicy to "ifNeeded"`,
        };
      }
      return { type: "live", pending: needed };
    case "ifNeeded":
      return needed.length === 0 ? { type: "live", pending: [] } : throughBoot(needed, facts);
    case "always":
      return throughBoot(needed.length === 0 ? [{ reason: "asked" }] : needed, facts);
  }
}

function throughBoot(reasons: readonly RebootReason[], facts: RebootFacts): RebootPlan {
  if (facts.selector !== null) return { type: "reboot", reasons, selector: facts.selector };
  return {
    type: "refuse",
    problem: `a reboot is due (${describeReasons(reasons)}), but the machine can't start a system once and be sure to be back on its previous one after that: ${facts.selectorProblem}; nothing was changed. Set the node's bootSelector, or its rebootPolicy to "never"`,
  };
}

/** For people: `another kernel, another initrd`. */
export function describeReasons(reasons: readonly RebootReason[]): string {
  return reasons.map(describeReason).join(", ");
}

function describeReason(reason: RebootReason): string {
  switch (reason.reason) {
    case "kernel":
    case "initrd":
    case "kernel-modules":
    case "kernel-params":
      return `another ${reason.reason}`;
    case "inhibitors":
      return `it can't be switched to while the machine runs, as it changes ${reason.changes.join(", ")}`;
    case "asked":
      return 'its rebootPolicy is "always"';
  }
}

const schema = lazySchema((z) =>
  z.object({
    differs: z.array(z.enum(bootParts)),
    selector: z.string().nullable(),
    selectorProblem: z.string(),
  }),
);

/** Parses the script's output; lines before it are ignored. Throws a RebootFactsError. */
export function parseRebootFacts(output: string): RebootFacts {
  const all = readAnswer(output.split("\n"), "reboot");
  if (all === undefined) throw new RebootFactsError("the machine's answer holds no facts about a reboot");
  const parsed = schema().safeParse({
    differs: all("differs"),
    selector: all("selector")[0] ?? null,
    selectorProblem: all("selectorProblem")[0] ?? "",
  });
  if (!parsed.success) {
    throw new RebootFactsError(
      `unexpected facts in the machine's answer: ${zod().prettifyError(parsed.error)}`,
      {
        cause: parsed.error,
      },
    );
  }
  return parsed.data;
}
