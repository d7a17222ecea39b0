/** Names of revisions, branches and tags. */

/** A SHA-1 commit hash. */
export const revPattern = /^[0-9a-fA-F]{40}$/;

export const refPattern = /^[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*$/;

/** Whether Git takes this as the name of a reference, with or without `refs/` in front (git-check-ref-format). */
export function isLegalRefName(name: string): boolean {
  if (name === "" || name === "@" || name.startsWith("-") || name.endsWith(".")) return false;
  if (name.includes("..") || name.includes("@{")) return false;
  for (const byte of name) if (byte <= " " || byte === "\x7f" || "~^:?*[\\".includes(byte)) return false;
  return name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}
