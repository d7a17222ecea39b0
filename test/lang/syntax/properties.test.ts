import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NixError } from "../../../src/lang/eval/errors.ts";
import { excerpt } from "../../../src/lang/syntax/excerpt.ts";
import { parse } from "../../../src/lang/syntax/parser.ts";
import { formatPos, type Pos, resolvePos } from "../../../src/lang/syntax/positions.ts";
import { printExpr } from "../../../src/lang/syntax/printer.ts";
import { withoutPositions } from "./parsing.ts";
import { samples } from "./samples.ts";
import { sourceOf } from "./source.ts";
import { tree } from "./trees.ts";

const options = { basePath: "/base", home: "/home/me" };
const origin = { kind: "string" } as const;

/** The tree without positions and without the names of functions, which depend on where they stand; as JSON values. */
function comparable(tree: unknown): unknown {
  const json = JSON.stringify(withoutPositions(tree), (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  return JSON.parse(json, (_, value) => {
    if (value?.kind === "lambda") delete value.name;
    return value;
  });
}

describe("the parser", () => {
  it("reads back every tree from its source", () => {
    fc.assert(
      fc.property(tree, (expr) => {
        const parsed = parse(sourceOf(expr), origin, options);
        expect(comparable(parsed)).toEqual(comparable(expr));
      }),
      { numRuns: 1000 },
    );
  });

  it("does not care for blanks and comments between tokens", () => {
    const blanks = fc.constantFrom(" ", "\n", "\r\n", "\t", "/* a ''\" */", "# b\n", "# c\r", "/***/");
    fc.assert(
      fc.property(tree, fc.array(blanks, { minLength: 1, maxLength: 5 }), (expr, filling) => {
        const source = sourceOf(expr);
        // Parentheses are tokens wherever they are not within a string, so only sources without strings are used.
        fc.pre(!/["'/]/.test(source));
        let next = 0;
        const filled = source.replace(/[()[\]]/g, (bracket) => bracket + filling[next++ % filling.length]);
        expect(printExpr(parse(filled, origin, options))).toBe(printExpr(parse(source, origin, options)));
      }),
      { numRuns: 500 },
    );
  });

  it("fails on damaged source with one error at a place in it, or not at all", () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 12 }),
      insert: fc.oneof(
        fc.constantFrom(
          "",
          "''",
          '"',
          "${",
          "}",
          "{",
          "(",
          ")",
          ";",
          "./",
          "/",
          "a:",
          "<",
          "or",
          "...",
          "@",
          "\r",
        ),
        fc.string({ unit: fc.nat({ max: 255 }).map((byte) => String.fromCharCode(byte)), maxLength: 4 }),
      ),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(damage, { minLength: 1, maxLength: 6 }),
        (sample, all) => {
          let text = sample;
          for (const { at, remove, insert } of all) {
            const start = at % (text.length + 1);
            text = text.slice(0, start) + insert + text.slice(start + remove);
          }
          expectParsedOrRefused(text);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("fails on binary input likewise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
        expectParsedOrRefused(Buffer.from(input).toString("latin1"));
      }),
      { numRuns: 1000 },
    );
  });
});

function expectParsedOrRefused(text: string): void {
  let at: Pos | undefined;
  try {
    const expr = parse(text, origin, options);
    printExpr(expr);
    at = expr.pos;
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    expect(error.kind).toBe("syntax");
    expect(error.message).not.toContain("undefined");
    at = error.pos;
  }
  const resolved = resolvePos(at!);
  expect(resolved?.source.text).toBe(text);
  expect(resolved!.column).toBeLessThanOrEqual(resolved!.lineText.length + 2);
  expect(excerpt(at!)).toContain(formatPos(at!));
}
