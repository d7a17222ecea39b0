/** Near misses: which names may have been meant. */

/** Number of insertions, deletions, and substitutions of one byte that make `b` of `a`. */
export function levenshtein(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      current.push(
        a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
          ? previous[j - 1]!
          : 1 + Math.min(previous[j - 1]!, previous[j]!, current[j - 1]!),
      );
    }
    previous = current;
  }
  return previous[b.length]!;
}

/**
 * At most three names, the nearest first. Only those within a distance that a typing error may have (a third of the
 * name's length), or that continue what was written.
 */
export function nearest(name: string, candidates: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3));
  return candidates
    .filter((candidate) => Math.abs(candidate.length - name.length) <= limit || candidate.startsWith(name))
    .map((candidate) => ({ candidate, distance: levenshtein(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= limit || candidate.startsWith(name))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}
