/**
 * Builds for all nodes of a deployment. What is to be built in the same place goes to its store in one request, so that
 * Nix's own limits hold; a place builds one request after the other, and what comes meanwhile makes the next.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventSink } from "../../events/event.ts";
import type { Build } from "../../plan/build.ts";
import { parseDerivation } from "../../store/aterm.ts";
import { fromBytes } from "../../store/bytes.ts";
import type { BuildResult } from "../../store/daemon/build-result.ts";
import { DaemonDisconnected, DaemonError } from "../../store/daemon/errors.ts";
import type { DaemonStore, Missing } from "../../store/daemon/store.ts";
import { derivationOutputPath } from "../../store/derivation.ts";
import { contentsBytes } from "../../store/file-chunks.ts";
import { derivationExtension, parseStorePath } from "../../store/store-path.ts";
import type { StoreObject } from "../../store/tree.ts";
import { BuildError, NodeError } from "../errors.ts";
import { BuildLog } from "./build-log.ts";
import type { StorePlace } from "./place.ts";
import { sendDerivations } from "./send-derivations.ts";

interface Request {
  readonly builds: readonly Build[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Nodes are connected to at the same time, and come here at nearly the same time: so long the first one waits. */
const gatherMilliseconds = 200;

export class Builds {
  private readonly objects: ReadonlyMap<string, StoreObject>;
  private readonly sink: EventSink;
  private readonly keepGoing: boolean;
  private readonly waiting = new Map<StorePlace, Request[]>();
  private readonly running = new Map<StorePlace, Promise<void>>();
  /** Open until the end: what was built is safe from the garbage collector as long as they are. */
  private readonly stores: DaemonStore[] = [];

  /** `keepGoing`: whether what does not depend on a failed build is built all the same. */
  constructor(objects: ReadonlyMap<string, StoreObject>, sink: EventSink, keepGoing = true) {
    this.keepGoing = keepGoing;
    this.objects = objects;
    this.sink = sink;
  }

  /** Fails with a NodeError; a BuildError when something can't be built. */
  build(place: StorePlace, builds: readonly Build[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = { builds, done: resolve, failed: reject };
      this.waiting.set(place, [...(this.waiting.get(place) ?? []), request]);
      if (this.running.has(place)) return;
      this.running.set(place, this.serve(place));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close()));
  }

  private async serve(place: StorePlace): Promise<void> {
    await sleep(gatherMilliseconds);
    for (;;) {
      const requests = this.waiting.get(place) ?? [];
      this.waiting.delete(place);
      if (requests.length === 0) break;
      try {
        await this.serveTogether(place, requests);
      } catch (error) {
        for (const { failed } of requests) failed(placeError(place, error));
      }
    }
    this.running.delete(place);
  }

  private async serveTogether(place: StorePlace, requests: readonly Request[]): Promise<void> {
    const log = new BuildLog(place.name, this.sink);
    const { store, settings } = await place.open(log.take);
    this.stores.push(store);
    const targets = combine(requests.flatMap(({ builds }) => builds));
    await sendDerivations(
      place,
      store,
      this.objects,
      targets.map(({ path }) => path),
    );
    const outputs = targets.flatMap((target) => [...target.outputs.values()]);
    await Promise.all(outputs.map((path) => store.addTempRoot(path)));
    if (this.keepGoing) await store.keepGoing(settings);
    const missing = await store.queryMissing(targets);
    await place.note([...outputsOf(this.objects, missing.willBuild), ...missing.willSubstitute]);
    announce(missing, log);
    const results = await store.buildPathsWithResults(targets);
    const byDerivation = new Map(targets.map(({ path }, index) => [path, results[index]]));
    for (const request of requests) {
      const problems = request.builds.flatMap(({ derivation }) =>
        this.problemOf(derivation, byDerivation.get(derivation), log),
      );
      if (problems.length === 0) request.done();
      else request.failed(new BuildError([...new Set(problems)].join("\n")));
    }
  }

  private problemOf(derivation: string, result: BuildResult | undefined, log: BuildLog): string[] {
    if (result?.type === "built") return [];
    const message = result?.message || `'${derivation}' was not built`;
    return [log.explain(message, inputsOf(this.objects, derivation))];
  }
}

interface DerivationTarget {
  readonly type: "derivation";
  readonly path: string;
  readonly outputs: ReadonlyMap<string, string>;
}

/** Each derivation once, with all outputs that are asked for. */
function combine(builds: readonly Build[]): DerivationTarget[] {
  const outputs = new Map<string, Map<string, string>>();
  for (const { derivation, output, path } of builds) {
    outputs.set(derivation, (outputs.get(derivation) ?? new Map()).set(output, path));
  }
  return [...outputs].map(([path, outputs]) => ({ type: "derivation", path, outputs }));
}

/** Those of derivations that were made by the evaluation. */
function outputsOf(objects: ReadonlyMap<string, StoreObject>, derivations: readonly string[]): string[] {
  return derivations.flatMap((path) => {
    const tree = objects.get(path)?.tree;
    if (tree?.type !== "regular") return [];
    const text = fromBytes(contentsBytes(tree.contents));
    const { name, outputs } = parseDerivation(
      text,
      parseStorePath(path).name.slice(0, -derivationExtension.length),
    );
    return [...outputs.values()].flatMap((output) => derivationOutputPath(name, output) ?? []);
  });
}

function announce({ willBuild, willSubstitute, downloadSize, narSize }: Missing, log: BuildLog): void {
  if (willBuild.length + willSubstitute.length === 0) return;
  log.report({
    type: "builds-planned",
    derivations: willBuild,
    fetched: willSubstitute,
    downloadSize,
    unpackedSize: narSize,
  });
}

/** The derivation and all that it is built from. */
function inputsOf(objects: ReadonlyMap<string, StoreObject>, derivation: string): ReadonlySet<string> {
  const found = new Set([derivation]);
  for (const path of found) for (const reference of objects.get(path)?.references ?? []) found.add(reference);
  return found;
}

/** What went wrong with the store itself. */
function placeError(place: StorePlace, error: unknown): unknown {
  if (error instanceof NodeError) return error;
  const where = place.name === "local" ? "here" : `on ${place.name}`;
  if (error instanceof DaemonDisconnected || error instanceof DaemonError) {
    return new BuildError(`building ${where} failed: ${error.message}`, { cause: error });
  }
  return error;
}
