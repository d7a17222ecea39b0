/**
 * The network: one evaluation of the module system, in which every node's configuration is evaluated by its
 * platform.
 */
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { Attrs, force, lazy, NixPath, type Slot } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { assertionsModule } from "../../modules/assertions.ts";
import { defineModule, option } from "../../modules/define.ts";
import { type Evaluation, evalModules } from "../../modules/evaluate.ts";
import type { ModuleSource } from "../../modules/module.ts";
import type { Location } from "../../modules/type.ts";
import { t } from "../../modules/types/index.ts";
import { evaluateLinux } from "../platforms/linux/platform.ts";
import { evaluateNixos } from "../platforms/nixos/platform.ts";
import { configurationType } from "./configuration-type.ts";
import { nodeOptions } from "./node-options.ts";

/** What a platform is given to evaluate a node's configuration. */
export interface NodeEvaluation {
  readonly name: string;
  /** The Nix system. */
  readonly system: string;
  /** The node's `nixpkgs`; its value is null when it is not set. */
  readonly nixpkgs: Slot;
  /** The option's path, `nodes.<name>.configuration`. */
  readonly prefix: Location;
  readonly modules: readonly ModuleSource[];
  /** `nodes` and `name`, which a module gets beside what its platform gives. */
  readonly specialArgs: Readonly<Record<string, Slot>>;
}

export class Network {
  readonly evaluator: Evaluator;
  /** Absolute path of the network file (a byte string). */
  readonly file: string;
  private readonly evaluation: Evaluation;

  constructor(evaluator: Evaluator, file: string) {
    this.evaluator = evaluator;
    this.file = file;
    this.evaluation = evalModules(evaluator, {
      modules: [this.networkModule(), assertionsModule, { kind: "nix", value: new NixPath(file), file }],
    });
  }

  /** The final value of every option of the network. */
  get config(): Attrs {
    return this.evaluator.forceAttrs(this.evaluation.config, noPos, "a value of the configuration");
  }

  /** All nodes: sets with the options of node-options.ts and `configuration`. */
  get nodes(): Attrs {
    return this.attrs(this.config, "nodes");
  }

  node(name: string): Attrs {
    return this.attrs(this.nodes, name);
  }

  private attrs(set: Attrs, name: string): Attrs {
    return this.evaluator.forceAttrs(set.getByName(name)!, noPos, "a value of the configuration");
  }

  private networkModule(): ModuleSource {
    const file = import.meta.url;
    const configuration = defineModule({
      file,
      options: {
        configuration: option({
          type: configurationType((loc, modules) => this.evaluateConfiguration(loc, modules)),
          default: {},
          description: "The machine's configuration: a module of its platform. Reads as the final one.",
        }),
      },
    });
    const defaults: ModuleSource = {
      kind: "nix",
      value: lazy(() => force(this.config.getByName("defaults")!)),
      file: this.file,
    };
    return defineModule({
      file,
      options: {
        defaults: option({
          type: t.deferredModule,
          default: {},
          description: "A module that every node gets.",
        }),
        nodes: option({
          type: t.attrsOf(t.submoduleWith({ modules: [nodeOptions, configuration, defaults] })),
          default: {},
          description: "The machines, by name.",
        }),
      },
    });
  }

  private evaluateConfiguration(loc: Location, modules: readonly ModuleSource[]): Attrs {
    const name = loc[1]!;
    const node = this.node(name);
    const evaluation: NodeEvaluation = {
      name,
      system: this.evaluator.forceString(
        node.getByName("system")!,
        noPos,
        "a value of the configuration",
        undefined,
      ),
      nixpkgs: node.getByName("nixpkgs")!,
      prefix: loc,
      modules,
      specialArgs: { nodes: this.configurations, name },
    };
    const platform = this.evaluator.forceString(
      node.getByName("platform")!,
      noPos,
      "a value of the configuration",
      undefined,
    );
    switch (platform) {
      case "linux":
        return evaluateLinux(this.evaluator, evaluation);
      case "nixos":
        return evaluateNixos(this.evaluator, evaluation);
      default:
        throw new NixError("module", `node '${name}' has the unknown platform '${platform}'`);
    }
  }

  /** `nodes` as configurations read it: the final configuration of every node, by name. */
  private readonly configurations: Slot = lazy(() =>
    Attrs.fromEntries(
      this.nodes
        .names()
        .map((name) => [name, lazy(() => force(this.node(name).getByName("configuration")!))] as const),
    ),
  );
}
