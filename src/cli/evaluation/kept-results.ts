/** What the cache has of evaluations: whole answers, and the results of single nodes. */
import type { NodeResult } from "../../fleet/network/evaluate-node.ts";
import type { KnownNodes } from "../../fleet/network/node-by-node.ts";
import type { NodeHost } from "../../lang/node-host.ts";
import { factsOf, type ReadFact } from "../../lang/read-facts.ts";
import type { Message, Part } from "../../lang/read-log.ts";
import type { ReadRecord } from "../../lang/read-record.ts";
import type { EvaluationCache } from "./cache.ts";
import { ObjectPacks, type PackedObjects } from "./object-packs.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult } from "./protocol.ts";

export interface Answer {
  readonly messages: readonly Extract<EvaluationMessage, { type: "message" }>[];
  readonly result: EvaluationResult;
}

interface KeptAnswer extends Answer {
  /** Those of the network, in whose result there are none. */
  readonly objects: PackedObjects;
}

/** Its facts are those of this node alone. */
interface KeptNode extends Omit<NodeResult, "objects"> {
  readonly objects: PackedObjects;
  readonly messages: readonly Message[];
  /** The part of the cache that has the facts of all nodes of that evaluation. */
  readonly common: string;
}

export function findAnswer(cache: EvaluationCache, request: EvaluationRequest): Answer | undefined {
  const kept = cache.find<KeptAnswer>(request);
  if (kept?.result.kind !== "network") return kept;
  const objects = new ObjectPacks(cache).unpack(kept.objects);
  return objects && { ...kept, result: withObjects(kept.result, objects) };
}

type NetworkRequest = Extract<EvaluationRequest, { kind: "network" }>;
type NetworkResult = Extract<EvaluationResult, { kind: "network" }>;

function withObjects(
  { kind, network }: NetworkResult,
  objects: NetworkResult["network"]["objects"],
): NetworkResult {
  return { kind, network: { ...network, objects } };
}

/** The results of one evaluation: what of them is known, and what is to be kept. */
export class KeptResults implements KnownNodes {
  private readonly cache: EvaluationCache;
  private readonly request: EvaluationRequest;
  /** When the evaluation started: nanoseconds since the epoch. */
  private readonly started: bigint;
  private readonly packs: ObjectPacks;
  private readonly commons = new Map<string, boolean>();
  private fresh:
    | { readonly parts: ReadonlyMap<string, Part<NodeResult>>; readonly common: ReadRecord }
    | undefined;

  constructor(cache: EvaluationCache, request: EvaluationRequest, started: bigint) {
    this.cache = cache;
    this.request = request;
    this.started = started;
    this.packs = new ObjectPacks(cache);
  }

  find(name: string): Omit<Part<NodeResult>, "reads"> | undefined {
    const kept = this.cache.entry<KeptNode>(this.questionOf(name));
    if (!kept?.facts.every((fact) => this.cache.holds(fact)) || !this.holds(kept.value.common)) {
      return undefined;
    }
    const { node, warnings, messages } = kept.value;
    const objects = this.packs.unpack(kept.value.objects);
    return objects && { messages, value: { node, warnings, objects } };
  }

  keep(parts: ReadonlyMap<string, Part<NodeResult>>, common: ReadRecord): void {
    if (parts.size > 0) this.fresh = { parts, common };
  }

  /** Writes what can be kept of an evaluation that has come to an end. */
  save(host: NodeHost, answer: Answer): void {
    const { cache, request } = this;
    const { messages, result } = answer;
    const facts = this.factsOf(host.reads);
    if (facts === undefined) return;
    const objects = result.kind === "network" ? result.network.objects : [];
    this.packs.add(objects);
    if (isFinal(result)) {
      const bare = result.kind === "network" ? withObjects(result, []) : result;
      const value: KeptAnswer = { messages, result: bare, objects: this.packs.packed(objects) };
      cache.keep(request, { facts, value });
    }
    this.saveNodes(host);
    cache.prune();
  }

  private saveNodes({ log }: NodeHost): void {
    const { fresh } = this;
    const commonFacts = fresh && this.factsOf(fresh.common);
    if (commonFacts === undefined) return;
    const common = this.cache.keepPart(commonFacts);
    for (const [name, part] of fresh!.parts) {
      const { node, warnings, objects } = part.value;
      const facts = this.factsOf(log.ownOf(part));
      if (facts === undefined) continue;
      const value: KeptNode = {
        ...{ node, warnings, common, messages: part.messages },
        objects: this.packs.packed(objects),
      };
      this.cache.keep(this.questionOf(name), { facts, value });
    }
  }

  private factsOf(reads: ReadRecord): ReadFact[] | undefined {
    return factsOf(reads, this.started, this.cache.context);
  }

  /** Whether the facts of that part of the cache hold. */
  private holds(common: string): boolean {
    let is = this.commons.get(common);
    if (is === undefined) {
      is = this.cache.part<readonly ReadFact[]>(common)?.every((fact) => this.cache.holds(fact)) ?? false;
      this.commons.set(common, is);
    }
    return is;
  }

  /** What a node is depends on nothing else that was asked. */
  private questionOf(name: string) {
    const { file, acceptsUnlockedSecrets = false } = this.request as NetworkRequest;
    return { kind: "node", file, name, acceptsUnlockedSecrets };
  }
}

/** Nodes that failed may not do so the next time, for a reason that no fact tells. */
function isFinal(result: EvaluationResult): boolean {
  return result.kind !== "network" || result.network.failures.length === 0;
}
