/** Sorting of what there is little of, as of the attributes of most sets: `Array.prototype.sort` takes copies first. */
import type { Sym } from "../syntax/symbols.ts";

/** More items than this are left to `Array.prototype.sort`. */
const few = 24;

/** Sorts in place, by the number that `keyOf` gives. */
export function sortByNumber<T>(items: T[], keyOf: (item: T) => number): T[] {
  if (items.length > few) return items.sort((a, b) => keyOf(a) - keyOf(b));
  for (let i = 1; i < items.length; i++) {
    const item = items[i]!;
    const key = keyOf(item);
    let at = i;
    while (at > 0 && keyOf(items[at - 1]!) > key) {
      items[at] = items[at - 1]!;
      at--;
    }
    items[at] = item;
  }
  return items;
}

/** Sorts symbols, or other numbers, in place. */
export function sortNumbers<N extends Sym | number>(items: N[]): N[] {
  return sortByNumber(items, (item) => item);
}
