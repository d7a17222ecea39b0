/** Arbitrary syntax trees that the parser could have made. Positions are all {@link noPos}. */
import * as fc from "fast-check";
import type {
  AttrBinding,
  AttrName,
  AttrsExpr,
  BinaryOp,
  Expr,
  LambdaExpr,
} from "../../../src/lang/syntax/ast.ts";
import { noPos } from "../../../src/lang/syntax/positions.ts";
import { intern, type Sym } from "../../../src/lang/syntax/symbols.ts";

const pos = noPos;

const variableNames = ["a", "b", "x'", "_", "y-z", "ifx", "mkIf", "__sub", "Aa1"];
const variable = fc.constantFrom(...variableNames).map(intern);
const bytes = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)) });
const tricky = fc.string({ unit: fc.constantFrom("$", "{", "}", "\\", '"', "'", "\n", "\r", " ", "a") });
const text = fc.oneof(bytes, tricky);
const attrName = fc.oneof(
  variable,
  fc.constantFrom("if", "or", "", "a b", "0").map(intern),
  text.map(intern),
);

const segment = fc.constantFrom("a", "b-c", "d.e", "0", "_+", "...");
const absolutePath = fc.array(segment, { minLength: 1, maxLength: 3 }).map((all) => `/${all.join("/")}`);

const leaf = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((value): Expr => ({ kind: "int", pos, value })),
  fc.double({ min: 0.001, max: 1e15, noNaN: true }).map((value): Expr => ({ kind: "float", pos, value })),
  text.map((value): Expr => ({ kind: "string", pos, value })),
  absolutePath.map((value): Expr => ({ kind: "path", pos, value })),
  variable.map((name): Expr => ({ kind: "var", pos, name })),
  fc.constant<Expr>({ kind: "curPos", pos }),
);

const binaryOps: readonly BinaryOp[] = ["==", "!=", "&&", "||", "->", "//", "++"];

/** Distinct names, each with what belongs to it. */
function byName<T>(name: fc.Arbitrary<Sym>, value: fc.Arbitrary<T>): fc.Arbitrary<[Sym, T][]> {
  return fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 4 });
}

/** Whether no text is beside another one: the parser would have read them as one. */
function alternates(parts: readonly Expr[]): boolean {
  return parts.every((part, index) => part.kind !== "string" || parts[index + 1]?.kind !== "string");
}

function concatenation(forceString: boolean, parts: readonly Expr[]): Expr {
  return { kind: "concatStrings", pos, forceString, parts, positions: parts.map(() => pos) };
}

type Kinds = { expr: Expr; attrs: AttrsExpr };

export const { expr: tree } = fc.letrec<Kinds>((tie) => {
  const expr = tie("expr");
  const attrs = tie("attrs");
  const dynamicName = expr.filter((name) => name.kind !== "string");
  const path = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: attrName.map((name): AttrName => ({ kind: "static", pos, name })) },
      { weight: 1, arbitrary: dynamicName.map((of): AttrName => ({ kind: "dynamic", pos, expr: of })) },
    ),
    { minLength: 1, maxLength: 3 },
  );
  const bound = fc.oneof(
    expr.map((value) => ({ kind: "plain", value }) as const),
    fc.constant({ kind: "inherit" } as const),
    expr.map((source) => ({ kind: "inheritFrom", source }) as const),
  );
  const formals = fc.record({
    list: byName(variable, fc.option(expr, { nil: undefined })).map((all) =>
      all.map(([name, value]) => ({ name, pos, default: value })),
    ),
    ellipsis: fc.boolean(),
  });
  const lambda = fc
    .record({
      formals: fc.option(formals, { nil: undefined }),
      arg: fc.constantFrom("args", "self").map(intern),
      withArg: fc.boolean(),
      body: expr,
    })
    .map(
      ({ formals: set, arg, withArg, body }): LambdaExpr => ({
        kind: "lambda",
        pos,
        arg: set === undefined || withArg ? arg : undefined,
        formals: set,
        body,
        name: undefined,
      }),
    );
  const interpolated = fc.array(
    fc.oneof(
      expr,
      text.map((value): Expr => ({ kind: "string", pos, value })),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  return {
    attrs: fc
      .record({
        recursive: fc.boolean(),
        bindings: byName(attrName, bound),
        dynamic: fc.array(fc.record({ pos: fc.constant(pos), name: dynamicName, value: expr }), {
          maxLength: 2,
        }),
      })
      .map(({ recursive, bindings, dynamic }): AttrsExpr => {
        const inheritFrom: Expr[] = [];
        const all = bindings.map(([name, binding]): AttrBinding => {
          if (binding.kind === "plain") return { kind: "plain", name, pos, value: binding.value };
          if (binding.kind === "inherit")
            return { kind: "inherit", name, pos, value: { kind: "var", pos, name } };
          return { kind: "inheritFrom", name, pos, from: inheritFrom.push(binding.source) - 1 };
        });
        return { kind: "attrs", pos, recursive, bindings: all, inheritFrom, dynamic };
      }),
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      attrs,
      lambda,
      fc
        .tuple(expr, path, fc.option(expr, { nil: undefined }))
        .map(([subject, steps, or]): Expr => ({ kind: "select", pos, subject, path: steps, default: or })),
      fc.tuple(expr, path).map(([subject, steps]): Expr => ({ kind: "hasAttr", pos, subject, path: steps })),
      fc.array(expr, { maxLength: 4 }).map((elements): Expr => ({ kind: "list", pos, elements })),
      fc
        .tuple(
          expr.filter(({ kind }) => kind !== "call"),
          fc.array(expr, { minLength: 1, maxLength: 3 }),
        )
        .map(([fn, args]): Expr => ({ kind: "call", pos, fn, args })),
      fc.tuple(attrs, expr).map(
        ([set, body]): Expr => ({
          kind: "let",
          pos,
          attrs: { ...set, recursive: false, dynamic: [] },
          body,
        }),
      ),
      fc.tuple(expr, expr).map(([scope, body]): Expr => ({ kind: "with", pos, scope, body })),
      fc
        .tuple(expr, expr, expr)
        .map(([condition, then, otherwise]): Expr => ({ kind: "if", pos, condition, then, else: otherwise })),
      fc.tuple(expr, expr).map(([condition, body]): Expr => ({ kind: "assert", pos, condition, body })),
      expr.map((operand): Expr => ({ kind: "not", pos, operand })),
      fc
        .tuple(fc.constantFrom(...binaryOps), expr, expr)
        .map(([op, left, right]): Expr => ({ kind: "binary", pos, op, left, right })),
      fc.tuple(expr, expr).map((parts): Expr => concatenation(false, parts)),
      interpolated
        .map((parts) => parts.filter((part) => part.kind !== "string" || part.value !== ""))
        .filter((parts) => alternates(parts) && parts.some(({ kind }) => kind !== "string"))
        .map((parts): Expr => concatenation(true, parts)),
      fc
        .tuple(
          absolutePath,
          expr.filter(({ kind }) => kind !== "string"),
          segment,
        )
        .map(
          ([base, between, last]): Expr =>
            concatenation(false, [
              { kind: "path", pos, value: `${base}/` },
              between,
              { kind: "string", pos, value: `/${last}` },
            ]),
        ),
    ),
  };
});
