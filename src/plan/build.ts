/** Where a system is built, and what of it has to be. Pure. */
import type { EvaluatedNode, NeededPath } from "../fleet/evaluated.ts";

export type BuildPlace =
  /** The Nix of the deploying machine. */
  | { readonly type: "local" }
  /** The machine that is deployed. */
  | { readonly type: "target" }
  /** Another machine; its SSH destination. */
  | { readonly type: "builder"; readonly destination: string };

/** An output of a derivation, with its store path. */
export interface Build {
  readonly derivation: string;
  readonly output: string;
  readonly path: string;
}

/** Where a node's `buildOn` means: without a Nix here, machines build for themselves. */
export function buildPlace(buildOn: string, hasLocalNix: boolean): BuildPlace {
  switch (buildOn) {
    case "local":
      return hasLocalNix ? { type: "local" } : { type: "target" };
    case "target":
      return { type: "target" };
    default:
      return { type: "builder", destination: buildOn };
  }
}

/** The node's system and what else it needs. */
export function neededPaths(node: EvaluatedNode): readonly NeededPath[] {
  return [{ path: node.toplevel, source: node.source }, ...node.closurePaths];
}

export function buildsOf(needed: readonly NeededPath[]): Build[] {
  return needed.flatMap(({ path, source }) =>
    source.type === "derivation" ? [{ derivation: source.derivation, output: source.output, path }] : [],
  );
}
