import fc from "fast-check";
import { expect, test } from "vitest";
import { findCauses } from "../../src/modules/causes.ts";

const numbers = fc.uniqueArray(fc.nat(60), { maxLength: 40 });

test("of elements that matter each by itself, those are found and no others", () => {
  fc.assert(
    fc.property(numbers, fc.func(fc.boolean()), (elements, matters) => {
      const causes = elements.filter((one) => matters(one));
      const found = findCauses(elements, (without) => without.some((one) => causes.includes(one)));
      expect([...found].sort()).toEqual([...causes].sort());
    }),
  );
});

test("groups of which one element is enough: all of them are causes", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 7 }), (elements, n, m) => {
      // Each group matters when all of it is left out; what is in no group never does.
      const groups = Array.from({ length: n }, (_, group) => elements.filter((one) => one % m === group));
      const differs = (without: readonly number[]) =>
        groups.some((group) => group.length > 0 && group.every((one) => without.includes(one)));
      const found = findCauses(elements, differs);
      expect([...found].sort()).toEqual(groups.flat().sort());
    }),
  );
});

test("few questions for one cause among many", () => {
  let asked = 0;
  const found = findCauses(
    Array.from({ length: 1000 }, (_, index) => index),
    (without) => {
      asked++;
      return without.includes(700);
    },
  );
  expect(found).toEqual([700]);
  expect(asked).toBeLessThan(40);
});
