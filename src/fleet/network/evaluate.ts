/** From an evaluated network to the plain data that planning and deployment work on. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Attrs } from "../../lang/eval/value.ts";
import { nearest } from "../../modules/nearest.ts";
import { fromText, toText } from "../../store/bytes.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { EvaluatedNetwork, EvaluatedNode } from "../evaluated.ts";
import { addBaseline } from "../platforms/linux/platform.ts";
import { readPackages } from "../platforms/linux/read/packages.ts";
import { Reader } from "../reader.ts";
import type { Network } from "./network.ts";

/**
 * Evaluates the enabled nodes, or the named ones. A name that the network does not have, or a node that cannot
 * be deployed, is an error.
 */
export function evaluateNodes(
  network: Network,
  store: VirtualStore,
  names: readonly string[] | undefined,
): EvaluatedNetwork {
  const reader = new Reader(network.evaluator);
  const networkWarnings = checkAssertions(reader, network.config, null);
  const nodes = selectNodes(network, reader, names).map((name) => evaluateNode(network, reader, store, name));
  const objects = new Map<string, StoreObject>();
  for (const { objects: closure } of nodes) for (const object of closure) objects.set(object.path, object);
  return {
    file: toText(network.file),
    nodes: nodes.map(({ node }) => node),
    objects: [...objects.values()],
    warnings: [...networkWarnings, ...nodes.flatMap(({ warnings }) => warnings)],
  };
}

function selectNodes(network: Network, reader: Reader, names: readonly string[] | undefined): string[] {
  const known = network.nodes.names();
  for (const name of names ?? []) {
    const byteName = fromText(name);
    if (known.includes(byteName)) continue;
    const [near] = nearest(byteName, known);
    const hint = near === undefined ? `it has: ${known.join(", ") || "none"}` : `did you mean '${near}'?`;
    throw new NixError("module", `the network has no node '${byteName}'; ${hint}`);
  }
  const wanted = names === undefined ? known : known.filter((name) => names.includes(toText(name)));
  return wanted.filter((name) => {
    const enabled = reader.bool(reader.at(network.node(name), "enabled"));
    if (!enabled && names !== undefined) {
      throw new NixError(
        "module",
        `node '${name}' is not enabled; set 'nodes.${name}.enabled' to true to deploy it`,
      );
    }
    return enabled;
  });
}

interface Evaluated {
  readonly node: EvaluatedNode;
  readonly objects: readonly StoreObject[];
  readonly warnings: readonly string[];
}

function evaluateNode(network: Network, reader: Reader, store: VirtualStore, name: string): Evaluated {
  const node = network.node(name);
  const option = (key: string) => `nodes.${name}.${key}`;
  const text = (key: string) => toText(reader.plain(reader.at(node, key), option(key)));
  const texts = (key: string) => reader.strings(reader.at(node, key), option(key)).map(toText);
  if (text("platform") !== "linux") {
    throw new NixError(
      "module",
      `node '${name}' is a NixOS machine: this version evaluates NixOS configurations, but does not build and deploy ` +
        `them yet; set '${option("platform")}' to "linux", or '${option("enabled")}' to false`,
    );
  }
  const configuration = reader.attrs(reader.at(node, "configuration"));
  const warnings = checkAssertions(reader, configuration, name);
  const system = reader.plain(reader.at(node, "system"), option("system"));
  const toplevel = reader.text(reader.at(configuration, "system", "build", "toplevel"));
  const baseline = addBaseline(network.evaluator, system);
  const objects = store.closure([...toplevel.references, baseline]);
  return {
    objects,
    warnings,
    node: {
      name: toText(name),
      host: reader.nullOr(reader.at(node, "host"), () => text("host")),
      platform: "linux",
      system: toText(system),
      toplevel: toText(toplevel.text),
      closure: objects.map(({ path }) => path),
      baseline,
      tags: texts("tags"),
      buildOn: text("buildOn"),
      hasFastConnection: reader.bool(reader.at(node, "hasFastConnection")),
      privilegeEscalationCommand: texts("privilegeEscalationCommand"),
      switchTimeout: reader.integer(reader.at(node, "switchTimeout")),
      successTimeout: reader.integer(reader.at(node, "successTimeout")),
      ignoreFailingSystemdUnits: reader.bool(reader.at(node, "ignoreFailingSystemdUnits")),
      packages: readPackages(reader, configuration).map(toText),
      sshOptions: Object.fromEntries(
        reader.entries(reader.at(node, "ssh", "options"), (key, slot) => [
          toText(key),
          toText(reader.plain(slot, `${option("ssh.options")}.${key}`)),
        ]),
      ),
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
