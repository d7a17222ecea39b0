/** What `:doc` says: about builtins what they say themselves, about others their doc comments (RFC 145). */
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { languageError } from "../../lang/eval/stack.ts";
import { Attrs, force, Lambda, PrimOp, type Slot } from "../../lang/eval/value.ts";
import type { AttrBinding, Expr, LambdaExpr } from "../../lang/syntax/ast.ts";
import { parse } from "../../lang/syntax/parser.ts";
import { formatPos, noPos, type Pos, sourceAt } from "../../lang/syntax/positions.ts";
import { fromText } from "../../store/bytes.ts";

const ellipsis = fromText("\u2026");

/** The documentation of a value; undefined when values of its kind have none. */
export function documentation(evaluator: Evaluator, slot: Slot): string | undefined {
  const value = force(slot);
  if (value instanceof PrimOp) {
    const count = `${value.arity} argument${value.arity === 1 ? "" : "s"}`;
    return value.doc && `builtins.${value.name}, a function of ${count}\n\n${value.doc}`;
  }
  if (value instanceof Lambda) return lambdaDocumentation(value);
  const functor = value instanceof Attrs ? value.getByName("__functor") : undefined;
  if (functor === undefined) return undefined;
  try {
    return documentation(evaluator, evaluator.call(functor, value));
  } catch (error) {
    const failure = languageError(error, noPos);
    if (failure instanceof NixError) {
      failure.addTrace(noPos, "while partially calling '__functor' to retrieve documentation");
    }
    throw failure;
  }
}

/** About an attribute whose value has no documentation: where it is defined, and the comment there. */
export function attributeDocumentation(name: string, pos: Pos): string | undefined {
  const place = formatPos(pos);
  if (place === undefined) return undefined;
  const comment = commentBefore(pos) ?? "No documentation found.";
  return `Attribute \`${name}\`\n  ${ellipsis} defined at ${place}\n\n${comment}`;
}

function lambdaDocumentation({ code }: Lambda): string {
  const title = code.name === undefined ? "Function" : `Function \`${code.name}\``;
  const place = formatPos(code.pos);
  const head = place === undefined ? title : `${title}\n  ${ellipsis} defined at ${place}`;
  const comment = places(code.pos)
    .map(commentBefore)
    .find((found) => found !== undefined);
  return comment === undefined ? head : `${head}\n\n${comment}`;
}

/**
 * Where a function's comment may stand, nearest first: before it, before the functions that return it directly, before
 * the attribute that all of that is bound to.
 */
function places(pos: Pos): readonly Pos[] {
  const at = sourceAt(pos);
  if (at === undefined) return [];
  const { text, origin } = at.source;
  let expr: Expr;
  try {
    expr = parse(text, origin, { basePath: "/", home: "/" });
  } catch (error) {
    // A REPL's line can be bindings, which are no expression.
    if (error instanceof NixError) return [pos];
    throw error;
  }
  const offsets = ancestry(expr, at.offset) ?? [at.offset];
  return offsets.map((offset) => (pos - at.offset + offset) as Pos);
}

type Node = Expr | AttrBinding;

/** Offsets for {@link places}; undefined when no function begins there. */
function ancestry(root: Expr, offset: number): readonly number[] | undefined {
  // The text that was parsed again has other positions, all moved by the same distance.
  const offsetOf = (node: Node): number => sourceAt(node.pos)!.offset;
  const search = (node: Node, above: readonly number[]): readonly number[] | undefined => {
    const carries = node.kind === "lambda" || node.kind === "plain";
    const here = carries ? [offsetOf(node), ...above] : [];
    if (node.kind === "lambda" && here[0] === offset) return here;
    for (const [child, isDirect] of children(node)) {
      const found = search(child, isDirect ? here : []);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(root, []);
}

/** Whatever is inside of a node, and whether it is what the node is about: a function's body, a binding's value. */
function children(node: Node): readonly (readonly [child: Node, isDirect: boolean])[] {
  if (node.kind === "lambda") return [...formalDefaults(node), [node.body, true]];
  if (node.kind === "plain") return [[node.value, true]];
  return nodesIn(Object.values(node)).map((child) => [child, false] as const);
}

function formalDefaults({ formals }: LambdaExpr): (readonly [Node, boolean])[] {
  return (formals?.list ?? []).flatMap((formal) =>
    formal.default === undefined ? [] : [[formal.default, false] as const],
  );
}

/** The nearest nodes in plain data. */
function nodesIn(values: readonly unknown[]): Node[] {
  return values.flatMap((value): Node[] => {
    if (typeof value !== "object" || value === null) return [];
    if ("kind" in value && "pos" in value && value.kind !== "static" && value.kind !== "dynamic") {
      return [value as Node];
    }
    return nodesIn(Object.values(value));
  });
}

/** The doc comment that ends where this begins, but for white space and other comments. */
function commentBefore(pos: Pos): string | undefined {
  const at = sourceAt(pos);
  if (at === undefined) return undefined;
  let before = at.source.text.slice(0, at.offset).trimEnd();
  for (;;) {
    const lineStart = before.lastIndexOf("\n") + 1;
    if (before.endsWith("*/")) {
      const start = before.lastIndexOf("/*", before.length - 4);
      if (start < 0) return undefined;
      const comment = before.slice(start);
      if (/^\/\*\*[^/]/.test(comment)) return innerText(comment);
      before = before.slice(0, start).trimEnd();
    } else if (before.slice(lineStart).trimStart().startsWith("#")) {
      before = before.slice(0, lineStart).trimEnd();
    } else return undefined;
  }
}

/** Without the comment's own characters and the indentation that all lines share. */
function innerText(comment: string): string {
  const lines = `   ${comment.slice("/**".length, -"*/".length)}`.split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^ */.exec(line)![0].length);
  const shared = indents.length === 0 ? 0 : Math.min(...indents);
  return lines
    .map((line) => line.slice(shared).trimEnd())
    .join("\n")
    .trim();
}
