/** Paths given to builtins that read: what their context refers to must be there, and links are followed. */
import { derivationOutputPath } from "../../store/derivation.ts";
import { parseContextElement } from "../eval/context.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import type { Slot } from "../eval/value.ts";
import type { EvalStore } from "../host.ts";
import { resolveSymlinks } from "../symlinks.ts";
import { noPos } from "../syntax/positions.ts";

/** Whether and how far symbolic links are followed: wholly, all but the last component, not at all. */
export type LinkMode = "full" | "ancestors" | "none";

/** The path that a slot means, which can be read. `what` continues "while evaluating". */
export function realisePath(
  evaluator: Evaluator,
  slot: Slot,
  what: string,
  links: LinkMode = "full",
): string {
  const context = new Set<string>();
  const path = evaluator.coerceToPath(slot, noPos, what, context);
  try {
    requireContext(evaluator, context);
    return links === "none" ? path : resolveSymlinks(evaluator.host, path, links);
  } catch (error) {
    if (error instanceof NixError) error.addTrace(noPos, `while realising the context of path '${path}'`);
    throw error;
  }
}

/** Fails unless everything that a context refers to is there: nothing is built during an evaluation. */
export function requireContext({ host: { store }, settings }: Evaluator, context: Iterable<string>): void {
  for (const text of context) {
    const element = parseContextElement(text);
    switch (element.type) {
      case "path":
        requirePath(store, element.path);
        break;
      case "deep":
        requirePath(store, element.derivation);
        break;
      case "output":
        if (settings.importFromDerivation === false) throw noImportFromDerivation(element);
        requireOutput(store, element.derivation, element.output);
    }
  }
}

/** Also where the output is there. */
function noImportFromDerivation({ derivation, output }: { derivation: string; output: string }): NixError {
  const why = "because the option 'allow-import-from-derivation' is disabled";
  return new NixError("store", `cannot build '${derivation}^${output}' during evaluation ${why}`);
}

function requirePath(store: EvalStore, path: string): void {
  if (!store.has(path)) throw new NixError("store", `path '${path}' is not valid`);
}

function requireOutput(store: EvalStore, derivationPath: string, name: string): void {
  const derivation = store.readDerivation(derivationPath);
  const output = derivation.outputs.get(name);
  const path = output && derivationOutputPath(derivation.name, output);
  if (path !== undefined && store.has(path)) return;
  throw new NixError(
    "store",
    `cannot build '${derivationPath}^${name}' during evaluation: import from derivation needs a Nix that builds it, ` +
      "and there is none here",
  );
}
