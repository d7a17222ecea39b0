/**
 * Copies a closure from one store to another through us: what the machine can fetch by itself it does, the rest goes
 * archive by archive in one stream, of which only what is on its way is in memory. What has come stays.
 */
import type { StoreClosure } from "../../plan/plan.ts";
import { planTransfer } from "../../plan/transfer.ts";
import { DaemonDisconnected, DaemonError } from "../../store/daemon/errors.ts";
import type { PathInfo } from "../../store/daemon/path-info.ts";
import type { DaemonStore, Incoming } from "../../store/daemon/store.ts";
import { ConnectionError, NodeError, RemoteCommandError } from "../errors.ts";
import type { NodeSession } from "../session.ts";
import { destinationUrl } from "../ssh/destination.ts";
import { fullDiskHint } from "../ssh/failures.ts";
import { BuildLog } from "../stores/build-log.ts";
import type { StorePlace } from "../stores/place.ts";
import { placeOf } from "../stores/places.ts";

/** Fails with a ConnectionError when the connection was lost. */
export async function copyFromStore(session: NodeSession, closure: StoreClosure): Promise<void> {
  try {
    await copyMissing(session, closure);
  } catch (error) {
    throw describe(error);
  }
}

async function copyMissing(session: NodeSession, { from, paths, free }: StoreClosure): Promise<void> {
  const { node, context, report } = session;
  const machine = context.places.target(session);
  const log = new BuildLog(machine.name, context.sink);
  const { store: target } = await machine.open(log.take);
  try {
    if (from.type === "target") {
      await fetchGiven(machine, target, paths);
      return;
    }
    const { store: source } = await placeOf(session, from).open(() => {});
    try {
      const closure = await closureOf(source, machine, target, paths);
      const all = closure.map(({ path }) => path);
      await Promise.all(all.map((path) => target.addTempRoot(path)));
      const valid = await validOf(machine, target, all, !node.hasFastConnection);
      const planned = planTransfer(closure, valid, free);
      if (planned.type === "refuse") throw new NodeError(planned.problem);
      report({ type: "copying-paths", count: planned.paths.length, size: planned.size });
      const sent = announced(session, source.nars(planned.paths), planned.size);
      await target.addMultipleToStore(planned.paths.length, sent);
    } finally {
      await source.close();
    }
  } finally {
    await target.close();
  }
}

/** Store paths that nobody builds: the machine has to be able to get them. */
async function fetchGiven(machine: StorePlace, target: DaemonStore, paths: readonly string[]): Promise<void> {
  const { willSubstitute } = await target.queryMissing(paths.map((path) => ({ type: "path", path })));
  await machine.note(willSubstitute);
  const valid = await target.queryValidPaths(paths, true);
  const missing = paths.filter((path) => !valid.has(path));
  if (missing.length > 0) throw new NodeError(`${missingMessage(missing)} the machine can't fetch it either`);
}

/**
 * What of the closure the machine has, after it has fetched what it can when `substitute` is true. What it has not is
 * noted there, however it comes.
 */
async function validOf(
  machine: StorePlace,
  target: DaemonStore,
  paths: readonly string[],
  substitute: boolean,
): Promise<ReadonlySet<string>> {
  const valid = await target.queryValidPaths(paths);
  const missing = paths.filter((path) => !valid.has(path));
  await machine.note(missing);
  if (!substitute || missing.length === 0) return valid;
  return new Set([...valid, ...(await target.queryValidPaths(missing, true))]);
}

/** The closure in the store where it was built. A path that is not there may still be one that the machine can fetch. */
async function closureOf(
  source: DaemonStore,
  machine: StorePlace,
  target: DaemonStore,
  paths: readonly string[],
): Promise<PathInfo[]> {
  await Promise.all(paths.map((path) => source.addTempRoot(path)));
  const valid = await source.queryValidPaths(paths);
  const missing = paths.filter((path) => !valid.has(path));
  if (missing.length > 0) await fetchGiven(machine, target, missing);
  return await source.closure([...valid]);
}

function missingMessage(paths: readonly string[]): string {
  return `${paths.join(", ")} is not in the store that it should come from, and`;
}

/** Reports each path and how far the whole is, once for each MiB or hundredth. */
async function* announced(
  { node, report }: NodeSession,
  objects: AsyncIterable<Incoming>,
  size: number,
): AsyncGenerator<Incoming, void> {
  const destination = destinationUrl(node.host);
  const step = Math.max(1024 * 1024, Math.ceil(size / 100));
  let bytes = 0;
  let reported = 0;
  async function* counted(nar: Incoming["nar"]): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of nar) {
      yield chunk;
      bytes += chunk.length;
      if (bytes < reported + step) continue;
      reported = bytes;
      report({ type: "copying-progress", bytes, size });
    }
  }
  for await (const { info, nar } of objects) {
    report({ type: "copying-path", path: info.path, destination });
    yield { info, nar: counted(nar) };
  }
  report({ type: "copying-progress", bytes: size, size });
}

/** As a node's failure: a connection that was lost, or what a store said. */
function describe(error: unknown): unknown {
  if (error instanceof NodeError) return error.cause instanceof ConnectionError ? error.cause : error;
  if (error instanceof DaemonDisconnected) {
    if (error.cause instanceof ConnectionError) return error.cause;
    return new ConnectionError("lost", error.message, { cause: error });
  }
  if (error instanceof DaemonError) {
    const hint = fullDiskHint(error.message);
    return new RemoteCommandError(`the closure could not be copied: ${error.message}${hint}`, {
      cause: error,
    });
  }
  return error;
}
