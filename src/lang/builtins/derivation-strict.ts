/**
 * From a set of attributes to a derivation in the store (Nix manual, "Derivations" and "Advanced Attributes").
 * The order in which attributes are evaluated, by name, shows in what fails first.
 */
import {
  type Derivation,
  type DerivationOutput,
  derivationOutputPath,
  fillInOutputs,
} from "../../store/derivation.ts";
import { StoreError } from "../../store/errors.ts";
import { parseHashAllowEmpty } from "../../store/hash.ts";
import {
  checkStorePathName,
  derivationExtension,
  downstreamPlaceholder,
  isDerivationPath,
  outputPlaceholder,
} from "../../store/store-path.ts";
import { deepContext, outputContext, parseContextElement } from "../eval/context.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { Attrs, NixString, type Slot, type Value } from "../eval/value.ts";
import type { EvalStore } from "../host.ts";
import { formatPos, noPos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import { type Collected, collectAttributes } from "./derivation-attributes.ts";

const nameSymbol = intern("name");

export function derivationStrict(evaluator: Evaluator, slot: Slot): Value {
  const attrs = evaluator.forceAttrs(slot, noPos, "the argument passed to builtins.derivationStrict");
  const nameSlot = attrs.get(nameSymbol);
  if (nameSlot === undefined) {
    throw new NixError("missingAttribute", "attribute 'name' missing").addTrace(
      noPos,
      "in the attrset passed as argument to builtins.derivationStrict",
    );
  }
  const namePos = attrs.positionOf(nameSymbol);
  const what = "the `name` attribute passed to builtins.derivationStrict";
  let name: string;
  try {
    name = evaluator.forceString(nameSlot, noPos, what, undefined);
  } catch (error) {
    if (error instanceof NixError)
      error.addTrace(namePos, "while evaluating the derivation attribute 'name'");
    throw error;
  }
  try {
    checkName(name);
    return makeDerivation(evaluator, name, collectAttributes(evaluator, name, attrs));
  } catch (error) {
    if (error instanceof NixError) {
      const where = formatPos(namePos) ?? "an unknown place";
      const message = `while evaluating derivation '${name}'\n  whose name attribute is located at ${where}`;
      error.addFrame({ pos: noPos, message, always: true });
    }
    throw error;
  }
}

function checkName(name: string): void {
  try {
    checkStorePathName(name);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const message = `invalid derivation name: ${error.message}. Please pass a different 'name'.`;
    throw new NixError("eval", message, { cause: error });
  }
}

function makeDerivation(evaluator: Evaluator, name: string, collected: Collected): Value {
  const { store } = evaluator.host;
  const { builder, system } = collected;
  if (builder === "") throw new NixError("eval", "required attribute 'builder' missing");
  if (system === "") throw new NixError("eval", "required attribute 'system' missing");
  checkExtension(name, collected);

  const inputs = collectInputs(store, collected.context);
  const { outputs, variables } = outputsOf(evaluator, name, collected);
  const { env } = collected;
  for (const [variable, text] of variables) env.set(variable, text);
  const unfinished: Derivation = {
    name,
    outputs,
    ...inputs,
    system,
    builder,
    args: collected.args,
    env,
  };
  const isInputAddressed = [...outputs.values()].every((output) => output.type === "deferred");
  const derivation = isInputAddressed
    ? asNixErrors("store", () => fillInOutputs(unfinished, (path) => store.derivationHash(path)))
    : unfinished;
  return strictResult(derivation, store.addDerivation(derivation));
}

/** The path of the derivation, and for each output its path or what stands for it. */
function strictResult(derivation: Derivation, path: string): Attrs {
  const result: [string, Slot][] = [["drvPath", new NixString(path, deepContext(path))]];
  for (const [name, output] of derivation.outputs) {
    const text = derivationOutputPath(derivation.name, output) ?? downstreamPlaceholder(path, name);
    result.push([name, new NixString(text, outputContext(path, name))]);
  }
  return Attrs.fromEntries(result);
}

function checkExtension(name: string, { outputs, method }: Collected): void {
  if (!isDerivationPath(name)) return;
  if (method === "text" && outputs.length === 1 && outputs[0] === "out") return;
  throw new NixError(
    "eval",
    `derivation names are allowed to end in '${derivationExtension}' only if they produce a single derivation file`,
  );
}

/** The outputs as they are known before the hash of the derivation is, and the variables that say them to the builder. */
function outputsOf(
  evaluator: Evaluator,
  name: string,
  collected: Collected,
): { outputs: Map<string, DerivationOutput>; variables: Map<string, string> } {
  const { outputs: names, outputHash, algorithm, method } = collected;
  if (outputHash !== undefined) {
    if (names.length !== 1 || names[0] !== "out") {
      throw new NixError("eval", "multiple outputs are not supported in fixed-output derivations");
    }
    const warn = (message: string) => evaluator.host.message("warning", message);
    const hash = asNixErrors("eval", () => parseHashAllowEmpty(outputHash, algorithm, warn));
    const output: DerivationOutput = { type: "fixed", method: method ?? "flat", hash };
    const path = asNixErrors("eval", () => derivationOutputPath(name, output)) ?? "";
    return { outputs: new Map([["out", output]]), variables: new Map([["out", path]]) };
  }
  if (collected.contentAddressed && collected.impure) {
    throw new NixError("eval", "derivation cannot be both content-addressed and impure");
  }
  if (!collected.contentAddressed && !collected.impure) {
    return {
      outputs: new Map(names.map((output) => [output, { type: "deferred" }])),
      variables: new Map(names.map((output) => [output, ""])),
    };
  }
  const output: DerivationOutput = {
    type: collected.impure ? "impure" : "floating",
    method: method ?? "nar",
    algorithm: algorithm ?? "sha256",
  };
  return {
    outputs: new Map(names.map((each) => [each, output])),
    variables: new Map(names.map((each) => [each, outputPlaceholder(each)])),
  };
}

/** Everything that the strings of the derivation refer to becomes an input of it. */
function collectInputs(
  store: EvalStore,
  context: ReadonlySet<string>,
): Pick<Derivation, "inputDerivations" | "inputSources"> {
  const inputDerivations = new Map<string, Set<string>>();
  const inputSources = new Set<string>();
  const addOutput = (derivation: string, output: string) => {
    const outputs = inputDerivations.get(derivation);
    if (outputs === undefined) inputDerivations.set(derivation, new Set([output]));
    else outputs.add(output);
  };
  for (const text of context) {
    const element = parseContextElement(text);
    switch (element.type) {
      case "path":
        inputSources.add(element.path);
        break;
      case "output":
        addOutput(element.derivation, element.output);
        break;
      case "deep":
        // The builder may see all that the derivation consists of, so all of it must be there when it runs.
        for (const path of closureOf(store, element.derivation)) {
          inputSources.add(path);
          if (!isDerivationPath(path)) continue;
          for (const output of store.readDerivation(path).outputs.keys()) addOutput(path, output);
        }
    }
  }
  return { inputDerivations, inputSources };
}

function closureOf(store: EvalStore, path: string): ReadonlySet<string> {
  const closure = new Set([path]);
  for (const each of closure) for (const reference of store.references(each)) closure.add(reference);
  return closure;
}
