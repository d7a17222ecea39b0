/** A network that is an output of a flake: its file is written `/path/to/flake.nix#network`. Byte strings. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { Attrs, force, lazy, NixPath, type Slot } from "../../lang/eval/value.ts";
import { parseAttrPath } from "../attr-path.ts";

const flakeFile = /^(.*)\/flake\.nix#(.+)$/;

/** The network as a module: the file itself, or the output of the flake. */
export function networkValue(evaluator: Evaluator, file: string): Slot {
  const match = flakeFile.exec(file);
  if (match === null) return new NixPath(file);
  const [, directory = "", path = ""] = match;
  return lazy(() => outputOf(evaluator, directory, path));
}

function outputOf(evaluator: Evaluator, directory: string, path: string) {
  let slot: Slot = evaluator.call(evaluator.builtins.getByName("getFlake")!, directory);
  for (const name of parseAttrPath(path)) {
    const value = force(slot);
    const found = value instanceof Attrs ? value.getByName(name) : undefined;
    if (found === undefined) {
      throw new NixError(
        "eval",
        `the flake '${directory}' has no output '${path}', which should be the network`,
      );
    }
    slot = found;
  }
  return force(slot);
}
