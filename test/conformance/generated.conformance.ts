/** Arbitrary expressions, evaluated by an installed Nix and by us: the same value, or both fail. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toText } from "../../src/store/bytes.ts";
import { sourceOf } from "../lang/syntax/source.ts";
import { tree } from "../lang/syntax/trees.ts";
import { disagreement } from "./lib/compare.ts";
import { nixVersion } from "./lib/instantiate.ts";
import { skipSuite } from "./lib/settings.ts";
import { typedExpression } from "./lib/typed-expressions.ts";

/** A run can be repeated, and another one can look elsewhere. */
const { NIXUS_SEED: seed = "1", NIXUS_RUNS: runs = "500" } = process.env;
const parameters = { seed: Number(seed), numRuns: Number(runs), endOnFailure: false };

async function agrees(expression: string): Promise<void> {
  const found = await disagreement(expression);
  expect(found === undefined ? "the same" : toText(found)).toBe("the same");
}

/** What the free variables of trees mean. Trees rarely fit together: most of them fail, and have to. */
const variables = `let
  a = 1; b = { a = 2; b = [ 3 "x" ]; "" = null; }; x' = "text"; _ = [ a b.a ];
  y-z = x: x; ifx = { a ? 1, ... }: a; mkIf = c: v: if c then v else { }; Aa1 = true; args = b; self = b;
in `;

/** Older releases are less strict here and there, which arbitrary expressions find at once. */
const installed = await nixVersion();
if (installed === undefined || installed[1] < 34) {
  skipSuite("generated expressions", "there is no nix-instantiate of Nix 2.34 or later to compare with");
} else {
  describe("Nix agrees about", () => {
    test("expressions whose parts fit together", () =>
      fc.assert(fc.asyncProperty(typedExpression, agrees), parameters));
    test("arbitrary syntax trees", () =>
      fc.assert(
        fc.asyncProperty(tree, (expr) => agrees(variables + sourceOf(expr))),
        parameters,
      ));
  });
}
