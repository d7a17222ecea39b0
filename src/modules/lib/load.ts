/** The `lib` that modules in the Nix language receive: the .nix files beside this one, and natives.ts. */
import { readFileSync } from "node:fs";
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, PrimOp, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { fromBytes } from "../../store/bytes.ts";
import type { ModuleSystem } from "../system.ts";
import { nativeFunctions } from "./natives.ts";

/** The name under which `default.nix` finds the library; see {@link ModuleSystem.lib}. */
export const libGlobal = "__nixusLib";

export function loadLib(system: ModuleSystem): Attrs {
  const { evaluator } = system;
  // Read here and not through the evaluation's host: they are part of the program, not of what is evaluated.
  const evalFile = (file: string): Value =>
    evaluator.evalString(
      fromBytes(readFileSync(new URL(`./${file}`, import.meta.url))),
      { kind: "builtin", name: `<nixus/lib/${file}>` },
      "/",
    );
  const load = new PrimOp("load", 2, (file, args) => {
    const name = evaluator.forceString(file!, noPos, "the name of a file of lib", undefined);
    return evaluator.call(evalFile(name), args!);
  });
  const lib = evaluator.call(
    evalFile("lib.nix"),
    Attrs.fromEntries([
      ["native", nativeFunctions(system)],
      ["load", load],
    ]),
  );
  if (lib instanceof Attrs) return lib;
  throw new NixError("eval", "the library is not a set");
}
