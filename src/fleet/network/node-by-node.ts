/**
 * Evaluates the configurations of nodes one after the other, each apart from the network: it can go when its result is there. What
 * nixpkgs has for all of them is still evaluated once. What nodes and the network read of configurations is evaluated in
 * the network, as far as it is read.
 */
import { NixError } from "../../lang/eval/errors.ts";
import type { Message } from "../../lang/message-log.ts";
import type { NodeHost } from "../../lang/node-host.ts";
import { Reader } from "../reader.ts";
import { attempt } from "./attempt.ts";
import { evaluateNode, type NodeResult } from "./evaluate-node.ts";
import type { Network, NodeConfiguration } from "./network.ts";

/** A node that was evaluated apart. */
export interface NodePart {
  /** A byte string. */
  readonly name: string;
  readonly result: NodeResult;
  /** What it said that nobody had said before it; byte strings. */
  readonly messages: readonly Message[];
}

export interface EvaluationOrder {
  /** Nodes whose results are known. */
  readonly known: readonly NodePart[];
  /** In which order to evaluate the nodes that are in it; others come behind them. */
  readonly order: readonly string[];
  /**
   * Called when what belongs to no node has been done, and after each node: with what became of it where it was evaluated
   * apart. What its evaluation has made is then no longer needed.
   */
  readonly afterPart: (node: NodePart | null) => void;
}

export interface NodeOutcome {
  readonly name: string;
  readonly result: NodeResult | NixError;
}

export class NodeByNode {
  private readonly network: Network;
  private readonly host: NodeHost;
  private readonly reader: Reader;

  constructor(network: Network, host: NodeHost) {
    this.network = network;
    this.host = host;
    this.reader = new Reader(network.evaluator);
  }

  /** Computes something in the network of all nodes. */
  together<T>(compute: () => T): T {
    return this.host.messages.part(compute);
  }

  /** In the order of the names. */
  results(names: readonly string[], { known, order, afterPart }: EvaluationOrder): NodeOutcome[] {
    const found = new Map<string, NodeResult | NixError>();
    for (const { name, result, messages } of known.filter((node) => names.includes(node.name))) {
      found.set(name, result);
      this.host.messages.part(() => {
        for (const { kind, text } of messages) this.host.message(kind, text);
      });
    }
    for (const name of inOrder(names, order)) {
      if (found.has(name)) continue;
      const { value: result, messages } = this.host.messages.recorded(() => attempt(() => this.apart(name)));
      if (result !== undefined) found.set(name, result);
      afterPart(result === undefined || result instanceof NixError ? null : { name, result, messages });
    }
    for (const name of names) {
      if (found.has(name)) continue;
      found.set(
        name,
        attempt(() => this.together(() => this.evaluate(name, this.network.configurationOf(name)))),
      );
    }
    return names.map((name) => ({ name, result: found.get(name)! }));
  }

  /** Undefined where nothing is gained by it. */
  private apart(name: string): NodeResult | undefined {
    const { network } = this;
    if (this.together(() => this.platformOf(name)) !== "nixos" || network.hasSystem(name)) return undefined;
    return this.host.messages.part(() => this.evaluate(name, network.evaluateApart(name)));
  }

  private evaluate(name: string, configuration: NodeConfiguration): NodeResult {
    return evaluateNode(this.network, this.reader, this.host.objects, name, configuration);
  }

  private platformOf(name: string): string {
    return this.reader.plain(this.reader.at(this.network.node(name), "platform"), `nodes.${name}.platform`);
  }
}

function inOrder(names: readonly string[], order: readonly string[]): string[] {
  const known = new Set(order);
  const selected = new Set(names);
  return [...order.filter((name) => selected.has(name)), ...names.filter((name) => !known.has(name))];
}
