import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttrPathError, parseAttrPath } from "../../src/fleet/attr-path.ts";

describe("parseAttrPath", () => {
  it.each([
    ["nodes.foo.host", ["nodes", "foo", "host"]],
    ['nodes."foo.example.com".host', ["nodes", "foo.example.com", "host"]],
    ["tags.0", ["tags", "0"]],
    ['a."".b', ["a", "", "b"]],
    ["", []],
  ])("%s", (path, names) => {
    expect(parseAttrPath(path)).toEqual(names);
  });

  it.each(["a..b", ".a", "a.", 'a."b'])("refuses %s", (path) => {
    expect(() => parseAttrPath(path)).toThrow(AttrPathError);
  });

  it("reads back any names that are quoted", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().filter((name) => !name.includes('"')),
          { minLength: 1 },
        ),
        (names) => {
          expect(parseAttrPath(names.map((name) => `"${name}"`).join("."))).toEqual(names);
        },
      ),
    );
  });
});
