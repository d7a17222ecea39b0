/** Which definitions made a value of the network, and how those of a machine's configuration came into it. */
import { Attrs, force, type List, type Slot } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import type { GraphNode } from "../../modules/collect.ts";
import type { Evaluation } from "../../modules/evaluate.ts";
import {
  type DefinitionReport,
  type OptionReport,
  reportDefinition,
  reportOption,
} from "../../modules/explained.ts";
import { locateOption } from "../../modules/locate.ts";
import { unknownFile } from "../../modules/names.ts";
import { plainOrder } from "../../modules/properties.ts";
import { showOption, showValue } from "../../modules/show.ts";
import { ModuleSystem } from "../../modules/system.ts";
import type { ExplainedDefinition, Location } from "../../modules/type.ts";
import { definitionsOf } from "../../modules/type-value.ts";
import { toText } from "../../store/bytes.ts";
import { valueAt } from "../value-at.ts";
import { causesOf } from "./causes.ts";
import type { Network, NodeConfiguration } from "./network.ts";

/** A value with what made it; texts are JavaScript strings. */
export interface Explanation {
  readonly path: string;
  /** As Nix code, shortened. */
  readonly value: string;
  /** The option that the value is, or is part of; null: a value that no option stands for. */
  readonly option: OptionReport | null;
  /** In the order in which they are merged, discarded ones after them. */
  readonly definitions: readonly TracedDefinition[];
}

export interface TracedDefinition extends DefinitionReport {
  /** How a module got into the configuration of a machine; null for the network's own options. */
  readonly origin: Origin | null;
  /** Definitions of the network's options without which it would be another; for configurations of machines. */
  readonly causes: readonly ReportedCause[];
}

interface ReportedCause extends DefinitionReport {
  /** The option of the network, or the part of its value. */
  readonly option: string;
}

interface Origin {
  /** The option of the network, e.g. `nodes.foo.configuration`. */
  readonly option: string;
  /** What defines that option, and so brings the module. */
  readonly definition: DefinitionReport;
  /** Files of the modules from the one that the option is defined with to the one with the definition. */
  readonly imports: readonly string[];
}

/** The path is of byte strings, e.g. `["nodes", "foo", "configuration", "users"]`. */
export function explainValue(network: Network, path: Location): Explanation {
  const value = valueAt(network.evaluator, network.config, path);
  const inside = insideConfiguration(network, path);
  return {
    path: toText(showOption(path)),
    value: toText(showValue(value, 4)),
    ...(inside === undefined
      ? explainOption(network, path)
      : explainConfiguration(network, inside.configuration, path)),
  };
}

const configurationDepth = 3;

function insideConfiguration(
  network: Network,
  path: Location,
): { readonly configuration: NodeConfiguration } | undefined {
  const [nodes, name, configuration] = path;
  if (nodes !== "nodes" || name === undefined || configuration !== "configuration") return undefined;
  if (path.length === configurationDepth) return undefined;
  return { configuration: network.configurationOf(name) };
}

type Explained = Pick<Explanation, "option" | "definitions">;

function explainOption({ evaluation }: Network, path: Location): Explained {
  return {
    option: optionOf(evaluation.options, [], path),
    definitions: evaluation
      .definitionsOf(path)
      .map((def) => ({ ...reportDefinition(def), origin: null, causes: [] })),
  };
}

function explainConfiguration(network: Network, configuration: NodeConfiguration, path: Location): Explained {
  const prefix = path.slice(0, configurationDepth);
  const rest = path.slice(configurationDepth);
  const originOf = originFinder(network, configuration, prefix);
  const name = prefix[1]!;
  // What is left out may be all that makes the node.
  const causes = causesOf(network, (other) =>
    other.nodes.getByName(name) === undefined ? [] : definitionsIn(other, other.configurationOf(name), rest),
  );
  return {
    option: optionOf(configuration.evaluation.options, prefix, rest),
    definitions: definitionsIn(network, configuration, rest).map((def, index) => ({
      ...reportDefinition(def),
      origin: originOf(def),
      causes: (causes[index] ?? []).map(({ loc, definition }) => ({
        option: toText(showOption(loc)),
        ...reportDefinition(definition),
      })),
    })),
  };
}

