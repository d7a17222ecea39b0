/** What became of `nixus.lock`, in one line: `new secrets a, b; changed secret c`. */
export function renderLockChange(change: {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed?: readonly string[];
}): string {
  const part = (word: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${word} ${names.length === 1 ? "secret" : "secrets"} ${names.join(", ")}`];
  const parts = [
    ...part("new", change.added),
    ...part("changed", change.changed),
    ...part("removed", change.removed ?? []),
  ];
  return parts.length === 0 ? "the key of the secrets' digests was updated" : parts.join("; ");
}
