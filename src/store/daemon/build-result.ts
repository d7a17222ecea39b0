/** What became of a derivation that a store was asked to build. */
import { lazySchema } from "../schema.ts";
import { storeDir } from "../store-path.ts";
import { withoutColours } from "./messages.ts";
import type { WireReader } from "./wire.ts";

export type BuildResult =
  /** The paths of its outputs by name, as far as the daemon says them. */
  | { readonly type: "built"; readonly outputs: ReadonlyMap<string, string> }
  | { readonly type: "failed"; readonly status: BuildFailure; readonly message: string };

type BuildFailure = "dependency-failed" | "timed-out" | "output-rejected" | "cancelled" | "failed";

/** Built, substituted, already valid, resolves to something already valid. */
const successes: ReadonlySet<number> = new Set([0, 1, 2, 13]);

const failures: ReadonlyMap<number, BuildFailure> = new Map([
  [5, "output-rejected"],
  [8, "timed-out"],
  [10, "dependency-failed"],
  [16, "cancelled"],
]);

const realisation = lazySchema((z) => z.object({ outPath: z.string() }));

export async function readBuildResult(minor: number, reader: WireReader): Promise<BuildResult> {
  const status = await reader.integer();
  const message = withoutColours(await reader.string());
  if (minor >= 29) {
    await reader.integer(); // how often it was built
    await reader.boolean(); // whether the outputs differed
    await reader.integer(); // began
    await reader.integer(); // ended
  }
  if (minor >= 37) {
    // Processor time in user and kernel mode.
    for (let times = 2; times > 0; times--) if (await reader.boolean()) await reader.identifier();
  }
  const outputs = new Map<string, string>();
  if (minor >= 28) {
    for (let left = await reader.count(); left > 0; left--) {
      const id = await reader.string();
      const { outPath } = realisation().parse(JSON.parse(await reader.string()));
      outputs.set(id.slice(id.indexOf("!") + 1), `${storeDir}/${outPath}`);
    }
  }
  if (successes.has(status)) return { type: "built", outputs };
  return { type: "failed", status: failures.get(status) ?? "failed", message };
}
