/** `import` of a `.drv`: the derivation in the store as the value that `derivation` gave for it. */
import { derivationOutputPath } from "../../store/derivation.ts";
import { downstreamPlaceholder, isDerivationPath, isStorePath } from "../../store/store-path.ts";
import { deepContext, outputContext } from "../eval/context.ts";
import { AttrsBuilder, lazy, NixString, type Slot, type Value } from "../eval/value.ts";
import type { EvalStore } from "../host.ts";
import { intern } from "../syntax/symbols.ts";

/** Undefined when there is no derivation at the path. */
export function importDerivation(store: EvalStore, path: string): Value | undefined {
  if (!isDerivationPath(path) || !isStorePath(path) || !store.has(path)) return undefined;
  const derivation = store.readDerivation(path);
  const names = [...derivation.outputs.keys()].sort();
  const outputs: Slot[] = names.map((name) => lazy(() => output(name)));
  const output = (name: string): Value => {
    const builder = new AttrsBuilder();
    for (const [index, each] of names.entries()) builder.set(intern(each), outputs[index]!);
    const known = derivationOutputPath(derivation.name, derivation.outputs.get(name)!);
    const outPath = known ?? downstreamPlaceholder(path, name);
    return builder
      .set(intern("all"), outputs)
      .set(intern("drvPath"), new NixString(path, deepContext(path)))
      .set(intern("name"), derivation.env.get("name") ?? derivation.name)
      .set(intern("outPath"), new NixString(outPath, outputContext(path, name)))
      .set(intern("outputName"), name)
      .set(intern("type"), "derivation")
      .build();
  };
  return names.length === 0 ? undefined : output(names[0]!);
}
