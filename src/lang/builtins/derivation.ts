/** `derivation`, and `derivationStrict` behind it. */

import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { updateAttrs } from "../eval/update.ts";
import { type Attrs, AttrsBuilder, force, lazy, type Slot, type Value } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";
import { derivationStrict } from "./derivation-strict.ts";

export function derivationFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "derivationStrict",
      arity: 1,
      global: true,
      doc: "Puts the derivation that the set describes into the store; gives its path and those of its outputs.",
      fn: (attrs) => derivationStrict(evaluator, attrs),
    },
    {
      name: "derivation",
      arity: 1,
      global: true,
      doc: "The set of attributes, extended with one attribute for each of its `outputs`. The derivation is made when one of its paths is asked for.",
      fn: (attrs) => derivation(evaluator, attrs),
    },
  ];
}

const symbols = {
  all: intern("all"),
  drvAttrs: intern("drvAttrs"),
  drvPath: intern("drvPath"),
  outPath: intern("outPath"),
  outputName: intern("outputName"),
  outputs: intern("outputs"),
  type: intern("type"),
};

function derivation(evaluator: Evaluator, slot: Slot): Value {
  const drvAttrs = evaluator.forceAttrs(slot, noPos, "the argument passed to builtins.derivation");
  const strict = lazy(() => derivationStrict(evaluator, drvAttrs));
  const fromStrict = (name: string): Value => {
    const found = (force(strict) as Attrs).getByName(name);
    if (found === undefined) throw new NixError("missingAttribute", `attribute '${name}' missing`);
    return force(found);
  };
  const names = outputNames(evaluator, drvAttrs);
  const outputs: Slot[] = names.map((outputName) => lazy(() => output(outputName)));
  const all: Slot = lazy(() => outputs.map((each) => lazy(() => force(each))));

  const output = (outputName: string): Attrs => {
    const builder = new AttrsBuilder();
    // The first of two outputs of one name counts, as in `listToAttrs`.
    for (let i = names.length - 1; i >= 0; i--) builder.set(intern(names[i]!), outputs[i]!);
    builder
      .set(symbols.all, all)
      .set(symbols.drvAttrs, drvAttrs)
      .set(
        symbols.outPath,
        lazy(() => fromStrict(outputName)),
      )
      .set(
        symbols.drvPath,
        lazy(() => fromStrict("drvPath")),
      )
      .set(symbols.type, "derivation")
      .set(symbols.outputName, outputName);
    return updateAttrs(drvAttrs, builder.build());
  };
  const first = outputs[0];
  if (first === undefined) throw new NixError("eval", "derivation cannot have an empty set of outputs");
  return force(first);
}

function outputNames(evaluator: Evaluator, drvAttrs: Attrs): string[] {
  const outputs = drvAttrs.get(symbols.outputs);
  if (outputs === undefined) return ["out"];
  const what = "the `outputs` attribute passed to builtins.derivation";
  const pos = drvAttrs.positionOf(symbols.outputs);
  return evaluator
    .forceList(outputs, pos, what)
    .map((name) => evaluator.forceString(name, pos, what, undefined));
}
