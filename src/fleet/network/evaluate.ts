/** From an evaluated network to the plain data that planning and deployment work on. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Attrs } from "../../lang/eval/value.ts";
import { fromText, toText } from "../../store/bytes.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { EvaluatedNetwork, EvaluatedNode } from "../evaluated.ts";
import { addBaseline } from "../platforms/linux/platform.ts";
import { readPackages } from "../platforms/linux/read/packages.ts";
import { Reader } from "../reader.ts";
import type { Network } from "./network.ts";
import { readSettings, selectNodes } from "./settings.ts";

/** Evaluates the enabled nodes that the words select (selection.ts). One that cannot be deployed is an error. */
export function evaluateNodes(
  network: Network,
  store: VirtualStore,
  words: readonly string[],
): EvaluatedNetwork {
  const reader = new Reader(network.evaluator);
  const networkWarnings = checkAssertions(reader, network.config, null);
  const names = selectNodes(network, reader, words, { deployed: true });
  const nodes = names.map((name) => evaluateNode(network, reader, store, name));
  const objects = new Map<string, StoreObject>();
  for (const { objects: closure } of nodes) for (const object of closure) objects.set(object.path, object);
  return {
    file: toText(network.file),
    nodes: nodes.map(({ node }) => node),
    objects: [...objects.values()],
    warnings: [...networkWarnings, ...nodes.flatMap(({ warnings }) => warnings)],
  };
}

interface Evaluated {
  readonly node: EvaluatedNode;
  readonly objects: readonly StoreObject[];
  readonly warnings: readonly string[];
}

function evaluateNode(network: Network, reader: Reader, store: VirtualStore, name: string): Evaluated {
  const node = network.node(name);
  const option = (key: string) => `nodes.${name}.${key}`;
  const settings = readSettings(network, reader, name);
  if (settings.platform !== "linux") {
    throw new NixError(
      "module",
      `node '${name}' is a NixOS machine: this version evaluates NixOS configurations, but does not build and deploy ` +
        `them yet; set '${option("platform")}' to "linux", or '${option("enabled")}' to false`,
    );
  }
  const configuration = reader.attrs(reader.at(node, "configuration"));
  const warnings = checkAssertions(reader, configuration, name);
  const toplevel = reader.text(reader.at(configuration, "system", "build", "toplevel"));
  const baseline = addBaseline(network.evaluator, fromText(settings.system));
  const objects = store.closure([...toplevel.references, baseline]);
  return {
    objects,
    warnings,
    node: {
      ...settings,
      toplevel: toText(toplevel.text),
      closure: objects.map(({ path }) => path),
      baseline,
      packages: readPackages(reader, configuration).map(toText),
    },
  };
}

/** Fails when an assertion of the node's configuration, or of the network, does not hold; gives its warnings. */
function checkAssertions(reader: Reader, configuration: Attrs, node: string | null): string[] {
  const whose = node === null ? "" : `node '${node}': `;
  const failed = reader
    .list(reader.at(configuration, "assertions"), (slot) => reader.attrs(slot))
    .filter((assertion) => !reader.bool(reader.at(assertion, "assertion")))
    .map((assertion) => reader.text(reader.at(assertion, "message")).text);
  if (failed.length > 0) {
    throw new NixError(
      "module",
      `${whose}failed assertions:\n${failed.map((line) => `- ${line}`).join("\n")}`,
    );
  }
  return reader
    .list(reader.at(configuration, "warnings"), (slot) => reader.text(slot).text)
    .map((warning) => toText(whose + warning));
}