function definitionsIn(
  network: Network,
  { platform, evaluation }: NodeConfiguration,
  path: Location,
): readonly ExplainedDefinition[] {
  switch (platform) {
    case "linux":
      return evaluation.definitionsOf(path);
    case "nixos":
      return nixosDefinitions(network, evaluation.options, path);
  }
}

/** nixpkgs' own module system does not tell which module imports which. */
function originFinder(
  network: Network,
  configuration: NodeConfiguration,
  prefix: Location,
): (def: ExplainedDefinition) => Origin | null {
  if (configuration.platform === "nixos") return () => null;
  const origins = originsOf(network, configuration.evaluation, prefix);
  return (def) => originOf(origins, toText(showOption(prefix)), def);
}

function optionOf(options: Attrs, prefix: Location, path: Location): OptionReport | null {
  const located = locateOption(options, path);
  if (located === undefined) return null;
  return reportOption(toText(showOption([...prefix, ...path.slice(0, located.depth)])), located.option);
}

/** What nixpkgs' own module system says of an option: files without positions, none of those that lost. */
function nixosDefinitions(network: Network, options: Attrs, path: Location): ExplainedDefinition[] {
  const option = locateOption(options, path)?.option;
  if (option === undefined) return [];
  const definitions = option.getByName("definitionsWithLocations") ?? olderDefinitions(network, option);
  const highest = force(option.getByName("highestPrio") ?? null);
  return definitionsOf(ModuleSystem.of(network.evaluator), definitions).map((def) => ({
    ...def,
    priority: typeof highest === "bigint" ? Number(highest) : def.priority,
    order: plainOrder,
    place: def.file,
    discarded: false,
  }));
}

/** The same of releases before 21.05, whose options have the files and the values apart. */
function olderDefinitions({ evaluator }: Network, option: Attrs): Slot {
  const [files, values] = ["files", "definitions"].map((name) => {
    const list = option.getByName(name);
    return list === undefined ? [] : evaluator.forceList(list, noPos, `\`${name}' of an option`);
  }) as [List, List];
  return values.map((value, index) =>
    Attrs.fromEntries([
      ["file", files[index] ?? unknownFile],
      ["value", value],
    ]),
  );
}

/** A definition of a node's `configuration` with the modules that it brings. */
interface Root {
  readonly definition: ExplainedDefinition;
  readonly module: GraphNode;
}

/** The modules of a configuration that the network defines come after those of its platform, in the same order. */
function originsOf(network: Network, evaluation: Evaluation, option: Location): Root[] {
  const definitions = network.evaluation.definitionsOf(option).filter(({ discarded }) => !discarded);
  const modules = evaluation.graph().slice(-definitions.length);
  return definitions.map((definition, index) => ({ definition, module: modules[index]! }));
}

function originOf(roots: readonly Root[], option: string, def: ExplainedDefinition): Origin | null {
  const bringing = roots.flatMap(({ definition, module }) => {
    const files = filesTo(module, def.file);
    return files === undefined ? [] : [{ definition, files }];
  });
  // Several definitions in one file bring modules of the same name: the one that stands last before the definition.
  const before = bringing.filter(({ definition }) => definition.pos !== 0 && definition.pos <= def.pos);
  const chosen = before.sort((a, b) => b.definition.pos - a.definition.pos)[0] ?? bringing[0];
  if (chosen === undefined) return null;
  return {
    option,
    definition: reportDefinition(chosen.definition),
    imports: chosen.files.map(toText),
  };
}

/** The files of the modules from this one to the one that is in the file. */
function filesTo(module: GraphNode, file: string): readonly string[] | undefined {
  if (module.disabled) return undefined;
  if (module.file === file) return [file];
  for (const imported of module.imports) {
    const found = filesTo(imported, file);
    if (found !== undefined) return found[0] === module.file ? found : [module.file, ...found];
  }
  return undefined;
}
