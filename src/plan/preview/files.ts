/** Which managed files below /etc a system of the linux platform would change. Pure. */
import type { FileChange } from "../../events/preview.ts";
import { type ManagedFile, parseFileLine } from "../../fleet/platforms/linux/manifest.ts";

/** Lines of `manifest/files` of both systems, and which of the new one's paths the machine has now. */
export function fileChanges(
  before: readonly string[],
  after: readonly string[],
  present: ReadonlySet<string>,
): FileChange[] {
  const [old, now] = [managed(before), managed(after)];
  const changes: FileChange[] = [];
  for (const [path, { file, line }] of now) {
    const was = old.get(path);
    if (was !== undefined) {
      if (was.line !== line) changes.push({ path, change: file.kind === "absent" ? "removed" : "changed" });
    } else if (file.kind === "absent") {
      if (present.has(path)) changes.push({ path, change: "removed" });
    } else {
      changes.push({ path, change: present.has(path) ? "replaced" : "added" });
    }
  }
  for (const [path, { file }] of old) {
    if (!now.has(path) && file.kind !== "absent") changes.push({ path, change: "removed" });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function managed(
  lines: readonly string[],
): Map<string, { readonly file: ManagedFile; readonly line: string }> {
  return new Map(
    lines.flatMap((line) => {
      const file = parseFileLine(line);
      // Whether the machine's sshd_config needs a line more, the machine decides.
      if (file?.kind === "sshd-include") return [];
      return file?.path.startsWith("/etc/") ? [[file.path, { file, line }] as const] : [];
    }),
  );
}
