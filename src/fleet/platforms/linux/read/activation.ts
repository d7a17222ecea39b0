/** `system.activationScripts` in the order in which they run, and `system.preSwitchChecks`. */
import { NixError } from "../../../../lang/eval/errors.ts";
import type { Attrs } from "../../../../lang/eval/value.ts";
import type { Reader } from "../../../reader.ts";
import type { ActivationScript } from "../system.ts";

interface Script extends ActivationScript {
  readonly deps: readonly string[];
}

export function readActivationScripts(reader: Reader, config: Attrs): ActivationScript[] {
  const scripts = reader.entries(reader.at(config, "system", "activationScripts"), (name, slot): Script => {
    const script = reader.attrs(slot);
    const option = `system.activationScripts.${name}`;
    return {
      name,
      text: reader.text(reader.at(script, "text")),
      deps: reader.strings(reader.at(script, "deps"), `${option}.deps`),
    };
  });
  return inOrder(scripts).map(({ name, text }) => ({ name, text }));
}

/** By name. */
export function readPreSwitchChecks(reader: Reader, config: Attrs): ActivationScript[] {
  return reader.entries(reader.at(config, "system", "preSwitchChecks"), (name, slot) => ({
    name,
    text: reader.text(slot),
  }));
}

/** Each after those it depends on; otherwise by name. */
function inOrder<T extends { readonly name: string; readonly deps: readonly string[] }>(
  scripts: readonly T[],
): T[] {
  const byName = new Map(scripts.map((script) => [script.name, script]));
  const done: T[] = [];
  const state = new Map<string, "begun" | "done">();
  const visit = (script: T, chain: readonly string[]) => {
    const chainHere = [...chain, script.name];
    switch (state.get(script.name)) {
      case "done":
        return;
      case "begun":
        throw new NixError(
          "module",
          `system.activationScripts depend on each other in a circle: ${chainHere.join(" -> ")}`,
        );
      case undefined:
        state.set(script.name, "begun");
        for (const dep of script.deps) {
          const found = byName.get(dep);
          if (found === undefined) {
            throw new NixError(
              "module",
              `'system.activationScripts.${script.name}.deps' names '${dep}', but there is no such script`,
            );
          }
          visit(found, chainHere);
        }
        state.set(script.name, "done");
        done.push(script);
    }
  };
  for (const script of scripts) visit(script, []);
  return done;
}
