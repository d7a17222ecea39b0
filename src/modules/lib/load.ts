/** The `lib` that modules in the Nix language receive: the .nix files beside this one, and natives.ts. */
import { readFileSync } from "node:fs";
import { NixError } from "../../lang/eval/errors.ts";
import { explainMissing } from "../../lang/eval/suggestions.ts";
import { Attrs, PrimOp, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { fromBytes } from "../../store/bytes.ts";
import { ownFile } from "../own-files.ts";
import type { ModuleSystem } from "../system.ts";
import { nativeFunctions } from "./natives.ts";

/** The name under which `default.nix` finds the library; see {@link ModuleSystem.lib}. */
export const libGlobal = "__nixusLib";

/** The attribute of `lib` that a file makes: `fixed-points.nix` is `fixedPoints`. */
function subset(file: string): string {
  return file.replace(/\.nix$/, "").replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

const noteOf = (prefix: string) => (name: string) =>
  `The lib of Nixus has no \`${prefix}${name}'. If nixpkgs' own lib has it, use that one: ` +
  `\`(import <nixpkgs/lib>).${prefix.slice("lib.".length)}${name}', or \`import "\${nixpkgs}/lib"' of a nixpkgs that is fetched ` +
  "or a flake's input. Values of the two go together.";

export function loadLib(system: ModuleSystem): Attrs {
  const { evaluator } = system;
  // Read here and not through the evaluation's host: they are part of the program, not of what is evaluated.
  const evalFile = (file: string): Value =>
    evaluator.evalString(
      fromBytes(readFileSync(ownFile(`modules/lib/${file}`))),
      { kind: "builtin", name: `<nixus/lib/${file}>` },
      "/",
    );
  const load = new PrimOp("load", 2, (file, args) => {
    const name = evaluator.forceString(file!, noPos, "the name of a file of lib", undefined);
    const part = evaluator.call(evalFile(name), args!);
    if (part instanceof Attrs) explainMissing(part, noteOf(`lib.${subset(name)}.`));
    return part;
  });
  const lib = evaluator.call(
    evalFile("lib.nix"),
    Attrs.fromEntries([
      ["native", nativeFunctions(system)],
      ["load", load],
    ]),
  );
  if (lib instanceof Attrs) {
    explainMissing(lib, noteOf("lib."));
    return lib;
  }
  throw new NixError("eval", "the library is not a set");
}
