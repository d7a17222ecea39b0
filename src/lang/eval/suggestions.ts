/** Near misses of a name, for "Did you mean ...?". */

/** Edit distance (Levenshtein), in bytes. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      current.push(Math.min(substituted, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** At most five names within two edits of `name`, nearest first, equal ones by name. */
export function nearMisses(name: string, candidates: Iterable<string>): string[] {
  const near: { candidate: string; edits: number }[] = [];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > 2) continue;
    const edits = distance(name, candidate);
    if (edits <= 2) near.push({ candidate, edits });
  }
  near.sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1));
  return near.slice(0, 5).map(({ candidate }) => candidate);
}

/** `Did you mean a?`, `Did you mean one of a, b or c?`; undefined without suggestions. */
export function didYouMean(suggestions: readonly string[]): string | undefined {
  if (suggestions.length === 0) return undefined;
  if (suggestions.length === 1) return `Did you mean ${suggestions[0]}?`;
  return `Did you mean one of ${suggestions.slice(0, -1).join(", ")} or ${suggestions.at(-1)}?`;
}

const notes = new WeakMap<object, (name: string) => string>();

/** Has a set say more about an attribute that is asked for and that it does not have. */
export function explainMissing(set: object, explain: (name: string) => string): void {
  notes.set(set, explain);
}

/** What the set says about the missing name, on a line of its own; empty: nothing. */
export function missingNote(set: object, name: string): string {
  const note = notes.get(set)?.(name);
  return note === undefined ? "" : `\n${note}`;
}
