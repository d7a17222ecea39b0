/**
 * A Babel plugin (jiti transforms with Babel) that wraps each object literal in a call which remembers where the
 * literal and its properties were written: `{ a: 1 }` becomes `locate({ a: 1 }, 12, { a: 14 })`.
 */
import type { Pos } from "../../lang/syntax/positions.ts";

/** Import name under which the transformed code finds `locate`. */
export const positionsModule = "nixus:positions";

/** So much of Babel's syntax tree is looked at; see Babel's AST specification. */
interface Node {
  readonly type: string;
  /** Offset in UTF-16 units; code that a transformation made has none. */
  readonly start?: number | null;
}

interface Property extends Node {
  readonly computed?: boolean;
  readonly key?: Node & { readonly name?: string; readonly value?: unknown };
}

interface ObjectExpression extends Node {
  readonly properties: readonly Property[];
}

interface Path<T extends Node> {
  readonly node: T;
  replaceWith(node: Node): void;
}

interface AwaitPath extends Path<Node> {
  getFunctionParent(): unknown;
}

interface ProgramPath extends Path<Node> {
  readonly scope: { generateUidIdentifier(name: string): Node & { readonly name: string } };
  unshiftContainer(key: "body", node: Node): void;
}

/** The functions of `@babel/types` that are used. */
interface Types {
  identifier(name: string): Node;
  stringLiteral(value: string): Node;
  numericLiteral(value: number): Node;
  objectExpression(properties: readonly Node[]): Node;
  objectProperty(key: Node, value: Node): Node;
  callExpression(callee: Node, args: readonly Node[]): Node;
  importDeclaration(specifiers: readonly Node[], source: Node): Node;
  importSpecifier(local: Node, imported: Node): Node;
}

interface State {
  locate?: string;
}

export interface PluginOptions {
  /** The position of an offset in the file that is transformed just now. */
  readonly position: (offset: number) => Pos;
  readonly onTopLevelAwait: (pos: Pos) => void;
}

export function positionsPlugin({ position, onTopLevelAwait }: PluginOptions) {
  return ({ types: t }: { readonly types: Types }) => {
    const seen = new WeakSet<Node>();
    return {
      name: "nixus-positions",
      visitor: {
        Program(path: ProgramPath, state: State): void {
          const local = path.scope.generateUidIdentifier("locate");
          state.locate = local.name;
          path.unshiftContainer(
            "body",
            t.importDeclaration(
              [t.importSpecifier(t.identifier(local.name), t.identifier("locate"))],
              t.stringLiteral(positionsModule),
            ),
          );
        },
        AwaitExpression(path: AwaitPath): void {
          if (path.getFunctionParent() === null) onTopLevelAwait(position(path.node.start ?? 0));
        },
        ObjectExpression(path: Path<ObjectExpression>, state: State): void {
          const { node } = path;
          if (state.locate === undefined || typeof node.start !== "number" || seen.has(node)) return;
          seen.add(node);
          const at = (offset: number) => t.numericLiteral(position(offset));
          const members = node.properties.flatMap((property) => {
            const name = nameOf(property);
            return name === undefined || typeof property.start !== "number"
              ? []
              : [t.objectProperty(t.stringLiteral(name), at(property.start))];
          });
          path.replaceWith(
            t.callExpression(t.identifier(state.locate), [node, at(node.start), t.objectExpression(members)]),
          );
        },
      },
    };
  };
}

/** The name of a property when it is written out. `__proto__` is none: it sets the prototype. */
function nameOf({ computed, key }: Property): string | undefined {
  if (key === undefined || computed === true) return undefined;
  const name = key.type === "Identifier" ? key.name : key.type === "StringLiteral" ? key.value : undefined;
  return typeof name === "string" && name !== "__proto__" ? name : undefined;
}
