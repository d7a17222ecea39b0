import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalisePath, pathFrom } from "../../../src/lang/syntax/paths.ts";

const segments = fc.array(fc.constantFrom("", ".", "..", "a", ".b", "c.nix", "..."), { maxLength: 6 });

describe("paths", () => {
  it.each([
    ["/a/./b//c/../d/", "/a/b/d"],
    ["/../..", "/"],
    ["/.a/..b/...", "/.a/..b/..."],
    ["/", "/"],
  ])("%s is %s", (path, normal) => {
    expect(normalisePath(path)).toBe(normal);
  });

  it("are the same whether they are joined first or not", () => {
    fc.assert(
      fc.property(segments, segments, (base, relative) => {
        const [directory, path] = [`/${base.join("/")}`, relative.join("/")];
        expect(pathFrom(directory, path)).toBe(normalisePath(`${directory}/${path}`));
        expect(pathFrom(normalisePath(directory), path)).toBe(normalisePath(`${directory}/${path}`));
      }),
    );
  });

  it("have no empty segments and no dots when they are normal", () => {
    fc.assert(
      fc.property(segments, (path) => {
        const normal = normalisePath(`/${path.join("/")}`);
        expect(normal === "/" || !/\/(\.{0,2})(\/|$)/.test(normal)).toBe(true);
        expect(normalisePath(normal)).toBe(normal);
      }),
    );
  });
});
