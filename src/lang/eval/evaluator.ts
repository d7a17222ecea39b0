/**
 * One evaluation: its host, settings, builtins, parsed files. What builtins, the module system and the fleet call.
 */
import type { EvalHost } from "../host.ts";
import type { AttrsExpr, Expr } from "../syntax/ast.ts";
import type { Origin, Pos } from "../syntax/positions.ts";
import type { CallDepth } from "./call-depth.ts";
import type { LiteralLint } from "./literal-lint.ts";
import type { Attrs, List, Slot, Value } from "./value.ts";

/** An entry of the search path: `<name>` is looked for as `prefix` and what follows it, in `path`. */
export interface SearchPathEntry {
  /** May be empty: any name is looked for in `path`. */
  readonly prefix: string;
  readonly path: string;
}

export interface EvalSettings {
  readonly pureEval: boolean;
  readonly restrictEval: boolean;
  /** What restricted evaluation may fetch beside files that it sees (`allowed-uris`); default: nothing. */
  readonly allowedUris?: readonly string[];
  /** Search path entries in order: `-I` first, then NIX_PATH. `prefix` may be empty. */
  readonly nixPath: readonly SearchPathEntry[];
  /** `builtins.currentSystem`; absent in pure evaluation. */
  readonly currentSystem: string | undefined;
  /** Names of Nix's experimental features that are on, e.g. `parse-toml-timestamps`. */
  readonly experimentalFeatures?: ReadonlySet<string>;
  /** What relative paths in the search path start from; default: the root directory. */
  readonly workingDirectory?: string;
  /** `builtins.traceVerbose` shows something. */
  readonly traceVerbose?: boolean;
  /** `builtins.warn` fails once it has shown its warning. */
  readonly abortOnWarn?: boolean;
  /**
   * Functions and empty sets that are written out are only values once something has needed them, as in Nix. It takes time, and
   * shows where a value is printed as far as it is computed. Default: no.
   */
  readonly lazyLiterals?: boolean;
  /** What derivations give may be read; default: yes. */
  readonly importFromDerivation?: boolean;
  /** How deep calls may be nested; default: as deep as the stack is. */
  readonly maxCallDepth?: number | undefined;
  /** Default: all literals are welcome. */
  readonly literalLint?: LiteralLint;
}

export interface CoercionOptions {
  /** Also bool, null, int, float, lists: what `toString` does. Otherwise only strings, paths, sets with `outPath`/`__toString`. */
  readonly coerceMore: boolean;
  /** Paths are copied to the store (interpolation) or not (`toString`, `+` with a path first). */
  readonly copyToStore: boolean;
}

/** What the rest of Nixus needs of the evaluator; implemented in this folder. */
export interface Evaluator {
  readonly host: EvalHost;
  readonly settings: EvalSettings;
  /** `builtins`. */
  readonly builtins: Attrs;
  /** Counts calls, where their depth has a limit other than the stack. */
  readonly callDepth: CallDepth | undefined;
  /** What every expression can name without defining it. */
  readonly globalNames: readonly string[];

  /** Parses and evaluates; `basePath` is what relative paths in it start from. */
  evalString(text: string, origin: Origin, basePath: string): Value;
  /**
   * The syntax tree of a text in which every variable is defined: by `scope`, by the builtins or by itself. To be
   * evaluated by {@link evalExpr} with the same scope.
   */
  parseExpr(text: string, origin: Origin, basePath: string, scope?: Attrs): Expr;
  /** As {@link parseExpr}, of bindings without braces around them; they don't see each other. */
  parseBindings(text: string, origin: Origin, basePath: string, scope?: Attrs): AttrsExpr;
  evalExpr(expr: Expr, scope?: Attrs): Value;
  /** As `import path`: a directory means its default.nix; each file is evaluated once. */
  importFile(path: string): Value;

  /** As {@link importFile}, with these names visible in the file; evaluated anew each time. */
  scopedImport(scope: Attrs, path: string): Value;
  /** Where an entry of the search path, a path or the URL of an archive, leads; undefined (with a warning) when nowhere. */
  resolveSearchPath(path: string): string | undefined;
  /** The file that `<name>` means; fails (in a way that `tryEval` catches) when there is none. */
  findFile(entries: readonly SearchPathEntry[], name: string, pos: Pos): string;

  /** Applies to one argument after the other; handles `__functor`. The function is forced first. */
  call(fn: Slot, ...args: Slot[]): Value;

  /** Forcing with a check; `what` continues "while evaluating ..." in the trace, e.g. `the first argument passed to builtins.map`. */
  forceBool(slot: Slot, pos: Pos, what: string): boolean;
  forceInt(slot: Slot, pos: Pos, what: string): bigint;
  forceAttrs(slot: Slot, pos: Pos, what: string): Attrs;
  forceList(slot: Slot, pos: Pos, what: string): List;
  forceFunction(slot: Slot, pos: Pos, what: string): Value;
  /** A string; its context is added to `context` (a string with one is refused when that is undefined). */
  forceString(slot: Slot, pos: Pos, what: string, context: Set<string> | undefined): string;

  coerceToString(slot: Slot, pos: Pos, what: string, context: Set<string>, options: CoercionOptions): string;
  /** An absolute path from a path or an absolute string. */
  coerceToPath(slot: Slot, pos: Pos, what: string, context: Set<string>): string;
  /** Copies a path to the store as interpolation does and returns the store path; once for each path. */
  copyToStore(path: string): string;

  equal(a: Slot, b: Slot): boolean;
  /** Below 0, 0 or above 0, as `builtins.lessThan` orders ints, floats, strings, paths and lists. */
  compare(a: Slot, b: Slot): number;
  /** Forces everything inside, depth first. */
  deepForce(slot: Slot): Value;
}
