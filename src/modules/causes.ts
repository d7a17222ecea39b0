/** Which of many things make a difference. */

/**
 * The elements that matter: those without which the outcome is another, found by leaving out ever smaller groups.
 * Where several of them do the same, so that none matters alone, each of them is a cause.
 *
 * `differs` tells whether the outcome is another one without the elements; it is asked about 2 k log n times for k
 * causes among n elements, which supposes that leaving out more does not restore the outcome.
 */
export function findCauses<T>(
  elements: readonly T[],
  differs: (without: readonly T[]) => boolean,
): readonly T[] {
  return search(elements, [], differs);
}

/** `already` is left out as well, and makes no difference by itself. */
function search<T>(
  elements: readonly T[],
  already: readonly T[],
  differs: (without: readonly T[]) => boolean,
): readonly T[] {
  if (elements.length === 0 || !differs([...already, ...elements])) return [];
  if (elements.length === 1) return elements;
  const middle = elements.length >> 1;
  const first = elements.slice(0, middle);
  const second = elements.slice(middle);
  const found = [...search(first, already, differs), ...search(second, already, differs)];
  if (found.length > 0) {
    const rest = elements.filter((element) => !found.includes(element));
    return [...found, ...search(rest, already, differs)];
  }
  // Each half makes up for the other one.
  return [
    ...search(first, [...already, ...second], differs),
    ...search(second, [...already, ...first], differs),
  ];
}
