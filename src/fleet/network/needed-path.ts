/** Store paths that a machine needs, from values of the language. */
import { parseContextElement } from "../../lang/eval/context.ts";
import { NixError } from "../../lang/eval/errors.ts";
import { force, NixPath, type Slot } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { derivationOutputPath } from "../../store/derivation.ts";
import { isInStore, isStorePath } from "../../store/store-path.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { NeededPath, PathSource } from "../evaluated.ts";
import type { Reader } from "../reader.ts";

/** A derivation, a string or a path; `option` is what it is the value of, for messages. */
export function readNeededPath(reader: Reader, store: VirtualStore, slot: Slot, option: string): NeededPath {
  const { text, context } = storeText(reader, slot);
  if (!isStorePath(text)) {
    throw new NixError("module", `'${option}' has to be a store path or a package, but it is '${text}'`);
  }
  return { path: text, source: sourceOf(store, text, context, option) };
}

function storeText(reader: Reader, slot: Slot): { text: string; context: ReadonlySet<string> } {
  const value = force(slot);
  // A path into the store means what is there; any other one is copied.
  if (value instanceof NixPath && isInStore(value.path)) return { text: value.path, context: new Set() };
  const context = new Set<string>();
  const text = reader.evaluator.coerceToString(value, noPos, "a value of the configuration", context, {
    coerceMore: false,
    copyToStore: true,
  });
  return { text, context };
}

function sourceOf(
  store: VirtualStore,
  path: string,
  context: ReadonlySet<string>,
  option: string,
): PathSource {
  for (const text of context) {
    const element = parseContextElement(text);
    if (element.type !== "output") continue;
    const { derivation, output } = element;
    const { name, outputs } = store.readDerivation(derivation);
    const found = outputs.get(output);
    const known = found && derivationOutputPath(name, found);
    if (known === path) return { type: "derivation", derivation, output };
    if (known === undefined) {
      throw new NixError(
        "store",
        `'${option}' is an output of '${derivation}' whose path is not known before it is built (a content-addressed derivation), which can't be deployed`,
      );
    }
  }
  return store.get(path) === undefined ? { type: "store" } : { type: "memory" };
}
