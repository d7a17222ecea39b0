import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { peekSort } from "../../../src/lang/builtins/sort.ts";

interface Item {
  readonly key: number;
  readonly place: number;
}

const items = (keys: readonly number[]): Item[] => keys.map((key, place) => ({ key, place }));

describe("peekSort", () => {
  test("sorts stably, as the standard sort does", () => {
    const runs = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(runs, (parts) => {
        // Runs up, down and mixed, so that every way of splitting is taken.
        const keys = parts.flatMap((part, i) =>
          i % 3 === 0 ? part : [...part].sort((a, b) => (i % 3 === 1 ? a - b : b - a)),
        );
        const sorted = items(keys);
        peekSort(sorted, (a, b) => a.key < b.key);
        expect(sorted).toEqual(items(keys).sort((a, b) => a.key - b.key));
      }),
      { numRuns: 500 },
    );
  });

  test("permutes whatever the comparison says", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { maxLength: 100 }),
        fc.infiniteStream(fc.boolean()),
        (keys, answers) => {
          const sorted = [...keys];
          peekSort(sorted, () => answers.next().value as boolean);
          expect([...sorted].sort((a, b) => a - b)).toEqual([...keys].sort((a, b) => a - b));
        },
      ),
    );
  });

  test("a sorted list takes one comparison for each neighbouring pair", () => {
    const sorted = Array.from({ length: 1000 }, (_, i) => i);
    let comparisons = 0;
    peekSort(sorted, (a, b) => {
      comparisons++;
      return a < b;
    });
    expect(comparisons).toBe(1000);
    expect(sorted[999]).toBe(999);
  });

  test("`<=` as the comparison reverses equal elements of short lists", () => {
    const sorted = items([1, 1, 1, 0]);
    peekSort(sorted, (a, b) => a.key <= b.key);
    expect(sorted.map(({ place }) => place)).toEqual([3, 2, 1, 0]);
  });
});
