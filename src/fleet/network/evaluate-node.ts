/** From one node of an evaluated network to the plain data that planning and deployment work on. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Attrs } from "../../lang/eval/value.ts";
import { fromText, toText } from "../../store/bytes.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { EvaluatedNode } from "../evaluated.ts";
import { evaluateSecrets } from "../modules/secrets/evaluate.ts";
import { addBaseline } from "../platforms/linux/platform.ts";
import { readPackages } from "../platforms/linux/read/packages.ts";
import type { Reader } from "../reader.ts";
import type { NodeSettings } from "../settings.ts";
import { readNeededPath } from "./needed-path.ts";
import type { Network, NodeConfiguration } from "./network.ts";
import { readSettings } from "./settings.ts";

/** What one node's evaluation gives. */
export interface NodeResult {
  readonly node: EvaluatedNode;
  readonly objects: readonly StoreObject[];
  readonly warnings: readonly string[];
}

export function evaluateNode(
  network: Network,
  reader: Reader,
  store: VirtualStore,
  name: string,
  { evaluation }: NodeConfiguration,
): NodeResult {
  const settings = readSettings(network, reader, name);
  const node = network.node(name);
  const configuration = evaluation.config;
  const system = readSystem(network, reader, store, name, settings, configuration);
  const closurePaths = reader.entries(reader.at(node, "closurePaths"), (key, slot) =>
    readNeededPath(reader, store, slot, `nodes.${name}.closurePaths.${key}`),
  );
  const needed = [{ path: system.toplevel, source: system.source }, ...closurePaths];
  const inMemory = needed.filter(({ source }) => source.type === "memory").map(({ path }) => path);
  const closure = store.closure([...inMemory, ...(system.baseline === null ? [] : [system.baseline])]);
  const derivations = needed.flatMap(({ source }) =>
    source.type === "derivation" ? [source.derivation] : [],
  );
  const built = store.heldClosure(derivations);
  return {
    objects: [...closure, ...built],
    warnings: system.warnings,
    node: {
      ...settings,
      toplevel: system.toplevel,
      source: system.source,
      baseline: system.baseline,
      closurePaths,
      closure: closure.map(({ path }) => path),
      packages: system.packages,
      secrets: evaluateSecrets(
        reader,
        configuration,
        new Set([...closure, ...built].map(({ path }) => path)),
      ),
    },
  };
}

interface EvaluatedSystem extends Pick<EvaluatedNode, "toplevel" | "source" | "baseline" | "packages"> {
  readonly warnings: readonly string[];
}

function readSystem(
  network: Network,
  reader: Reader,
  store: VirtualStore,
  name: string,
  settings: NodeSettings,
  configuration: Attrs,
): EvaluatedSystem {
  const option = `nodes.${name}.configuration.system.build.toplevel`;
  switch (settings.platform) {
    case "linux": {
      const warnings = checkAssertions(reader, configuration, name);
      const { path, source } = readToplevel();
      const baseline = addBaseline(network.evaluator, fromText(settings.system));
      const packages = readPackages(reader, configuration).map(toText);
      return { toplevel: path, source, baseline, packages, warnings };
    }
    case "nixos": {
      // Its toplevel is what checks the assertions, and traces the warnings.
      const { path, source } = readToplevel();
      return { toplevel: path, source, baseline: null, packages: [], warnings: [] };
    }
  }

  function readToplevel() {
    return readNeededPath(reader, store, reader.at(configuration, "system", "build", "toplevel"), option);
  }
}

/** Fails when an assertion of the node's configuration, or of the network, does not hold; gives its warnings. */
export function checkAssertions(reader: Reader, configuration: Attrs, node: string | null): string[] {
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
