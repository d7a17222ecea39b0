import fc from "fast-check";
import { expect, test } from "vitest";
import { base32Length, fromBase32, isBase32, toBase32 } from "../../src/store/base32.ts";
import { StoreError } from "../../src/store/errors.ts";

test("known vectors", () => {
  expect(toBase32(Buffer.alloc(0))).toBe("");
  expect(toBase32(Buffer.alloc(20))).toBe("0".repeat(32));
  expect(
    toBase32(Buffer.from("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hex")),
  ).toBe("0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73");
});

test("any bytes come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = toBase32(bytes);
      expect(text.length).toBe(base32Length(bytes.length));
      expect(isBase32(text)).toBe(true);
      expect(Buffer.from(fromBase32(text))).toEqual(Buffer.from(bytes));
    }),
  );
});

test("refuses characters outside of the alphabet and surplus bits", () => {
  for (const text of ["e", "O", "0t", "\xff", "0 "]) expect(() => fromBase32(text)).toThrow(StoreError);
  expect(() => fromBase32("z".repeat(52))).toThrow(StoreError);
  expect(isBase32("0123u")).toBe(false);
});
