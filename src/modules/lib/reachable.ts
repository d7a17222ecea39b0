/** How expressions get at the `lib`, `import <nixus/lib>`, and at the older form of networks, `import <nixus>`. */
import { fileURLToPath } from "node:url";
import type { EvaluatorOptions } from "../../lang/eval/evaluation.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { lazy } from "../../lang/eval/value.ts";
import { fromText } from "../../store/bytes.ts";
import { ownFile } from "../own-files.ts";
import { ModuleSystem } from "../system.ts";
import { libGlobal } from "./load.ts";

const reserved: Readonly<Record<string, string>> = {
  /** The older form of networks, `import <nixus> { } ...`. */
  nixus: "../default.nix",
  "nixus/lib": "modules/lib/default.nix",
};

/** The options of an evaluator that make it so; nothing of the library is loaded before it is used. */
export function reachableLib(
  evaluator: () => Evaluator,
): Pick<EvaluatorOptions, "extraGlobals" | "reservedPath"> {
  return {
    extraGlobals: { [libGlobal]: lazy(() => ModuleSystem.of(evaluator()).lib) },
    reservedPath: (name) => {
      const file = reserved[name];
      return file === undefined ? undefined : fromText(fileURLToPath(ownFile(file)));
    },
  };
}
