/** Copy: store objects that the machine lacks. */
import { exportStream } from "../../store/export.ts";
import type { StoreObject } from "../../store/tree.ts";
import { RemoteCommandError } from "../errors.ts";
import { type NodeSession, objectAt } from "../session.ts";
import { destinationUrl } from "../ssh/destination.ts";
import { lastLines } from "../ssh/failures.ts";
import { importScript, unrootScript } from "../target/scripts.ts";

/**
 * Sends the store objects at `paths`, `size` bytes of NARs, in one stream; what is imported is safe from the garbage
 * collector until the deployment ends.
 */
export async function copyClosure(
  { node, connection, context, report }: NodeSession,
  paths: readonly string[],
  size: number,
): Promise<void> {
  report({ type: "copying-closure" });
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
  const roots = [node.toplevel, context.switcher.path, ...(node.baseline === null ? [] : [node.baseline])];
  const { exitCode, stderr } = await connection.run(importScript(context.id, roots), {
    input: exportStream(announced()),
    signal: context.signal,
  });
  if (exitCode !== 0) {
    const full = /No space left on device/.test(stderr)
      ? "; its disk is full: make room and deploy again"
      : "";
    throw new RemoteCommandError(`the store paths could not be imported: ${lastLines(stderr)}${full}`);
  }
}

/** Lets the garbage collector have what was copied. Best effort: what stays is removed by a deployment a day later. */
export async function uncopy({ connection, context }: NodeSession): Promise<void> {
  await connection.run(unrootScript(context.id), { signal: AbortSignal.timeout(5000) }).catch(() => {});
}
