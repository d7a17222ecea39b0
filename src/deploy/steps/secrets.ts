/** Secrets that a machine lacks: all in one stream over standard input, never in arguments or the environment. */
import type { EvaluatedSecret } from "../../fleet/evaluated.ts";
import { type SecretEntry, secretLabel } from "../../fleet/modules/secrets/secret.ts";
import { narChunksSync } from "../../store/nar.ts";
import type { DirectoryNode, TreeNode } from "../../store/tree.ts";
import { NodeError, RemoteCommandError } from "../errors.ts";
import { contentOf } from "../secrets/contents.ts";
import type { NodeSession } from "../session.ts";
import type { RunOptions } from "../ssh/connection.ts";
import { lastLines } from "../ssh/failures.ts";
import { receiveSecretsScript } from "../target/scripts.ts";

export async function sendSecrets(
  { id, connection, context, report }: NodeSession,
  secrets: readonly EvaluatedSecret[],
  options: Pick<RunOptions, "fresh" | "connectTimeout"> = {},
): Promise<void> {
  const places: Record<SecretEntry["place"], Map<string, TreeNode>> = { disk: new Map(), memory: new Map() };
  for (const { owner, entry } of secrets) {
    const contents = contentOf(context.secrets, owner);
    if (contents === undefined) throw new NodeError(`the secret '${secretLabel(owner)}' was not read`);
    places[entry.place].set(entry.file, { type: "regular", executable: false, contents });
  }
  const count = places.disk.size + places.memory.size;
  report({ type: "sending-secrets", count });
  const { exitCode, stderr } = await connection.run(receiveSecretsScript(id, count), {
    ...options,
    input: narChunksSync(archive(places)),
    signal: context.signal,
  });
  if (exitCode === 0) return;
  // nix-store and coreutils name files, never what is in them.
  const full = /No space left on device/.test(stderr)
    ? "; make room there (/run is in memory) and deploy again"
    : "";
  throw new RemoteCommandError(`the secrets could not be stored on the machine: ${lastLines(stderr)}${full}`);
}

/** The places that have something, as a directory of directories. */
function archive(
  places: Readonly<Record<SecretEntry["place"], ReadonlyMap<string, TreeNode>>>,
): DirectoryNode {
  const filled = (["disk", "memory"] as const).filter((place) => places[place].size > 0);
  return {
    type: "directory",
    entries: new Map(filled.map((place) => [place, { type: "directory", entries: places[place] }])),
  };
}
