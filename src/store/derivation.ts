/**
 * Derivations as data, and the hash that identifies one whatever the provenance of its inputs ("hash modulo fixed
 * outputs"), from which the paths of its outputs follow. Nix manual, "Store Derivation", and Dolstra's thesis, 5.4.
 */
import { unparseDerivation } from "./aterm.ts";
import { StoreError } from "./errors.ts";
import { type Hash, type HashAlgorithm, printHash, sha256Hex } from "./hash.ts";
import { type ContentAddressMethod, fixedOutputPath, methodPrefix, outputPath } from "./store-path.ts";

export type DerivationOutput =
  | { readonly type: "inputAddressed"; readonly path: string }
  | { readonly type: "fixed"; readonly method: ContentAddressMethod; readonly hash: Hash }
  /** Content addressed, not known before the build. */
  | { readonly type: "floating"; readonly method: ContentAddressMethod; readonly algorithm: HashAlgorithm }
  | { readonly type: "impure"; readonly method: ContentAddressMethod; readonly algorithm: HashAlgorithm }
  /** Input addressed, but an input is not known before it is built. */
  | { readonly type: "deferred" };

/** All texts are byte strings, all paths are store paths as printed; maps and sets in any order. */
export interface Derivation {
  /** Without `.drv`. */
  readonly name: string;
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
  /** Path of the derivation to the names of the outputs that are used. */
  readonly inputDerivations: ReadonlyMap<string, ReadonlySet<string>>;
  readonly inputSources: ReadonlySet<string>;
  readonly system: string;
  readonly builder: string;
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
}

/** What stands for a derivation in the hash of those that use it. Hashes are SHA-256 in base 16. */
export type DerivationHash =
  | { readonly type: "regular"; readonly hash: string }
  /** By output. */
  | { readonly type: "fixed"; readonly hashes: ReadonlyMap<string, string> }
  | { readonly type: "deferred" };

/** The path of an output, undefined when it isn't known before the build. */
export function derivationOutputPath(name: string, output: DerivationOutput): string | undefined {
  switch (output.type) {
    case "inputAddressed":
      return output.path;
    case "fixed":
      return fixedOutputPath(name, output.method, output.hash);
    case "floating":
    case "impure":
    case "deferred":
      return undefined;
  }
}

/** The hash of a finished derivation; `hashOfInput` gives that of another one by path. */
export function hashDerivation(
  derivation: Derivation,
  hashOfInput: (path: string) => DerivationHash,
): DerivationHash {
  const fixed = fixedOutputHashes(derivation);
  if (fixed !== undefined) return { type: "fixed", hashes: fixed };
  for (const output of derivation.outputs.values()) {
    if (output.type !== "inputAddressed") return { type: "deferred" };
  }
  const inputs = inputHashes(derivation, hashOfInput);
  if (inputs === undefined) return { type: "deferred" };
  return { type: "regular", hash: sha256Hex(unparseDerivation(derivation, inputs)) };
}

/**
 * The derivation with the paths of its outputs filled in, also in the variables of their names. Its outputs are
 * given as `deferred`, and stay so when an input isn't known before it is built.
 */
export function fillInOutputs(
  derivation: Derivation,
  hashOfInput: (path: string) => DerivationHash,
): Derivation {
  const inputs = inputHashes(derivation, hashOfInput);
  const masked = withoutOutputPaths(derivation);
  if (inputs === undefined) return masked;
  const hash = sha256Hex(unparseDerivation(masked, inputs));
  const env = new Map(derivation.env);
  const outputs = new Map<string, DerivationOutput>();
  for (const output of derivation.outputs.keys()) {
    const path = outputPath(derivation.name, output, hash);
    outputs.set(output, { type: "inputAddressed", path });
    env.set(output, path);
  }
  return { ...derivation, outputs, env };
}

/** With the variables of its outputs empty. */
function withoutOutputPaths(derivation: Derivation): Derivation {
  const names = [...derivation.outputs.keys()];
  if (names.every((name) => derivation.env.get(name) === "")) return derivation;
  const env = new Map(derivation.env);
  for (const name of names) env.set(name, "");
  return { ...derivation, env };
}

/** Hash of each input to the names of its outputs; undefined when one isn't known. */
function inputHashes(
  derivation: Derivation,
  hashOfInput: (path: string) => DerivationHash,
): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const inputs = new Map<string, Set<string>>();
  const add = (hash: string, output: string) => {
    const outputs = inputs.get(hash);
    if (outputs === undefined) inputs.set(hash, new Set([output]));
    else outputs.add(output);
  };
  for (const [path, outputs] of derivation.inputDerivations) {
    const input = hashOfInput(path);
    switch (input.type) {
      case "deferred":
        return undefined;
      case "regular":
        for (const output of outputs) add(input.hash, output);
        break;
      case "fixed":
        for (const output of outputs) {
          const hash = input.hashes.get(output);
          if (hash === undefined) {
            throw new StoreError(`no hash for output '${output}' of derivation '${path}'`);
          }
          add(hash, "out");
        }
    }
  }
  return inputs;
}

function fixedOutputHashes(derivation: Derivation): ReadonlyMap<string, string> | undefined {
  const hashes = new Map<string, string>();
  for (const [name, output] of derivation.outputs) {
    if (output.type !== "fixed") return undefined;
    const path = fixedOutputPath(derivation.name, output.method, output.hash);
    const digest = printHash(output.hash, "base16", false);
    const method = methodPrefix(output.method) + output.hash.algorithm;
    hashes.set(name, sha256Hex(`fixed:out:${method}:${digest}:${path}`));
  }
  return hashes.size === 0 ? undefined : hashes;
}
