/** Links at relative paths, as a tree of the store. */
import type { TreeNode } from "../../../store/tree.ts";
import { directory } from "./scripts.ts";

interface Branch {
  readonly links: Map<string, string>;
  readonly branches: Map<string, Branch>;
}

/** `links`: targets by path. */
export function linkTree(links: ReadonlyMap<string, string>): TreeNode {
  const root: Branch = { links: new Map(), branches: new Map() };
  for (const [path, target] of links) {
    const segments = path.split("/");
    const last = segments.pop()!;
    let branch = root;
    for (const segment of segments) {
      const next = branch.branches.get(segment) ?? { links: new Map(), branches: new Map() };
      branch.branches.set(segment, next);
      branch = next;
    }
    branch.links.set(last, target);
  }
  return branchNode(root);
}

function branchNode(branch: Branch): TreeNode {
  return directory([
    ...[...branch.links].map(([name, target]): [string, TreeNode] => [name, { type: "symlink", target }]),
    ...[...branch.branches].map(([name, below]): [string, TreeNode] => [name, branchNode(below)]),
  ]);
}
