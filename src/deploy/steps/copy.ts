/** Copy: store objects that the machine lacks, from memory and from the store where they were built. */
import type { StoreClosure } from "../../plan/plan.ts";
import { exportStream } from "../../store/export.ts";
import type { StoreObject } from "../../store/tree.ts";
import { RemoteCommandError } from "../errors.ts";
import { type NodeSession, objectAt } from "../session.ts";
import { destinationUrl } from "../ssh/destination.ts";
import { fullDiskHint, lastLines } from "../ssh/failures.ts";
import { pathList } from "../stores/arriving.ts";
import { protectedPaths } from "../stores/places.ts";
import { importScript, unrootScript } from "../target/scripts.ts";
import { copyFromStore } from "./copy-from-store.ts";
import { retried } from "./retried.ts";

/**
 * Sends the store objects at `paths`, `size` bytes of NARs, and a closure from another store. What has come is safe
 * from the garbage collector until the deployment ends.
 */
export async function copyClosure(
  session: NodeSession,
  paths: readonly string[],
  size: number,
  closure: StoreClosure | null,
): Promise<void> {
  session.report({ type: "copying-closure" });
  if (paths.length > 0) await retried(session, "copy", () => copyFromMemory(session, paths, size));
  if (closure !== null) await retried(session, "copy", () => copyFromStore(session, closure));
}

/** What has come before is sent once more: it is some kilobytes, and the store takes it. */
async function copyFromMemory(session: NodeSession, paths: readonly string[], size: number): Promise<void> {
  const { node, id, connection, context, report } = session;
  report({ type: "copying-paths", count: paths.length, size });
  const destination = destinationUrl(node.host);
  const objects = paths.map((path) => {
    const object = objectAt(context, path);
    if (object === undefined) throw new Error(`planned to send ${path}, which there is not`);
    return object;
  });
  function* announced(): Iterable<StoreObject> {
    for (const object of objects) {
      report({ type: "copying-path", path: object.path, destination });
      yield object;
    }
  }
  const script = importScript(id, protectedPaths(session), paths.length);
  const { exitCode, stderr } = await connection.run(script, {
    input: withPaths(paths, exportStream(announced())),
    signal: context.signal,
  });
  if (exitCode !== 0) {
    throw new RemoteCommandError(
      `the store paths could not be imported: ${lastLines(stderr)}${fullDiskHint(stderr)}`,
    );
  }
}

async function* withPaths(
  paths: readonly string[],
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield pathList(paths);
  yield* stream;
}

/** Lets the garbage collector have what was copied. Best effort: what stays is removed by a deployment a day later. */
export async function uncopy({ id, connection }: NodeSession): Promise<void> {
  await connection.run(unrootScript(id), { signal: AbortSignal.timeout(5000) }).catch(() => {});
}
