/**
 * Store paths that are about to come to a machine, or to be built there: noted on it until its disk has them, so that
 * a power cut leaves none of them half there without our knowing (src/deploy/target/arriving.sh).
 */
import { RemoteCommandError } from "../errors.ts";
import type { Connection } from "../ssh/connection.ts";
import { fullDiskHint, lastLines } from "../ssh/failures.ts";
import { noteScript } from "../target/scripts.ts";

/** As the machine reads them. */
export function pathList(paths: readonly string[]): Uint8Array {
  return Buffer.from(`${paths.join("\n")}\n\n`);
}

/** Notes them beside those that deployment `id` has noted. */
export async function noteArriving(
  connection: Connection,
  id: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return;
  const { exitCode, stderr } = await connection.run(noteScript(id), { input: [pathList(paths)], signal });
  if (exitCode === 0) return;
  throw new RemoteCommandError(
    `what is to come could not be noted in /var/lib/nixus: ${lastLines(stderr)}${fullDiskHint(stderr)}`,
  );
}
