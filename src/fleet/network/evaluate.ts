/** From an evaluated network to the plain data that planning and deployment work on. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Attrs } from "../../lang/eval/value.ts";
import { fromText, toText } from "../../store/bytes.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { EvaluatedNetwork, EvaluatedNode, EvaluatedSecrets, EvaluationFailure } from "../evaluated.ts";
import { evaluateSecrets } from "../modules/secrets/evaluate.ts";
import { addBaseline } from "../platforms/linux/platform.ts";
import { readPackages } from "../platforms/linux/read/packages.ts";
import { Reader } from "../reader.ts";
import type { NodeSettings } from "../settings.ts";
import { readNeededPath } from "./needed-path.ts";
import type { Network } from "./network.ts";
import { readSettings, selectNodes } from "./settings.ts";

export interface EvaluateOptions {
  /** Nodes to evaluate (selection.ts); all that are enabled when there is none. */
  readonly words: readonly string[];
  /** An error as it is shown, where the other nodes go on. */
  readonly showFailure: (error: NixError) => string;
}

/** Evaluates the enabled nodes that the words select. One that is named and cannot be deployed is an error. */
export function evaluateNodes(
  network: Network,
  store: VirtualStore,
  { words, showFailure }: EvaluateOptions,
): EvaluatedNetwork {
  const reader = new Reader(network.evaluator);
  const warnings = checkAssertions(reader, network.config, null);
  const names = selectNodes(network, reader, words, { deployed: true });
  const nodes: EvaluatedNode[] = [];
  const failures: EvaluationFailure[] = [];
  const objects = new Map<string, StoreObject>();
  for (const name of names) {
    try {
      const evaluated = evaluateNode(network, reader, store, name);
      nodes.push(evaluated.node);
      warnings.push(...evaluated.warnings);
      for (const object of evaluated.objects) objects.set(object.path, object);
    } catch (error) {
      if (!(error instanceof NixError) || names.length === 1) throw error;
      failures.push({ node: toText(name), host: hostOf(network, reader, name), message: showFailure(error) });
    }
  }
  return {
    ...{ file: toText(network.file), nodes, objects: [...objects.values()], failures, warnings },
    deployers: nodes.some(({ secrets }) => secrets.length > 0) ? allDeployers(network, reader) : [],
  };
}

/** Only the secrets of all enabled nodes: what refers to them, and to their public keys, is not looked at. */
export function evaluateSecretsOnly(network: Network): EvaluatedSecrets {
  const reader = new Reader(network.evaluator);
  const nodes = selectNodes(network, reader, []).map((name) => ({
    name: toText(name),
    deployers: readSettings(network, reader, name).deployers,
    secrets: evaluateSecrets(reader, reader.attrs(reader.at(network.node(name), "configuration")), null),
  }));
  return { file: toText(network.file), nodes, deployers: allDeployers(network, reader) };
}

/** Of all nodes, evaluated or not. */
function allDeployers(network: Network, reader: Reader): string[] {
  return [
    ...new Set(
      network.nodes
        .names()
        .flatMap((name) =>
          reader.strings(reader.at(network.node(name), "deployers"), `nodes.${name}.deployers`),
        )
        .map(toText),
    ),
  ];
}

/** As far as it can be evaluated. */
function hostOf(network: Network, reader: Reader, name: string): string | null {
  try {
    const slot = reader.at(network.node(name), "host");
    return reader.nullOr(slot, () => toText(reader.plain(slot, `nodes.${name}.host`)));
  } catch (error) {
    if (error instanceof NixError) return null;
    throw error;
  }
}

interface Evaluated {
  readonly node: EvaluatedNode;
  readonly objects: readonly StoreObject[];
  readonly warnings: readonly string[];
}

function evaluateNode(network: Network, reader: Reader, store: VirtualStore, name: string): Evaluated {
  const settings = readSettings(network, reader, name);
  const node = network.node(name);
  const configuration = reader.attrs(reader.at(node, "configuration"));
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
