/**
 * What the cache has of an evaluation: its answer, and its parts in the order in which they were evaluated. All parts
 * were evaluated by one evaluator, so a node may rest on whatever was read up to its end, by whichever node: it is used
 * again where the facts of its part and of all parts before it hold (docs/decisions/0011-evaluation-cache.md).
 */
import type { NodePart } from "../../fleet/network/node-by-node.ts";
import { factsOf, type ReadFact } from "../../lang/read-facts.ts";
import { markOf, type ReadMark, type ReadRecord, readsBetween } from "../../lang/read-record.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { EvaluationCache } from "./cache.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult } from "./protocol.ts";

export interface Answer {
  readonly messages: readonly Extract<EvaluationMessage, { type: "message" }>[];
  readonly result: EvaluationResult;
}

interface KeptPart {
  /** What this part has read that no part before it had read. */
  readonly facts: readonly ReadFact[];
  /** The node that it ended with; null for what a network does beside, and for nodes that are not kept. */
  readonly node: NodePart | null;
}

interface Kept {
  readonly parts: readonly KeptPart[];
  /** What came of all of them; null where it can't be used again. */
  readonly answer: Answer | null;
}

/** What an evaluation can use of one before it. */
export interface Known {
  readonly parts: readonly KeptPart[];
  /** Names of nodes, those whose files have changed last: what changes often then leaves the others alone. */
  readonly order: readonly string[];
}

export const nothingKnown: Known = { parts: [], order: [] };

/** The answer, where all that it depends on is as it was; else what of its parts can be used. */
export function lookUp(cache: EvaluationCache, request: EvaluationRequest): Answer | Known {
  const kept = cache.read<Kept>(request);
  if (kept === undefined) return nothingKnown;
  const holding = kept.parts.map(({ facts }) => facts.every((fact) => cache.holds(fact)));
  const changed = holding.indexOf(false);
  if (changed < 0 && kept.answer !== null) {
    cache.used(request);
    return kept.answer;
  }
  const names = (hold: boolean) =>
    kept.parts.flatMap(({ node }, index) => (node !== null && holding[index] === hold ? [node.name] : []));
  return {
    parts: changed < 0 ? kept.parts : kept.parts.slice(0, changed),
    order: [...names(true), ...names(false)],
  };
}

export function isAnswer(found: Answer | Known): found is Answer {
  return "result" in found;
}

/** The parts of an evaluation, told while it goes on. */
export class Parts {
  private readonly reads: ReadRecord;
  private readonly ended: { readonly end: ReadMark; readonly node: NodePart | null }[] = [];

  constructor(reads: ReadRecord) {
    this.reads = reads;
  }

  end(node: NodePart | null): void {
    this.ended.push({ end: markOf(this.reads), node });
  }

  /**
   * Those that can be kept, behind those that were known; whether these are all of them.
   *
   * @param started when the evaluation started, nanoseconds since the epoch
   */
  keepable(known: readonly KeptPart[], started: bigint, cache: EvaluationCache): [KeptPart[], boolean] {
    const parts = [...known];
    const noted = new Set(known.flatMap(({ facts }) => facts.map((fact) => JSON.stringify(fact))));
    let from = beginning;
    for (const { end, node } of this.ended) {
      const facts = factsOf(readsBetween(this.reads, from, end), started, cache.context);
      if (facts === undefined) return [parts, false];
      const fresh = facts.filter((fact) => !noted.has(JSON.stringify(fact)));
      for (const fact of fresh) noted.add(JSON.stringify(fact));
      if (fresh.length > 0 || node !== null) parts.push({ facts: fresh, node });
      from = end;
    }
    return [parts, true];
  }
}

const beginning: ReadMark = {
  ...{ files: 0, directories: 0, types: 0, links: 0, executables: 0 },
  ...{ fetches: 0, trees: 0, variables: 0, storePaths: 0, unrecorded: 0 },
};

/** Keeps what can be used again of an evaluation that has come to its end. */
export function keep(
  cache: EvaluationCache,
  request: EvaluationRequest,
  {
    known,
    parts,
    started,
    answer,
  }: {
    readonly known: Known;
    readonly parts: Parts;
    readonly started: bigint;
    readonly answer: Answer;
  },
): void {
  const [keepable, isWhole] = parts.keepable(known.parts, started, cache);
  const kept = isWhole && isFinal(answer.result) ? answer : null;
  if (kept === null && keepable.every(({ node }) => node === null)) return;
  cache.write(request, withSharedObjects({ parts: keepable, answer: kept }));
}

/** Nodes that failed may not do so the next time, for a reason that no fact tells. */
function isFinal(result: EvaluationResult): boolean {
  return result.kind !== "network" || result.network.failures.length === 0;
}

/** Nodes of different evaluations have the same store objects each on their own: they are written once. */
function withSharedObjects({ parts, answer }: Kept): Kept {
  const known = new Map<string, StoreObject>();
  const shared = (objects: readonly StoreObject[]) =>
    objects.map((object) => {
      const before = known.get(object.path);
      if (before === undefined) known.set(object.path, object);
      return before ?? object;
    });
  const ofNode = (node: NodePart): NodePart => ({
    ...node,
    result: { ...node.result, objects: shared(node.result.objects) },
  });
  return {
    parts: parts.map(({ facts, node }) => ({ facts, node: node && ofNode(node) })),
    answer:
      answer?.result.kind !== "network"
        ? answer
        : {
            ...answer,
            result: {
              ...answer.result,
              network: { ...answer.result.network, objects: shared(answer.result.network.objects) },
            },
          },
  };
}
