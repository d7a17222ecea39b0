/** What a deployment would change: the machine's answer and what is known here, put together. Pure. */
import type { Foreseen, Preview, SecretChange, UnitChanges } from "../../events/preview.ts";
import type { EvaluatedNode } from "../../fleet/evaluated.ts";
import { secretLabel } from "../../fleet/modules/secrets/secret.ts";
import type { Facts } from "../facts.ts";
import { type Step, usedSecrets } from "../plan.ts";
import { describeReasons, type ForeseenReboot } from "../reboot.ts";
import type { PreviewAnswer } from "./answer.ts";
import { type Closure, closureChange } from "./closure.ts";
import { fileChanges } from "./files.ts";
import { parseDryActivation } from "./units.ts";

export interface Looked {
  readonly node: EvaluatedNode;
  readonly facts: Facts;
  readonly steps: readonly Step[];
  readonly answer: PreviewAnswer;
  /** What the new system consists of; null: it is not built yet. */
  readonly after: Closure | null;
  readonly rebooting: ForeseenReboot;
  /** Lines of the new system's `manifest/files`. */
  readonly files: readonly string[];
  /** Why a dry activation was not even tried; null: it was. */
  readonly untried: string | null;
}

const afterBuilding = "known after building";
const afterCopying = "known after copying";

export function previewOf(looked: Looked): Preview {
  const { node, facts, steps, answer, after, files } = looked;
  return {
    system: node.toplevel,
    previous: facts.currentSystem,
    closure:
      after === null
        ? { known: false, why: afterBuilding }
        : { known: true, value: closureChange(answer.before, after) },
    files: fileChanges(answer.files, files, answer.present),
    units: unitsOf(looked),
    installs: steps.flatMap((step) => (step.type === "install-packages" ? step.packages : [])),
    secrets: secretsOf(node, steps, answer),
    reboot: rebootOf(looked),
    restart: restartOf(looked),
  };
}

/** Why the machine would refuse the new system; undefined: it would not, or that is not known. */
export function refusal({ answer, facts, rebooting }: Looked): string | undefined {
  if (rebooting.type === "refuse") return rebooting.problem;
  const { activation } = answer;
  // What it needs may be in packages that are not there yet.
  if (activation === null || activation.status === 0 || facts.missingPackages.length > 0) return undefined;
  if (activation.status === timedOut) return "the dry activation took too long";
  const errors = activation.output.filter((line) => line.startsWith("error: "));
  const said = (errors.length > 0 ? errors : activation.output.slice(-5)).map((line) =>
    line.replace(/^error: /, ""),
  );
  return `the machine would refuse the new system (exit status ${activation.status}): ${said.join("; ") || "it does not say why"}`;
}

/** Of timeout(1). */
const timedOut = 124;

function unitsOf({ answer, facts, untried }: Looked): Foreseen<UnitChanges> {
  const { activation, noActivation } = answer;
  if (untried !== null) return { known: false, why: untried };
  if (activation === null) return { known: false, why: `not known before the switch: ${noActivation}` };
  if (activation.status === 0) return { known: true, value: parseDryActivation(activation.output) };
  return facts.missingPackages.length > 0
    ? { known: false, why: "known after installing packages" }
    : { known: false, why: "the dry activation failed" };
}

function secretsOf(node: EvaluatedNode, steps: readonly Step[], { secrets }: PreviewAnswer): SecretChange {
  const sent = steps.flatMap((step) => (step.type === "secrets" ? step.secrets : []));
  const names = new Set(usedSecrets(node).map(({ name }) => name));
  const had = secrets.flatMap(
    (line) => /^(?:disk|memory) \S+ \S+ \S+ (\S+)-[0-9a-z]{32} /.exec(line)?.[1] ?? [],
  );
  return {
    sent: sent.map(({ owner }) => secretLabel(owner)),
    removed: [...new Set(had)].filter((name) => !names.has(name)).sort(),
  };
}

function rebootOf({ answer, rebooting, untried }: Looked): Foreseen<readonly string[]> {
  const packages = answer.rebootRequired ? ["packages"] : [];
  switch (rebooting.type) {
    case "later":
      return { known: false, why: untried ?? afterCopying };
    case "refuse":
      return { known: false, why: "the deployment would be refused" };
    case "live":
      return { known: true, value: [...rebooting.pending.map(({ reason }) => reason), ...packages] };
    case "reboot":
      return { known: true, value: [...rebooting.reasons.map(({ reason }) => reason), ...packages] };
  }
}

function restartOf({ rebooting }: Looked): string | null {
  if (rebooting.type !== "reboot" && rebooting.type !== "later") return null;
  return rebooting.reasons.length === 0 ? null : describeReasons(rebooting.reasons);
}
