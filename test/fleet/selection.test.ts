import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SelectionError, select } from "../../src/fleet/selection.ts";

const nodes = [
  { name: "db-1", tags: ["db", "eu"] },
  { name: "db-2", tags: ["db"] },
  { name: "web-1", tags: ["web", "eu"] },
  { name: "web-10", tags: ["web"] },
  { name: "we.b", tags: [] },
];
const selected = (...words: string[]) => select(words, nodes).map(({ name }) => name);

describe("selectors", () => {
  test.each([
    [[], ["db-1", "db-2", "web-1", "web-10", "we.b"]],
    [["web-1"], ["web-1"]],
    [
      ["web-1", "db-1"],
      ["db-1", "web-1"],
    ],
    [["web-*"], ["web-1", "web-10"]],
    [["web-?"], ["web-1"]],
    [["we.b"], ["we.b"]],
    [["@db"], ["db-1", "db-2"]],
    [["@w*"], ["web-1", "web-10"]],
    [["!@eu"], ["db-2", "web-10", "we.b"]],
    [
      ["@db", "web-1", "!db-1"],
      ["db-2", "web-1"],
    ],
    [
      ["*", "!web-*", "!db-2"],
      ["db-1", "we.b"],
    ],
  ])("%j", (words, names) => expect(selected(...words)).toEqual(names));

  test.each([
    [["web-2"], "the network has no node 'web-2'; did you mean 'web-1', 'db-2' or 'web-10'?"],
    [["db"], "did you mean '@db', 'db-1' or 'db-2'?"],
    [["@db-1"], "no node has the tag 'db-1'; did you mean 'db-1' or '@db'?"],
    [["@wbe"], "no node has the tag 'wbe'; did you mean '@db' or '@web'?"],
    [["x-*"], "no node fits 'x-*'; it has: db-1, db-2, web-1, web-10, we.b"],
    [["!database"], "the network has no node 'database'; it has: db-1"],
    [["!"], "'!' names no node; write NAME, PATTERN*, @TAG or !NAME"],
    [["@"], "'@' names no node"],
  ])("%j fits none", (words, message) => {
    expect(() => selected(...words)).toThrow(SelectionError);
    expect(() => selected(...words)).toThrow(message);
  });

  test("of names never means something else than the names, whatever they consist of", () => {
    const name = fc.stringMatching(/^[^!@*?][^*?]{0,8}$/u);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), fc.nat(), (names, index) => {
        const all = names.map((one) => ({ name: one, tags: [one] }));
        const wanted = names[index % names.length]!;
        expect(select([wanted], all).map((node) => node.name)).toEqual([wanted]);
        expect(select([`@${wanted}`], all).map((node) => node.name)).toEqual([wanted]);
        expect(select([`!${wanted}`], all).map((node) => node.name)).toEqual(
          names.filter((one) => one !== wanted),
        );
      }),
    );
  });
});
