/** The `nixos` platform: a configuration is evaluated by the node's own nixpkgs. */
import { fileURLToPath } from "node:url";
import { NixError } from "../../../lang/eval/errors.ts";
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { Attrs, force, NixPath, type Slot, type Value } from "../../../lang/eval/value.ts";
import { resolveSymlinks } from "../../../lang/symlinks.ts";
import { noPos } from "../../../lang/syntax/positions.ts";
import { moduleValue } from "../../../modules/sources.ts";
import { ModuleSystem } from "../../../modules/system.ts";
import { fromBytes, fromText } from "../../../store/bytes.ts";
import { nixosSecretsModule } from "../../modules/secrets/nixos.ts";
import type { NodeEvaluation } from "../../network/network.ts";
import { givenEvaluation } from "./given.ts";
import { moduleForNixpkgs } from "./script-modules.ts";

/** Where nixpkgs has the function that evaluates a NixOS configuration. */
const evalConfigFile = "nixos/lib/eval-config.nix";

/** A module that every machine gets. */
const sshdModule = new NixPath(fromText(fileURLToPath(new URL("./sshd.nix", import.meta.url))));

/** The first release whose module system has what networks rely on. */
const oldestRelease = "20.09";

/** What nixpkgs' evaluation of a configuration gives. */
export interface NixosEvaluation {
  readonly config: Attrs;
  readonly options: Attrs;
}

export function evaluateNixos(evaluator: Evaluator, node: NodeEvaluation): NixosEvaluation {
  return givenEvaluation(evaluator, node.modules) ?? evaluateWithNixpkgs(evaluator, node);
}

function evaluateWithNixpkgs(evaluator: Evaluator, node: NodeEvaluation): NixosEvaluation {
  const file = findEvalConfig(evaluator, node);
  const system = ModuleSystem.of(evaluator);
  const evaluation = evaluator.call(
    evaluator.importFile(file),
    Attrs.fromEntries([
      ["system", node.system],
      [
        "modules",
        [
          ...node.modules.map((source) => moduleValue(moduleForNixpkgs(system, source))),
          sshdModule,
          nixosSecretsModule(evaluator, node.name),
        ] satisfies Slot[],
      ],
      ["specialArgs", Attrs.fromEntries(Object.entries(node.specialArgs))],
    ]),
  );
  return new Evaluated(evaluator, evaluation, file);
}

/**
 * A class, not an object with accessors of its own: V8 keeps the functions of those with the object's hidden class, where its
 * young collections take them, and all that an evaluation has made, for alive.
 */
class Evaluated implements NixosEvaluation {
  private readonly evaluator: Evaluator;
  private readonly evaluation: Value;
  private readonly file: string;

  constructor(evaluator: Evaluator, evaluation: Value, file: string) {
    this.evaluator = evaluator;
    this.evaluation = evaluation;
    this.file = file;
  }

  get config(): Attrs {
    return this.part("config");
  }

  get options(): Attrs {
    return this.part("options");
  }

  private part(name: "config" | "options"): Attrs {
    const { evaluator, evaluation, file } = this;
    const slot = evaluator.forceAttrs(evaluation, noPos, "a value of the configuration").getByName(name);
    if (slot === undefined) throw new NixError("module", `'${file}' gives no '${name}'; is it a nixpkgs?`);
    return evaluator.forceAttrs(slot, noPos, "a value of the configuration");
  }
}

function findEvalConfig(evaluator: Evaluator, node: NodeEvaluation): string {
  const option = `nodes.${node.name}.nixpkgs`;
  if (force(node.nixpkgs) === null) {
    throw new NixError(
      "module",
      `node '${node.name}' is a NixOS machine, but '${option}' is not set; ` +
        "set it (for all nodes: 'defaults.nixpkgs') to the path of a nixpkgs, lock one as the input or pin 'nixpkgs' beside the network file (flake.lock, npins), or set 'platform' to \"linux\"",
    );
  }
  const nixpkgs = evaluator.coerceToPath(node.nixpkgs, noPos, "the nixpkgs of a node", new Set());
  const file = `${nixpkgs}/${evalConfigFile}`;
  if (evaluator.host.fileType(file) === undefined) {
    throw new NixError(
      "module",
      `'${option}' is '${nixpkgs}', which is not a nixpkgs: it has no ${evalConfigFile}`,
    );
  }
  const release = releaseOf(evaluator, nixpkgs);
  if (release !== undefined && release < oldestRelease) {
    throw new NixError(
      "module",
      `'${option}' is '${nixpkgs}', which is of NixOS ${release}; ${oldestRelease} or later is needed`,
    );
  }
  return file;
}

/** e.g. `20.09`; undefined where nixpkgs does not say it in the way that we know. */
function releaseOf(evaluator: Evaluator, nixpkgs: string): string | undefined {
  const file = [`${nixpkgs}/lib/.version`, `${nixpkgs}/.version`].find(
    (path) => evaluator.host.fileType(path) !== undefined,
  );
  if (file === undefined) return undefined;
  const path = resolveSymlinks(evaluator.host, file, "full");
  return /^\d\d\.\d\d/.exec(fromBytes(evaluator.host.readFile(path)))?.[0];
}
