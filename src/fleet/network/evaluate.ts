/** From an evaluated network to the plain data that planning and deployment work on. */
import { NixError } from "../../lang/eval/errors.ts";
import type { NodeHost } from "../../lang/node-host.ts";
import { toText } from "../../store/bytes.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { EvaluatedNetwork, EvaluatedSecrets, EvaluationFailure } from "../evaluated.ts";
import { evaluateSecrets } from "../modules/secrets/evaluate.ts";
import { Reader } from "../reader.ts";
import { ifPossible } from "./attempt.ts";
import { checkAssertions, type NodeResult } from "./evaluate-node.ts";
import type { Network } from "./network.ts";
import { type EvaluationOrder, NodeByNode } from "./node-by-node.ts";
import { readSettings, selectNodes } from "./settings.ts";

export interface EvaluateOptions extends EvaluationOrder {
  /** Nodes to evaluate (selection.ts); all that are enabled when there is none. */
  readonly words: readonly string[];
  /** An error as it is shown, where the other nodes go on. */
  readonly showFailure: (error: NixError) => string;
}

/** Evaluates the enabled nodes that the words select. One that is named and cannot be deployed is an error. */
export function evaluateNodes(
  network: Network,
  host: NodeHost,
  { words, showFailure, ...order }: EvaluateOptions,
): EvaluatedNetwork {
  const reader = new Reader(network.evaluator);
  const nodeByNode = new NodeByNode(network, host);
  const { warnings, names } = nodeByNode.together(() => ({
    warnings: checkAssertions(reader, network.config, null),
    names: selectNodes(network, reader, words, { deployed: true }),
  }));
  order.afterPart(null);
  const results: NodeResult[] = [];
  const failures: EvaluationFailure[] = [];
  for (const { name, result } of nodeByNode.results(names, order)) {
    if (!(result instanceof NixError)) results.push(result);
    else if (names.length === 1) throw result;
    else {
      const nodeHost = nodeByNode.together(() => hostOf(network, reader, name));
      failures.push({ node: toText(name), host: nodeHost, message: showFailure(result) });
    }
  }
  const objects = new Map<string, StoreObject>();
  for (const object of results.flatMap((result) => result.objects)) objects.set(object.path, object);
  const nodes = results.map(({ node }) => node);
  const hasSecrets = nodes.some(({ secrets }) => secrets.length > 0);
  return {
    ...{ file: toText(network.file), nodes, objects: [...objects.values()], failures },
    warnings: [...warnings, ...results.flatMap((result) => result.warnings)],
    deployers: hasSecrets ? nodeByNode.together(() => allDeployers(network, reader)) : [],
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
  const host = ifPossible(() => {
    const slot = reader.at(network.node(name), "host");
    return reader.nullOr(slot, () => toText(reader.plain(slot, `nodes.${name}.host`)));
  });
  return host ?? null;
}
