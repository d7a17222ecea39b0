/** Laws of properties, merges and conversion, on random definitions. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Attrs, type Slot, type Value } from "../../src/lang/eval/value.ts";
import { noPos } from "../../src/lang/syntax/positions.ts";
import { fromJs, toJs } from "../../src/modules/convert.ts";
import { levenshtein } from "../../src/modules/nearest.ts";
import {
  discharge,
  makeIf,
  makeMerge,
  makeOrder,
  makeOverride,
  pushDown,
} from "../../src/modules/properties.ts";
import type { RawDefinition } from "../../src/modules/type.ts";
import { fromText, toText } from "../../src/store/bytes.ts";
import { modulesLab } from "./lab.ts";

const { system } = modulesLab();

/** A definition with properties around it, and what it amounts to. */
interface Sample {
  readonly slot: Slot;
  readonly leaves: readonly { readonly value: bigint; readonly priority: number; readonly order: number }[];
}

const leaf: fc.Arbitrary<Sample> = fc
  .bigInt({ min: 0n, max: 99n })
  .map((value) => ({ slot: value, leaves: [{ value, priority: 100, order: 1000 }] }));

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.tuple(fc.boolean(), tie("sample")).map(([holds, { slot, leaves }]) => ({
      slot: makeIf(holds, slot),
      leaves: holds ? leaves : [],
    })),
    fc.array(tie("sample"), { maxLength: 3 }).map((samples) => ({
      slot: makeMerge(samples.map(({ slot }) => slot)),
      leaves: samples.flatMap(({ leaves }) => leaves),
    })),
    fc.tuple(fc.constantFrom(10, 50, 1000), tie("sample")).map(([priority, { slot, leaves }]) => ({
      slot: makeOverride(BigInt(priority), slot),
      leaves: leaves.map((one) => ({ ...one, priority })),
    })),
    fc.tuple(fc.constantFrom(500, 1500), tie("sample")).map(([order, { slot, leaves }]) => ({
      slot: makeOrder(BigInt(order), slot),
      leaves: leaves.map((one) => ({ ...one, order })),
    })),
  ),
}));

const raw = (slot: Slot): RawDefinition => ({ file: "f", pos: noPos, slot, guards: null });

test("the smallest priority wins, in order, stably; the rest is discarded", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 6 }), (samples) => {
      const leaves = samples.flatMap((one) => one.leaves);
      const highest = Math.min(...leaves.map((one) => one.priority));
      const winners = leaves.filter((one) => one.priority === highest);
      const sorted = winners.toSorted((a, b) => a.order - b.order);
      const result = discharge(samples.map(({ slot }) => raw(slot)));
      expect(result.defs.map((def) => def.value)).toEqual(sorted.map((one) => one.value));
      expect(result.discarded).toHaveLength(leaves.length - winners.length);
    }),
  );
});

test("mkMerge of definitions is the definitions", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 5 }), (samples) => {
      const slots = samples.map(({ slot }) => slot);
      expect(discharge([raw(makeMerge(slots))])).toEqual(discharge(slots.map(raw)));
    }),
  );
});

test("a property around a set is the property around each attribute", () => {
  fc.assert(
    fc.property(sample, fc.boolean(), fc.constantFrom(10, 50, 1000), ({ slot }, holds, priority) => {
      const around = (inner: Slot) => makeIf(holds, makeOverride(BigInt(priority), inner));
      const pushed: RawDefinition[] = [];
      pushDown(raw(around(Attrs.fromEntries([["a", slot]]))), (value, def) => {
        pushed.push({ ...def, slot: (value as Attrs).getByName("a")! });
      });
      expect(discharge(pushed)).toEqual(discharge([raw(around(slot))]));
    }),
  );
});

const plain: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: "grapheme", maxLength: 8 }).filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
})).value;

/** All of a converted value, as plain data again. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainOf(member)]));
}

test("JavaScript values survive the way to the language and back", () => {
  fc.assert(
    fc.property(plain, (value) => {
      const converted = plainOf(toJs(system, fromJs(system, value, "value")));
      expect(converted).toEqual(plainOf(value));
    }),
  );
});

test("what is read is, as a definition, what it was", () => {
  fc.assert(
    fc.property(plain, (value) => {
      const original: Value = system.evaluator.deepForce(fromJs(system, value, "value"));
      expect(system.evaluator.equal(fromJs(system, toJs(system, original), "value"), original)).toBe(true);
    }),
  );
});

test("text keeps its characters, integers beyond 64 bits are refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(fromJs(system, text, "x")).toBe(fromText(text));
      expect(toText(fromText(text))).toBe(text);
    }),
  );
  expect(() => fromJs(system, 2n ** 63n, "x")).toThrow(
    "x: the integer 9223372036854775808 does not fit into 64 bits",
  );
});

test("the distance of names is a metric", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(levenshtein(a, b)).toBe(levenshtein(b, a));
      expect(levenshtein(a, b) === 0).toBe(a === b);
      expect(levenshtein(a, c)).toBeLessThanOrEqual(levenshtein(a, b) + levenshtein(b, c));
    }),
  );
});
