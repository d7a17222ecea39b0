/** Names of nodes where a shell asks what a word may become. */
import type { Context } from "./context.ts";
import { evaluate } from "./evaluation/client.ts";
import { findNetworkFile } from "./network-file.ts";

/** Those that begin with the word; none where there is no network that can be evaluated. */
export async function proposeNodes(this: Context, partial: string): Promise<readonly string[]> {
  const { argv, cwd } = this.process;
  const flag = argv.findIndex((word) => word === "-f" || word === "--file");
  try {
    const file = findNetworkFile(flag === -1 ? undefined : argv[flag + 1], cwd());
    const { nodes } = await evaluate(
      { kind: "settings", file, nodes: [] },
      { showTrace: false, useCache: true, onMessage: () => {} },
    );
    return nodes.map(({ name }) => name).filter((name) => name.startsWith(partial));
  } catch {
    return [];
  }
}
