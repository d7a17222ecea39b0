import fc from "fast-check";
import { expect, test } from "vitest";
import { updateAttrs } from "../../../src/lang/eval/update.ts";
import { type Attrs, AttrsBuilder } from "../../../src/lang/eval/value.ts";
import type { Pos } from "../../../src/lang/syntax/positions.ts";
import { intern } from "../../../src/lang/syntax/symbols.ts";

const name = fc.constantFrom(..."abc");
/** Names with a value and a position each; position 0 is none. */
const content = fc.dictionary(name, fc.record({ value: fc.bigInt(), pos: fc.nat() }), {
  noNullPrototype: true,
});

function setOf(entries: Record<string, { value: bigint; pos: number }>): Attrs {
  const builder = new AttrsBuilder();
  for (const [key, { value, pos }] of Object.entries(entries)) builder.set(intern(key), value, pos as Pos);
  return builder.build();
}

test("sets that are merged again and again keep values and positions of the last one that has the name", () => {
  fc.assert(
    fc.property(fc.array(content, { minLength: 1, maxLength: 40 }), fc.boolean(), (sets, fromTheRight) => {
      const all = sets.map(setOf);
      const merged = fromTheRight
        ? all.reduceRight((after, before) => updateAttrs(before, after))
        : all.reduce((before, after) => updateAttrs(before, after));
      const expected: (typeof sets)[number] = Object.assign({}, ...sets);
      expect(merged.names()).toEqual(Object.keys(expected).sort());
      for (const [key, { value, pos }] of Object.entries(expected)) {
        expect(merged.getByName(key)).toBe(value);
        expect(merged.positionOf(intern(key))).toBe(pos);
      }
      const positions = merged.positions ?? [];
      merged.shape.symbols.forEach((sym, index) => {
        expect(positions[index] ?? 0).toBe(merged.positionOf(sym));
      });
    }),
  );
});

test("sets with the same names have the same shape, however they came to them", () => {
  fc.assert(
    fc.property(content, content, (a, b) => {
      expect(updateAttrs(setOf(a), setOf(b)).shape).toBe(setOf({ ...a, ...b }).shape);
    }),
  );
});
