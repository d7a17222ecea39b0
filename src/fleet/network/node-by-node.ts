/**
 * Evaluates nodes one after the other, each in a network of its own: what it reads is known, and its evaluation can go
 * when its result is there. What nixpkgs has for all of them is still evaluated once. Nodes that read other nodes'
 * configurations are evaluated together, in one network.
 */
import { NixError } from "../../lang/eval/errors.ts";
import type { NodeHost } from "../../lang/node-host.ts";
import type { Part } from "../../lang/read-log.ts";
import type { ReadRecord } from "../../lang/read-record.ts";
import { Reader } from "../reader.ts";
import { evaluateNode, type NodeResult } from "./evaluate-node.ts";
import { NeedsOtherNode, Network } from "./network.ts";

/** Results of earlier evaluations. Names are byte strings. */
export interface KnownNodes {
  /** While all that it depends on is as it was. */
  find(name: string): Omit<Part<NodeResult>, "reads"> | undefined;
  /** Takes results that are new, with what all of them may depend on. */
  keep(parts: ReadonlyMap<string, Part<NodeResult>>, common: ReadRecord): void;
}

export interface NodeOutcome {
  readonly name: string;
  readonly result: NodeResult | NixError;
}

export class NodeByNode {
  private readonly network: Network;
  private readonly host: NodeHost;
  private readonly known: KnownNodes;
  private readonly reader: Reader;
  /** Of nodes that could be evaluated apart. */
  private readonly parts = new Map<string, Part<NodeResult>>();
  /** How many nodes could not. */
  private dependent = 0;

  constructor(network: Network, host: NodeHost, known: KnownNodes) {
    this.network = network;
    this.host = host;
    this.known = known;
    this.reader = new Reader(network.evaluator);
  }

  /** Computes something in the network of all nodes. */
  together<T>(compute: () => T): T {
    this.network.enter();
    return this.host.log.part(compute).value;
  }

  /** In the order of the names. `afterNode` is called when a node has been evaluated apart. */
  results(names: readonly string[], afterNode: () => void): NodeOutcome[] {
    const found = new Map<string, NodeResult | NixError>();
    for (const name of names) {
      const result = this.knownResult(name) ?? attempt(() => this.apart(name));
      if (result !== undefined) found.set(name, result);
      afterNode();
    }
    // What is read from here on is not in those results.
    this.known.keep(this.parts, this.host.log.common);
    for (const name of names) {
      if (found.has(name)) continue;
      found.set(
        name,
        attempt(() => this.together(() => this.evaluate(this.network, name))),
      );
    }
    return names.map((name) => ({ name, result: found.get(name)! }));
  }

  private knownResult(name: string): NodeResult | undefined {
    const known = this.known.find(name);
    if (known === undefined) return undefined;
    this.host.log.part(() => {
      for (const { kind, text } of known.messages) this.host.message(kind, text);
    });
    return known.value;
  }

  /** Undefined where the node needs others, as far as that is known. */
  private apart(name: string): NodeResult | undefined {
    if (!this.isWorthTrying() || this.together(() => this.platformOf(name)) !== "nixos") return undefined;
    const { evaluator, file, secrets, lock } = this.network;
    evaluator.startPart();
    const network = new Network(evaluator, file, { only: name, lock: lock.text });
    network.secrets.acceptsUnlocked = secrets.acceptsUnlocked;
    let part: Part<NodeResult> | undefined;
    try {
      part = this.host.log.part(() => this.evaluate(network, name));
    } catch (error) {
      if (!(error instanceof NeedsOtherNode) && !network.needsOtherNode) throw error;
    }
    // Whatever became of that on its way through the configuration.
    if (part === undefined || network.needsOtherNode) {
      this.dependent++;
      return undefined;
    }
    this.parts.set(name, part);
    return part.value;
  }

  /** Not where what all nodes have in common reads their configurations, nor where most nodes read those of others. */
  private isWorthTrying(): boolean {
    return !this.network.hasConfigurations && this.dependent <= this.parts.size + 1;
  }

  private evaluate(network: Network, name: string): NodeResult {
    return evaluateNode(network, this.reader, this.host.objects, name);
  }

  private platformOf(name: string): string {
    return this.reader.plain(this.reader.at(this.network.node(name), "platform"), `nodes.${name}.platform`);
  }
}

function attempt<T>(compute: () => T): T | NixError {
  try {
    return compute();
  } catch (error) {
    if (error instanceof NixError) return error;
    throw error;
  }
}
