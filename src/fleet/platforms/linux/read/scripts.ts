/** Shell scripts as executables in the store. */
import type { EvalStore } from "../../../../lang/host.ts";
import { toBytes } from "../../../../store/bytes.ts";
import type { DirectoryNode, TreeNode } from "../../../../store/tree.ts";
import type { StoreText } from "../system.ts";

const directory = (entries: Record<string, TreeNode>): DirectoryNode => ({
  type: "directory",
  entries: new Map(Object.entries(entries)),
});

/**
 * The store path of an executable that runs these commands with bash and ends at the first that fails:
 * `STORE/...-unit-script-NAME/bin/NAME`, as on NixOS.
 */
export function scriptExecutable(store: EvalStore, name: string, commands: StoreText): StoreText {
  const text = `#!/bin/bash\nset -e\n${commands.text.endsWith("\n") ? commands.text : `${commands.text}\n`}`;
  const fileName = name.replace(/[^a-zA-Z0-9+._?=-]/g, "-");
  const contents = toBytes(text);
  const path = store.addTree(
    `unit-script-${fileName}`,
    directory({ bin: directory({ [fileName]: { type: "regular", executable: true, contents } }) }),
    commands.references,
  );
  return { text: `${path}/bin/${fileName}`, references: [path] };
}
