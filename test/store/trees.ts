/** Random trees for property tests. */
import fc from "fast-check";
import type { TreeNode } from "../../src/store/tree.ts";

/** File names as a store can hold them: any bytes but `/` and NUL, neither `.` nor `..`. */
const fileName = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString("latin1").replace(/[/\0]/g, "x"))
  .filter((name) => name !== "." && name !== "..");

const symlink = fileName.map((target): TreeNode => ({ type: "symlink", target }));
const regular = fc
  .tuple(fc.boolean(), fc.uint8Array({ maxLength: 40 }))
  .map(([executable, contents]): TreeNode => ({ type: "regular", executable, contents }));

export const tree: fc.Arbitrary<TreeNode> = fc.letrec<{ node: TreeNode; directory: TreeNode }>((tie) => ({
  node: fc.oneof({ depthSize: "small" }, regular, symlink, tie("directory")),
  directory: fc
    .dictionary(fileName, tie("node"), { maxKeys: 6, noNullPrototype: true })
    .map((entries): TreeNode => ({ type: "directory", entries: new Map(Object.entries(entries)) })),
})).node;
