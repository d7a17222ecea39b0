/**
 * The network: one evaluation of the module system, in which every node's configuration is evaluated by its
 * platform.
 */
import { computedValue } from "../../lang/eval/code.ts";
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { Attrs, force, lazy, type Slot, type Value } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { defineModule, mkOverride, option } from "../../modules/define.ts";
import { type Evaluation, evalModules } from "../../modules/evaluate.ts";
import type { ModuleSource } from "../../modules/module.ts";
import { optionDefaultPriority } from "../../modules/properties.ts";
import { ModuleSystem } from "../../modules/system.ts";
import type { Location } from "../../modules/type.ts";
import { t } from "../../modules/types/index.ts";
import { viewOf } from "../../modules/view.ts";
import { toText } from "../../store/bytes.ts";
import { builtInModules, documentedModules } from "../modules/index.ts";
import { NetworkSecrets } from "../modules/secrets/resolve.ts";
import { documentLinux, evaluateLinux } from "../platforms/linux/platform.ts";
import { evaluateNixos, type NixosEvaluation } from "../platforms/nixos/platform.ts";
import { ifPossible } from "./attempt.ts";
import { configurationType, modulesOf } from "./configuration-type.ts";
import type { NetworkConfig } from "./define.ts";
import { networkValue } from "./flake-network.ts";
import { NetworkLock } from "./lock.ts";
import { nodeOptions } from "./node-options.ts";
import { pinnedNixpkgs } from "./pinned-nixpkgs.ts";

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

/** By whom and with what result a node's configuration was evaluated. */
export type NodeConfiguration =
  | { readonly platform: "linux"; readonly evaluation: Evaluation }
  | { readonly platform: "nixos"; readonly evaluation: NixosEvaluation };

export interface NetworkChoices {
  /** What `nixus.lock` would say, instead of what it says. */
  readonly lock?: string | undefined;
}

export class Network {
  readonly evaluator: Evaluator;
  /** Absolute path of the network file (a byte string). */
  readonly file: string;
  /** The evaluation of the network's own modules. */
  readonly evaluation: Evaluation;
  /** By the node's name; those that something has read. */
  private readonly evaluated = new Map<string, NodeConfiguration>();
  /** `nodes` as configurations read it: the final configuration of every node, by name. */
  private readonly configurations = lazy(() => this.configurationsByName());
  /** `nixus.lock`. */
  readonly lock: NetworkLock;
  readonly secrets: NetworkSecrets;
  /** The nixpkgs of nodes that say none. */
  private readonly pinned: Slot = lazy(() => pinnedNixpkgs(this.evaluator, this.file));

  constructor(evaluator: Evaluator, file: string, { lock }: NetworkChoices = {}) {
    this.evaluator = evaluator;
    this.file = file;
    this.lock = new NetworkLock(evaluator.host, file, lock);
    this.secrets = new NetworkSecrets(evaluator, this.lock, toText(file));
    this.secrets.enter();
    ModuleSystem.of(evaluator).elsewhere = (loc) => this.elsewhere(loc);
    this.evaluation = evalModules(evaluator, {
      modules: [
        this.networkModule(),
        ...builtInModules(this.secrets),
        { kind: "nix", value: networkValue(evaluator, file), file },
      ],
    });
  }

  /** Whether something that was evaluated in this network has needed the node's whole system. */
  hasSystem(name: string): boolean {
    let value: Value | undefined = this.nodes;
    for (const part of [name, "configuration", "system", "build", "toplevel"]) {
      const slot: Slot | undefined = value instanceof Attrs ? value.getByName(part) : undefined;
      value = slot === undefined ? undefined : computedValue(slot);
    }
    return value !== undefined;
  }

  /** The final value of every option of the network. */
  get config(): Attrs {
    return this.evaluator.forceAttrs(this.evaluation.config, noPos, "a value of the configuration");
  }

  /** The same as TypeScript code reads it. */
  get view(): NetworkConfig {
    return viewOf(ModuleSystem.of(this.evaluator), this.config) as NetworkConfig;
  }

  /** All nodes: sets with the options of node-options.ts and `configuration`. */
  get nodes(): Attrs {
    return this.attrs(this.config, "nodes");
  }

  node(name: string): Attrs {
    return this.attrs(this.nodes, name);
  }

  /** How the node's configuration was evaluated. */
  configurationOf(name: string): NodeConfiguration {
    force(this.node(name).getByName("configuration")!);
    return this.evaluated.get(name)!;
  }

