import { expect, test } from "vitest";
import { attached } from "../../src/modules/attached.ts";

test("objects of any kind have a value of each kind", () => {
  const numbers = attached<object, number>();
  const words = attached<object, string>();
  const objects = [
    {},
    Object.freeze({ a: 1 }),
    [],
    () => 0,
    new Proxy({}, {}),
    Object.create(null) as object,
  ];
  objects.forEach((object, index) => {
    numbers.set(object, index);
    words.set(object, `word ${index}`);
  });
  expect(objects.map((object) => numbers.get(object))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(words.get(objects[3]!)).toBe("word 3");
});

test("a later value takes the place of an earlier one; an object without one has none", () => {
  const values = attached<object, string>();
  const object = {};
  expect(values.get(object)).toBeUndefined();
  values.set(object, "first");
  values.set(object, "second");
  expect(values.get(object)).toBe("second");
  expect(values.get({})).toBeUndefined();
});

test("nobody sees it", () => {
  const object = { a: 1 };
  attached<object, string>().set(object, "hidden");
  expect(Reflect.ownKeys(object)).toEqual(["a"]);
  const proxied = new Proxy(
    {},
    {
      get: () => expect.unreachable(),
      set: () => expect.unreachable(),
      has: () => expect.unreachable(),
      defineProperty: () => expect.unreachable(),
    },
  );
  const values = attached<object, string>();
  values.set(proxied, "of the proxy");
  expect(values.get(proxied)).toBe("of the proxy");
});
