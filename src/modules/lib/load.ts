/** The `lib` that modules in the Nix language receive. */
import type { Attrs } from "../../lang/eval/value.ts";
import { emptyAttrs } from "../../lang/eval/value.ts";
import type { ModuleSystem } from "../system.ts";

export function loadLib(_: ModuleSystem): Attrs {
  return emptyAttrs;
}
