/**
 * Stable natural merge sort: peeksort (Munro and Wild, "Nearly-Optimal Mergesorts", 2018), with the choices that Nix
 * makes. With a comparison that is no strict weak order (`a: b: a <= b` is common) the result depends on which
 * elements are compared, so that the same ones are compared here.
 */

/** Whether the first is less than the second. */
export type Less<T> = (a: T, b: T) => boolean;

/** Ranges of at most this length are sorted by insertion. */
const insertionLimit = 16;

/** Sorts in place. */
export function peekSort<T>(items: T[], less: Less<T>): void {
  if (items.length < 2) return;
  if (items.length === 2) {
    if (less(items[1]!, items[0]!)) items.reverse();
    return;
  }
  new PeekSort(items, less).sort(0, items.length, 0, items.length);
}

class PeekSort<T> {
  private readonly items: T[];
  private readonly less: Less<T>;

  constructor(items: T[], less: Less<T>) {
    this.items = items;
    this.less = less;
  }

  /** Sorts `[from, to)`, in which `[from, leftEnd)` and `[rightStart, to)` are known to be sorted. */
  sort(from: number, to: number, leftEnd: number, rightStart: number): void {
    if (leftEnd === to || rightStart === from) return;
    if (to - from <= insertionLimit) {
      this.insert(from, to);
      return;
    }
    const middle = from + ((to - from) >> 1);
    if (middle <= leftEnd) {
      this.sort(leftEnd, to, leftEnd + 1, rightStart);
      this.merge(from, leftEnd, to);
      return;
    }
    if (middle >= rightStart) {
      this.sort(from, rightStart, leftEnd, rightStart - 1);
      this.merge(from, rightStart, to);
      return;
    }
    const [start, end] = this.runAround(middle, leftEnd, rightStart);
    if (start === from && end === to) return;
    if (middle - start < end - middle) {
      this.sort(from, start, leftEnd, start - 1);
      this.sort(start, to, end, rightStart);
      this.merge(from, start, to);
    } else {
      this.sort(from, end, leftEnd, start);
      this.sort(end, to, end + 1, rightStart);
      this.merge(from, end, to);
    }
  }

  /** The maximal run over `middle - 1`, looked for between the limits; a descending one is reversed. */
  private runAround(middle: number, lowest: number, highest: number): [start: number, end: number] {
    const { items, less } = this;
    const descending = less(items[middle]!, items[middle - 1]!);
    const inRun = (left: number): boolean => less(items[left + 1]!, items[left]!) === descending;
    let start = middle;
    while (start - 1 > lowest && inRun(start - 2)) start--;
    start--;
    let end = middle - 1;
    while (end + 1 !== highest && inRun(end)) end++;
    end++;
    if (descending) {
      const run = items.slice(start, end).reverse();
      for (let i = 0; i < run.length; i++) items[start + i] = run[i]!;
    }
    return [start, end];
  }

  private insert(from: number, to: number): void {
    const { items, less } = this;
    for (let current = from + 1; current < to; current++) {
      const item = items[current]!;
      let at = current;
      while (at > from && less(item, items[at - 1]!)) {
        items[at] = items[at - 1]!;
        at--;
      }
      items[at] = item;
    }
  }

  private merge(from: number, middle: number, to: number): void {
    const { items, less } = this;
    const left = items.slice(from, middle);
    const right = items.slice(middle, to);
    let l = 0;
    let r = 0;
    let out = from;
    while (l < left.length && r < right.length) {
      items[out++] = less(right[r]!, left[l]!) ? right[r++]! : left[l++]!;
    }
    while (l < left.length) items[out++] = left[l++]!;
    while (r < right.length) items[out++] = right[r++]!;
  }
}
