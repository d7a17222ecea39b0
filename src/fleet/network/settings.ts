/** Reads the options of nodes that say how they are deployed. Nothing of their configurations is evaluated. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Slot } from "../../lang/eval/value.ts";
import { intern } from "../../lang/syntax/symbols.ts";
import { showString } from "../../modules/show.ts";
import { fromText, toText } from "../../store/bytes.ts";
import { Reader } from "../reader.ts";
import { isNodeName, isPlainName, type Selectable, SelectionError, select } from "../selection.ts";
import type { DeployPhase, NodeSettings, RebootPolicy, WhenUnreachable } from "../settings.ts";
import { readHealthChecks } from "./health-checks.ts";
import type { Network } from "./network.ts";

/**
 * The names (byte strings) of the enabled nodes that the words select, all of them without words. A word that fits no
 * node is an error, and so is the name of a node that is disabled or, when they are to be `deployed`, has no host.
 */
export function selectNodes(
  network: Network,
  reader: Reader,
  words: readonly string[],
  { deployed = false }: { readonly deployed?: boolean } = {},
): string[] {
  const enabled = (name: string) => reader.bool(reader.at(network.node(toName(name)), "enabled"));
  const hasHost = (name: string) =>
    reader.nullOr(reader.at(network.node(toName(name)), "host"), () => true) ?? false;
  const selected = selecting(() => select(words, selectableNodes(network, reader)));
  const named = new Set(words.filter(isPlainName));
  for (const { name } of selected.filter((node) => named.has(node.name))) {
    if (!enabled(name)) {
      throw new NixError(
        "module",
        fromText(`node '${name}' is not enabled; set 'nodes.${name}.enabled' to true to deploy it`),
      );
    }
    if (deployed && !hasHost(name)) {
      throw new NixError(
        "module",
        fromText(`node '${name}' has no host ('nodes.${name}.host' is null), so it can't be deployed`),
      );
    }
  }
  return selected.filter(({ name }) => enabled(name)).map(({ name }) => toName(name));
}

const toName = fromText;

/** How the selected nodes are deployed, even where their configurations can't be evaluated. */
export function evaluateSettings(network: Network, words: readonly string[]): NodeSettings[] {
  const reader = new Reader(network.evaluator);
  return selectNodes(network, reader, words, { deployed: true }).map((name) =>
    readSettings(network, reader, name),
  );
}

/** All nodes; a node's tags are read when they are asked for. */
function selectableNodes(network: Network, reader: Reader): Selectable[] {
  const names = network.nodes.names();
  const unfit = names.find((name) => !isNodeName(toText(name)));
  if (unfit !== undefined) {
    throw new NixError(
      "module",
      `a node cannot be called ${showString(unfit)}: its name is a word of commands and a part of paths; ` +
        "it may not begin with '-', '@' or '!', nor have '/', '*', '?' or a line break in it",
      { pos: network.nodes.positionOf(intern(unfit)) },
    );
  }
  return names.map((name) => ({
    name: toText(name),
    get tags() {
      return reader
        .strings(reader.at(network.node(name), "tags"), `nodes.${name}.tags`)
        .map((tag) => toText(tag));
    },
  }));
}

function selecting<T>(action: () => T, where = ""): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new NixError("module", fromText(where + error.message), { cause: error });
  }
}

export function readSettings(network: Network, reader: Reader, name: string): NodeSettings {
  const node = network.node(name);
  const option = (key: string) => `nodes.${name}.${key}`;
  const at = (key: string) => reader.at(node, key);
  const text = (key: string) => toText(reader.plain(at(key), option(key)));
  const texts = (key: string) => reader.strings(at(key), option(key)).map(toText);
  const atomicGroup = reader.nullOr(at("atomicGroup"), () => text("atomicGroup"));
  return {
    name: toText(name),
    host: reader.nullOr(at("host"), () => text("host")),
    platform: text("platform") as NodeSettings["platform"],
    system: text("system"),
    tags: texts("tags"),
    buildOn: text("buildOn"),
    hasFastConnection: reader.bool(at("hasFastConnection")),
    privilegeEscalationCommand: texts("privilegeEscalationCommand"),
    switchTimeout: reader.integer(at("switchTimeout")),
    successTimeout: reader.integer(at("successTimeout")),
    ignoreFailingSystemdUnits: reader.bool(at("ignoreFailingSystemdUnits")),
    healthChecks: readHealthChecks(reader, at("healthChecks"), option("healthChecks")),
    after: readAfter(network, reader, toText(name), texts("after")),
    atomicGroup,
    whenUnreachable: text("whenUnreachable") as WhenUnreachable,
    rebootPolicy: text("rebootPolicy") as RebootPolicy,
    rebootTimeout: reader.integer(at("rebootTimeout")),
    bootSelector: reader.nullOr(at("bootSelector"), () => text("bootSelector")),
    phases: readPhases(reader, at("deployScriptPhases"), option("deployScriptPhases")),
    deployers: texts("deployers"),
    sshOptions: Object.fromEntries(
      reader.entries(reader.at(node, "ssh", "options"), (key, slot) => [
        toText(key),
        toText(reader.plain(slot, `${option("ssh.options")}.${key}`)),
      ]),
    ),
  };
}

/** The names of the nodes that the selectors mean; one that fits the node itself means the others. */
function readAfter(network: Network, reader: Reader, name: string, words: readonly string[]): string[] {
  if (words.length === 0) return [];
  const selected = selecting(
    () => select(words, selectableNodes(network, reader)),
    `'nodes.${name}.after': `,
  );
  return selected.map((node) => node.name).filter((other) => other !== name || words.includes(name));
}

function readPhases(reader: Reader, phases: Slot, path: string): DeployPhase[] {
  return reader.entries(phases, (name, slot) => {
    const entry = reader.attrs(slot);
    const texts = (key: string) =>
      reader.strings(reader.at(entry, key), `${path}.${name}.${key}`).map(toText);
    return {
      name: toText(name),
      script: toText(reader.plain(reader.at(entry, "data"), `${path}.${name}`)),
      before: texts("before"),
      after: texts("after"),
    };
  });
}
