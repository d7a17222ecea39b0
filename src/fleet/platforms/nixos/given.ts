/** Systems that nixpkgs need not evaluate, because a node's configuration says that they are there already. */
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { Attrs, force, NixPath, NixString, type Slot, type Value } from "../../../lang/eval/value.ts";
import { noPos } from "../../../lang/syntax/positions.ts";
import type { ModuleSource } from "../../../modules/module.ts";
import { isInStore } from "../../../store/store-path.ts";
import type { NixosEvaluation } from "./platform.ts";

/**
 * The evaluation where one of the modules is a configuration that was evaluated elsewhere (what `eval-config.nix`,
 * `nixosSystem` or another module set gives), or `{ system = ...; }` with a store path or a derivation. What other
 * modules say of such a node can have no effect.
 */
export function givenEvaluation(
  evaluator: Evaluator,
  modules: readonly ModuleSource[],
): NixosEvaluation | undefined {
  for (const source of modules) {
    if (source.kind !== "nix") continue;
    const value = force(source.value);
    if (!(value instanceof Attrs)) continue;
    const evaluated = evaluatedConfiguration(evaluator, value) ?? systemOnly(value);
    if (evaluated !== undefined) return evaluated;
  }
  return undefined;
}

function evaluatedConfiguration(evaluator: Evaluator, value: Attrs): NixosEvaluation | undefined {
  const type = value.getByName("_type");
  const config = value.getByName("config");
  if (type === undefined || config === undefined || force(type) !== "configuration") return undefined;
  const part = (slot: Slot) => evaluator.forceAttrs(slot, noPos, "a value of the configuration");
  return {
    get config() {
      return part(config);
    },
    get options() {
      return part(value.getByName("options") ?? Attrs.fromEntries([]));
    },
  };
}

function systemOnly(value: Attrs): NixosEvaluation | undefined {
  if (value.getByName("_type") !== undefined) return undefined;
  const system = value.getByName("system");
  if (system === undefined || !isSystem(force(system))) return undefined;
  const set = (name: string, slot: Slot) => Attrs.fromEntries([[name, slot]]);
  return { config: set("system", set("build", set("toplevel", system))), options: Attrs.fromEntries([]) };
}

function isSystem(value: Value): boolean {
  if (value instanceof Attrs) return value.getByName("outPath") !== undefined;
  if (value instanceof NixPath) return isInStore(value.path);
  const text = value instanceof NixString ? value.text : value;
  return typeof text === "string" && isInStore(text);
}
