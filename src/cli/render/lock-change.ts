/** What became of `nixus.lock`, in one line: `new secrets a, b; changed secret c`. */
export function renderLockChange(change: {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed?: readonly string[];
}): string {
  const part = (word: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${word} ${names.length === 1 ? "secret" : "secrets"} ${someOf(names)}`];
  const parts = [
    ...part("new", change.added),
    ...part("changed", change.changed),
    ...part("removed", change.removed ?? []),
  ];
  return parts.length === 0 ? "the key of the secrets' digests was updated" : parts.join("; ");
}

const shownNames = 10;

/** All of them, or the first and how many more there are. */
export function someOf(names: readonly string[]): string {
  if (names.length <= shownNames) return names.join(", ");
  return `${names.slice(0, shownNames - 1).join(", ")} and ${names.length - shownNames + 1} others`;
}
