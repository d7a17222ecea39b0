/** Builds what the nodes of a network need, and keeps it from the garbage collector where it was built. */
import { createHash } from "node:crypto";
import { rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { EventSink } from "../events/event.ts";
import type { EvaluatedNetwork, EvaluatedNode } from "../fleet/evaluated.ts";
import { type BuildPlace, buildPlace, buildsOf, neededPaths } from "../plan/build.ts";
import { makeDirectory } from "../store/make-directory.ts";
import { NodeError } from "./errors.ts";
import { withSocketDirectory } from "./identity.ts";
import { Connection } from "./ssh/connection.ts";
import { lastLines } from "./ssh/failures.ts";
import { Builds } from "./stores/builds.ts";
import { builderPlace, type StorePlace } from "./stores/place.ts";
import { Places } from "./stores/places.ts";
import { builderScript, keepScript } from "./target/scripts.ts";

export interface BuildOptions {
  /** Whether what does not depend on a failed build is built all the same. */
  readonly keepGoing: boolean;
  /** Directory on this machine for links to what was built in its store. */
  readonly roots: string;
  readonly signal: AbortSignal;
}

export interface BuiltNode {
  readonly node: EvaluatedNode;
  readonly place: BuildPlace;
}

/** Each node with where it was built. Fails with an AggregateError of the messages of all that could not be built. */
export async function buildNetwork(
  network: EvaluatedNetwork,
  { keepGoing, roots, signal }: BuildOptions,
  sink: EventSink,
): Promise<BuiltNode[]> {
  return await withSocketDirectory(async (directory) => {
    const objects = new Map(network.objects.map((object) => [object.path, object]));
    const places = new Places(process.env, directory, signal);
    const builds = new Builds(objects, sink, keepGoing);
    const machines = new Machines(network, directory, signal);
    try {
      const settled = await Promise.allSettled(
        network.nodes.map(async (node): Promise<BuiltNode> => {
          const place = buildPlace(node.buildOn, places.local !== undefined);
          const wanted = buildsOf(neededPaths(node));
          if (wanted.length === 0) return { node, place };
          const store = storeOf(places, machines, node, place);
          await builds.build(store, wanted);
          const paths = new Map(wanted.map(({ path }, index) => [`${node.name}-${index}`, path]));
          if (place.type === "local") await keepHere(store, roots, paths);
          else await keepThere(machines.connection(destinationOf(node, place)), network.file, paths, signal);
          return { node, place };
        }),
      );
      const failures = settled.flatMap((result, index) =>
        result.status === "rejected" ? [failureOf(network.nodes[index]!, result.reason)] : [],
      );
      if (failures.length > 0) throw new AggregateError(failures, "not everything could be built");
      return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    } finally {
      await builds.close();
      await places.close();
      await machines.close();
    }
  });
}

function failureOf({ name }: EvaluatedNode, error: unknown): Error {
  if (!(error instanceof NodeError)) throw error;
  return new NodeError(`node '${name}': ${error.message}`, { cause: error });
}

function storeOf(places: Places, machines: Machines, node: EvaluatedNode, place: BuildPlace): StorePlace {
  if (place.type === "local" && places.local !== undefined) return places.local;
  return machines.place(destinationOf(node, place));
}

function destinationOf({ host, name }: EvaluatedNode, place: BuildPlace): string {
  if (place.type === "builder") return place.destination;
  if (host !== null) return host;
  throw new NodeError(`it is to be built on '${name}' itself, which has no host; set buildOn`);
}

/** Connections to machines that build, each once. What they build needs no root. */
class Machines {
  private readonly network: EvaluatedNetwork;
  private readonly directory: string;
  private readonly signal: AbortSignal;
  private readonly connections = new Map<string, Connection>();
  private readonly places = new Map<string, StorePlace>();

  constructor(network: EvaluatedNetwork, directory: string, signal: AbortSignal) {
    this.network = network;
    this.directory = directory;
    this.signal = signal;
  }

  connection(destination: string): Connection {
    const known = this.connections.get(destination);
    if (known !== undefined) return known;
    const node = this.network.nodes.find(({ host }) => host === destination);
    const target = {
      destination,
      sshOptions: node?.sshOptions ?? {},
      privilegeEscalationCommand: node?.privilegeEscalationCommand ?? [],
    };
    const connection = new Connection(target, join(this.directory, `m${this.connections.size}`));
    this.connections.set(destination, connection);
    return connection;
  }

  place(destination: string): StorePlace {
    const known = this.places.get(destination);
    if (known !== undefined) return known;
    const connection = this.connection(destination);
    const script = builderScript(connection.silence);
    const place = builderPlace(destination, connection, script, this.signal);
    this.places.set(destination, place);
    return place;
  }

  async close(): Promise<void> {
    await Promise.all([...this.connections.values()].map((connection) => connection.close()));
  }
}

async function keepHere(store: StorePlace, roots: string, paths: ReadonlyMap<string, string>): Promise<void> {
  makeDirectory(roots);
  const open = await store.open(() => {});
  try {
    for (const [name, path] of paths) {
      const link = join(roots, name);
      const temporary = `${link}.new`;
      await rm(temporary, { force: true });
      await symlink(path, temporary);
      await rename(temporary, link);
      await open.store.addIndirectRoot(link);
    }
  } finally {
    await open.store.close();
  }
}

async function keepThere(
  connection: Connection,
  file: string,
  paths: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const prefix = createHash("sha256").update(file).digest("hex").slice(0, 16);
  const { exitCode, stderr } = await connection.run(keepScript(prefix, paths), { signal });
  if (exitCode !== 0) {
    throw new NodeError(
      `what was built there can't be kept from the garbage collector: ${lastLines(stderr)}`,
    );
  }
}
