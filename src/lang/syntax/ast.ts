/**
 * The syntax tree of the Nix language, as the parser makes it: desugared exactly as far as Nix does it, so that
 * `nix-instantiate --parse` prints the same. All strings are byte strings (store/bytes.ts).
 */
import type { Pos } from "./positions.ts";
import type { Sym } from "./symbols.ts";

export type Expr =
  | { readonly kind: "int"; readonly pos: Pos; readonly value: bigint }
  | { readonly kind: "float"; readonly pos: Pos; readonly value: number }
  /** A string without interpolation (also the pieces of one with interpolation). */
  | { readonly kind: "string"; readonly pos: Pos; readonly value: string }
  /** A path literal, already absolute and normalised (`~` expanded). A trailing slash stays in front of an interpolation. */
  | { readonly kind: "path"; readonly pos: Pos; readonly value: string }
  | VarExpr
  | SelectExpr
  | HasAttrExpr
  | AttrsExpr
  | { readonly kind: "list"; readonly pos: Pos; readonly elements: readonly Expr[] }
  | LambdaExpr
  | { readonly kind: "call"; readonly pos: Pos; readonly fn: Expr; readonly args: readonly Expr[] }
  /** `let attrs in body`; `attrs` is never recursive in the flag's sense, its bindings see each other. */
  | { readonly kind: "let"; readonly pos: Pos; readonly attrs: AttrsExpr; readonly body: Expr }
  | { readonly kind: "with"; readonly pos: Pos; readonly scope: Expr; readonly body: Expr }
  | {
      readonly kind: "if";
      readonly pos: Pos;
      readonly condition: Expr;
      readonly then: Expr;
      readonly else: Expr;
    }
  | { readonly kind: "assert"; readonly pos: Pos; readonly condition: Expr; readonly body: Expr }
  | { readonly kind: "not"; readonly pos: Pos; readonly operand: Expr }
  | BinaryExpr
  | ConcatStringsExpr
  /** `__curPos`. */
  | { readonly kind: "curPos"; readonly pos: Pos };

/** `-a`, `a - b`, `a * b`, `a / b`, `<`, `<=`, `>`, `>=`, `<nixpkgs>` are calls of `__sub`, `__mul`, `__div`, `__lessThan`, `__findFile` as in Nix. */
export interface BinaryExpr {
  readonly kind: "binary";
  readonly pos: Pos;
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
}
export type BinaryOp = "==" | "!=" | "&&" | "||" | "->" | "//" | "++";

/** `"a${b}c"` (`forceString`), `a + b`, and paths with interpolation (first part is a path). */
export interface ConcatStringsExpr {
  readonly kind: "concatStrings";
  readonly pos: Pos;
  readonly forceString: boolean;
  readonly parts: readonly Expr[];
  /** Where each part begins (an interpolation: at its `${`), for messages about it; parallel to `parts`. */
  readonly positions: readonly Pos[];
}

export interface VarExpr {
  readonly kind: "var";
  readonly pos: Pos;
  readonly name: Sym;
}

/** One step of an attribute path: a name, or an expression that gives it. */
export type AttrName =
  | { readonly kind: "static"; readonly pos: Pos; readonly name: Sym }
  | { readonly kind: "dynamic"; readonly pos: Pos; readonly expr: Expr };

export interface SelectExpr {
  readonly kind: "select";
  readonly pos: Pos;
  readonly subject: Expr;
  readonly path: readonly AttrName[];
  /** `or` */
  readonly default: Expr | undefined;
}

export interface HasAttrExpr {
  readonly kind: "hasAttr";
  readonly pos: Pos;
  readonly subject: Expr;
  readonly path: readonly AttrName[];
}

export type AttrBinding =
  | { readonly kind: "plain"; readonly name: Sym; readonly pos: Pos; readonly value: Expr }
  /** `inherit x;`: the variable of the surrounding scope (not of a recursive set itself). `value` is the VarExpr. */
  | { readonly kind: "inherit"; readonly name: Sym; readonly pos: Pos; readonly value: VarExpr }
  /** `inherit (e) x;`: `e` is `inheritFrom[from]`, evaluated at most once for all its names. */
  | { readonly kind: "inheritFrom"; readonly name: Sym; readonly pos: Pos; readonly from: number };

/** Nested paths (`a.b.c = 1`) are already merged into nested AttrsExpr; duplicates were syntax errors. */
export interface AttrsExpr {
  readonly kind: "attrs";
  readonly pos: Pos;
  readonly recursive: boolean;
  /** In source order of first appearance. */
  readonly bindings: readonly AttrBinding[];
  readonly inheritFrom: readonly Expr[];
  readonly dynamic: readonly { readonly pos: Pos; readonly name: Expr; readonly value: Expr }[];
}

export interface Formal {
  readonly name: Sym;
  readonly pos: Pos;
  readonly default: Expr | undefined;
}

export interface LambdaExpr {
  readonly kind: "lambda";
  readonly pos: Pos;
  /** `x: ...`, or the `args` of `args@{ ... }: ...`. */
  readonly arg: Sym | undefined;
  readonly formals:
    | { /** in source order */ readonly list: readonly Formal[]; readonly ellipsis: boolean }
    | undefined;
  readonly body: Expr;
  /** The attribute or variable that it is bound to, for messages. */
  name: Sym | undefined;
}