  /** Evaluates the node's configuration once more: nothing of the network leads to it, so it goes with whoever has it. */
  evaluateApart(name: string): NodeConfiguration {
    const modules = ifPossible(() => {
      const definitions = this.evaluation.definitionsOf(["nodes", name, "configuration"]);
      return modulesOf(definitions.filter(({ discarded }) => !discarded));
    });
    // What is wrong with them is said where they are merged.
    return modules === undefined ? this.configurationOf(name) : this.evaluateModules(name, modules);
  }

  private attrs(set: Attrs, name: string): Attrs {
    return this.evaluator.forceAttrs(set.getByName(name)!, noPos, "a value of the configuration");
  }

  /** Options that people look for in one of network, node and configuration, and that are in another of them. */
  private elsewhere(loc: Location): Location | undefined {
    const [nodes, name = "<name>", configuration] = loc;
    const ofNetwork = this.evaluation.declaredOptions;
    const ofNode = () => evalModules(this.evaluator, { modules: [nodeOptions] }).declaredOptions;
    const ofConfiguration = () => documentLinux(this.evaluator, [], documentedModules);
    const has = (options: Attrs, path: Location) => path.length > 0 && optionAt(options, path);
    if (nodes !== "nodes" || loc.length < 3) {
      if (has(ofConfiguration(), loc)) return ["nodes", "<name>", "configuration", ...loc];
      return has(ofNode(), loc) ? ["nodes", "<name>", ...loc] : undefined;
    }
    if (configuration !== "configuration") {
      const rest = loc.slice(2);
      if (has(ofConfiguration(), rest)) return ["nodes", name, "configuration", ...rest];
      return has(ofNetwork, rest) ? rest : undefined;
    }
    const rest = loc.slice(3);
    if (has(ofNode(), rest)) return ["nodes", name, ...rest];
    return has(ofNetwork, rest) ? rest : undefined;
  }

  private networkModule(): ModuleSource {
    const file = import.meta.url;
    const configuration = defineModule({
      file,
      options: {
        configuration: option({
          type: configurationType(
            (loc, modules) => this.evaluateConfiguration(loc, modules),
            (prefix) => documentLinux(this.evaluator, prefix, documentedModules),
          ),
          default: {},
          description: "The machine's configuration: a module of its platform. Reads as the final one.",
        }),
      },
    });
    const nixpkgs = defineModule({
      file,
      config: { nixpkgs: mkOverride(optionDefaultPriority, () => force(this.pinned)) },
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
          type: t.attrsOf(t.submoduleWith({ modules: [nodeOptions, nixpkgs, configuration, defaults] })),
          default: {},
          description: "The machines, by name.",
        }),
      },
    });
  }

  private evaluateConfiguration(loc: Location, modules: readonly ModuleSource[]): Attrs {
    const name = loc[1]!;
    const configuration = this.evaluateModules(name, modules);
    this.evaluated.set(name, configuration);
    return configuration.evaluation.config;
  }

  private evaluateModules(name: string, modules: readonly ModuleSource[]): NodeConfiguration {
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
      prefix: ["nodes", name, "configuration"],
      modules,
      specialArgs: { nodes: this.configurations, name },
    };
    const platform = this.evaluator.forceString(
      node.getByName("platform")!,
      noPos,
      "a value of the configuration",
      undefined,
    );
    return this.evaluateOn(platform, evaluation);
  }

  private evaluateOn(platform: string, node: NodeEvaluation): NodeConfiguration {
    switch (platform) {
      case "linux":
        return { platform, evaluation: evaluateLinux(this.evaluator, node) };
      case "nixos":
        return { platform, evaluation: evaluateNixos(this.evaluator, node) };
      default:
        throw new NixError("module", `node '${node.name}' has the unknown platform '${platform}'`);
    }
  }

  private configurationsByName(): Attrs {
    return Attrs.fromEntries(
      this.nodes
        .names()
        .map((name) => [name, lazy(() => force(this.node(name).getByName("configuration")!))] as const),
    );
  }
}

/** Whether an option or a set of options has the name. */
function optionAt(options: Attrs, path: Location): boolean {
  let group: Slot | undefined = options;
  for (const name of path) {
    const value: Value = force(group);
    group = value instanceof Attrs ? value.getByName(name) : undefined;
    if (group === undefined) return false;
  }
  return true;
}
