/** The `nixos` platform: a configuration is evaluated by the node's own nixpkgs. */
import { NixError } from "../../../lang/eval/errors.ts";
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { Attrs, force, type Slot } from "../../../lang/eval/value.ts";
import { noPos } from "../../../lang/syntax/positions.ts";
import { moduleValue } from "../../../modules/sources.ts";
import type { NodeEvaluation } from "../../network/network.ts";

/** Where nixpkgs has the function that evaluates a NixOS configuration. */
const evalConfigFile = "nixos/lib/eval-config.nix";

/** What nixpkgs' evaluation of a configuration gives. */
export interface NixosEvaluation {
  readonly config: Attrs;
  readonly options: Attrs;
}

export function evaluateNixos(evaluator: Evaluator, node: NodeEvaluation): NixosEvaluation {
  if (force(node.nixpkgs) === null) {
    throw new NixError(
      "module",
      `node '${node.name}' is a NixOS machine, but 'nodes.${node.name}.nixpkgs' is not set; ` +
        "set it (for all nodes: 'defaults.nixpkgs') to the path of a nixpkgs, or 'platform' to \"linux\"",
    );
  }
  const nixpkgs = evaluator.coerceToPath(node.nixpkgs, noPos, "the nixpkgs of a node", new Set());
  const file = `${nixpkgs}/${evalConfigFile}`;
  if (evaluator.host.fileType(file) === undefined) {
    throw new NixError(
      "module",
      `'nodes.${node.name}.nixpkgs' is '${nixpkgs}', which is not a nixpkgs: it has no ${evalConfigFile}`,
    );
  }
  const evaluation = evaluator.call(
    evaluator.importFile(file),
    Attrs.fromEntries([
      ["system", node.system],
      ["modules", node.modules.map(moduleValue) satisfies Slot[]],
      ["specialArgs", Attrs.fromEntries(Object.entries(node.specialArgs))],
    ]),
  );
  const part = (name: "config" | "options"): Attrs => {
    const slot = evaluator.forceAttrs(evaluation, noPos, "a value of the configuration").getByName(name);
    if (slot === undefined) throw new NixError("module", `'${file}' gives no '${name}'; is it a nixpkgs?`);
    return evaluator.forceAttrs(slot, noPos, "a value of the configuration");
  };
  return {
    get config() {
      return part("config");
    },
    get options() {
      return part("options");
    },
  };
}
