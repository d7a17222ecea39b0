/** An evaluation: parsed and evaluated files, the global scope, and the {@link Evaluator} interface over all. */
import { fromBytes } from "../../store/bytes.ts";
import type { Builtin, BuiltinFamily } from "../builtins/builtin.ts";
import type { EvalHost } from "../host.ts";
import type { AttrsExpr, Expr } from "../syntax/ast.ts";
import { type ParseOptions, parse, parseBareBindings } from "../syntax/parser.ts";
import { noPos, type Origin, type Pos } from "../syntax/positions.ts";
import { printExpr } from "../syntax/printer.ts";
import { apply, applyAll, applyTwo } from "./call.ts";
import { CallDepth } from "./call-depth.ts";
import * as checks from "./checks.ts";
import { framed } from "./code.ts";
import { Coercion } from "./coercion.ts";
import { ClosureCompiler } from "./compile.ts";
import { deepForce } from "./deep.ts";
import { compareSlots, equalSlots } from "./equality.ts";
import { NixError } from "./errors.ts";
import type { CoercionOptions, EvalSettings, Evaluator, SearchPathEntry } from "./evaluator.ts";
import { expressionFile, findInSearchPath, locateEntry } from "./files.ts";
import { outermost } from "./frames.ts";
import { internalFile, internalPath } from "./internal-files.ts";
import { literalCheck } from "./literal-lint.ts";
import { oldOrWarning } from "./old-or.ts";
import { baseName, parentPath } from "./paths.ts";
import { GlobalScope } from "./scope.ts";
import { type SharedPlace, SharingCompiler } from "./sharing.ts";
import { languageError } from "./stack.ts";
import { Attrs, force, type List, lazy, PrimOp, type Slot, type Value } from "./value.ts";
import { checkVariables } from "./variables.ts";

/** The Nix whose language this is, as `builtins.nixVersion` says it. */
const nixVersion = "2.34.0";
const langVersion = 6n;

export interface EvaluatorOptions {
  readonly host: EvalHost;
  readonly settings: EvalSettings;
  readonly families: readonly BuiltinFamily[];
  /** More names for all expressions, beside the builtins. */
  readonly extraGlobals?: Readonly<Record<string, Slot>>;
  /** What names like `<nixus/lib>` mean when the search path does not say; undefined: nothing. */
  readonly reservedPath?: (name: string) => string | undefined;
  /** Expressions that are evaluated once for all environments in which they mean the same; default: none. */
  readonly sharedPlaces?: readonly SharedPlace[];
}

export function createEvaluator(options: EvaluatorOptions): Evaluator {
  return new Evaluation(options);
}

class Evaluation implements Evaluator {
  readonly host: EvalHost;
  readonly settings: EvalSettings;
  readonly builtins: Attrs;
  readonly callDepth: CallDepth | undefined;
  private readonly globals: GlobalScope;
  private readonly compiler: ClosureCompiler;
  private readonly reservedPath: (name: string) => string | undefined;
  private readonly sharedPlaces: readonly SharedPlace[];
  private readonly onLiteral: ParseOptions["onLiteral"];
  private readonly onOldOr: ParseOptions["onOldOr"];
  /** By the path that was asked for. */
  private readonly resolvedFiles = new Map<string, string>();
  private readonly files = new Map<string, Slot>();
  private readonly copies = new Map<string, string>();
  private readonly searchPathEntries = new Map<string, string | undefined>();

  constructor(options: EvaluatorOptions) {
    this.host = options.host;
    this.settings = options.settings;
    this.reservedPath = options.reservedPath ?? (() => undefined);
    const { maxCallDepth, lazyLiterals = false } = options.settings;
    const callDepth = maxCallDepth === undefined ? undefined : new CallDepth(maxCallDepth);
    this.callDepth = callDepth;
    const coercion = new Coercion((path) => this.copyToStore(path), callDepth);
    this.compiler = new ClosureCompiler({ coercion, show: printExpr, lazyLiterals, callDepth });
    this.sharedPlaces = options.sharedPlaces ?? [];
    this.onOldOr = oldOrWarning(options.host);
    this.onLiteral = literalCheck(options.host, options.settings.literalLint);
    const definitions = options.families.flatMap((family) => family(this));
    const { builtins, globals } = globalNames(definitions, this.constants(), options.extraGlobals ?? {});
    this.builtins = builtins;
    this.globals = new GlobalScope(globals);
  }

  private constants(): [name: string, slot: Slot][] {
    const { host, settings } = this;
    const constants: [string, Slot][] = [
      ["nixVersion", nixVersion],
      ["langVersion", langVersion],
      ["storeDir", host.store.storeDir],
      ["nixPath", lazy(() => settings.nixPath.map((entry) => Attrs.fromEntries(Object.entries(entry))))],
    ];
    if (!settings.pureEval) {
      constants.push(["currentTime", lazy(() => host.currentTime())]);
      if (settings.currentSystem !== undefined) constants.push(["currentSystem", settings.currentSystem]);
    }
    return constants;
  }

  get globalNames(): readonly string[] {
    return this.globals.attrs.names();
  }

  evalString(text: string, origin: Origin, basePath: string): Value {
    return this.atTop(() => this.run(this.parse(text, origin, basePath), this.globals));
  }

  parseExpr(text: string, origin: Origin, basePath: string, scope?: Attrs): Expr {
    return this.checked(this.parse(text, origin, basePath), scope);
  }

  parseBindings(text: string, origin: Origin, basePath: string, scope?: Attrs): AttrsExpr {
    return this.checked(parseBareBindings(text, origin, this.parseOptions(basePath)), scope);
  }

  evalExpr(expr: Expr, scope?: Attrs): Value {
    return this.atTop(() => this.compiler.compile(expr, this.scopeWith(scope))(outermost));
  }

  private checked<E extends Expr>(expr: E, scope: Attrs | undefined): E {
    checkVariables(expr, this.scopeWith(scope));
    return expr;
  }

  private scopeWith(scope: Attrs | undefined): GlobalScope {
    return scope === undefined ? this.globals : new GlobalScope(scope, this.globals);
  }

  private parse(text: string, origin: Origin, basePath: string): Expr {
    return parse(text, origin, this.parseOptions(basePath));
  }

  private parseOptions(basePath: string): ParseOptions {
    const { pureEval, experimentalFeatures } = this.settings;
    const home = pureEval ? undefined : this.host.environmentVariable("HOME");
    const pipeOperators = experimentalFeatures?.has("pipe-operators");
    return { basePath, home, pipeOperators, onLiteral: this.onLiteral, onOldOr: this.onOldOr };
  }

  private run(expr: Expr, scope: GlobalScope, compiler = this.compiler): Value {
    checkVariables(expr, scope);
    return compiler.compile(expr, scope)(outermost);
  }

  private compilerOf(path: string, expr: Expr): ClosureCompiler {
    const places = this.sharedPlaces.filter(({ file }) => path.endsWith(file));
    return places.length === 0 ? this.compiler : new SharingCompiler(this.compiler, places, expr, this.host);
  }

  importFile(path: string): Value {
    let resolved = this.resolvedFiles.get(path);
    if (resolved === undefined) {
      resolved = this.expressionFile(path);
      this.resolvedFiles.set(path, resolved);
    }
    let slot = this.files.get(resolved);
    if (slot === undefined) {
      const file = resolved;
      slot = lazy(() => this.evalFile(file, this.globals));
      this.files.set(file, slot);
    }
    return force(slot);
  }

  scopedImport(scope: Attrs, path: string): Value {
    return this.evalFile(this.expressionFile(path), new GlobalScope(scope, this.globals));
  }

  private expressionFile(path: string): string {
    return internalFile(path) === undefined ? expressionFile(this.host, path) : path;
  }

  private evalFile(path: string, scope: GlobalScope): Value {
    const text = internalFile(path) ?? fromBytes(this.host.readFile(path));
    const expr = this.parse(text, { kind: "file", path }, parentPath(path));
    try {
      return this.run(expr, scope, this.compilerOf(path, expr));
    } catch (error) {
      throw framed(error, noPos, `while evaluating the file '${path}':`);
    }
  }

  findFile(entries: readonly SearchPathEntry[], name: string, pos: Pos): string {
    const found =
      findInSearchPath(this.host, entries, name, (path) => this.resolveSearchPath(path)) ??
      this.reservedPath(name) ??
      internalPath(name);
    if (found !== undefined) return found;
    const message = this.settings.pureEval
      ? `cannot look up '<${name}>' in pure evaluation mode (use '--impure' to override)`
      : `file '${name}' was not found in the Nix search path (add it using $NIX_PATH or -I)`;
    throw new NixError("throw", message, { pos });
  }

  resolveSearchPath(path: string): string | undefined {
    if (!this.searchPathEntries.has(path)) {
      this.searchPathEntries.set(path, locateEntry(this.host, path, this.settings.workingDirectory ?? "/"));
    }
    return this.searchPathEntries.get(path);
  }

  call(fn: Slot, first?: Slot, second?: Slot, ...more: Slot[]): Value {
    const value = force(fn);
    if (first === undefined) return value;
    if (this.callDepth !== undefined) {
      const args = [first, ...(second === undefined ? [] : [second]), ...more];
      return this.callDepth.within(noPos, () => applyAll(value, args));
    }
    if (second === undefined) return apply(value, first, noPos);
    const result = applyTwo(value, first, second, noPos);
    return more.length === 0 ? result : applyAll(result, more);
  }

  forceBool(slot: Slot, pos: Pos, what: string): boolean {
    return checks.forceBool(slot, pos, what);
  }

  forceInt(slot: Slot, pos: Pos, what: string): bigint {
    return checks.forceInt(slot, pos, what);
  }

  forceAttrs(slot: Slot, pos: Pos, what: string): Attrs {
    return checks.forceAttrs(slot, pos, what);
  }

  forceList(slot: Slot, pos: Pos, what: string): List {
    return checks.forceList(slot, pos, what);
  }

  forceFunction(slot: Slot, pos: Pos, what: string): Value {
    return checks.forceFunction(slot, pos, what);
  }

  forceString(slot: Slot, pos: Pos, what: string, context: Set<string> | undefined): string {
    return checks.forceString(slot, pos, what, context);
  }

  coerceToString(slot: Slot, pos: Pos, what: string, context: Set<string>, options: CoercionOptions): string {
    return this.compiler.coercion.toText(slot, pos, what, context, options);
  }

  coerceToPath(slot: Slot, pos: Pos, what: string, context: Set<string>): string {
    return this.compiler.coercion.toPath(slot, pos, what, context);
  }

  copyToStore(path: string): string {
    let storePath = this.copies.get(path);
    if (storePath === undefined) {
      if (path.endsWith(".drv")) {
        throw new NixError("eval", "file names are not allowed to end in '.drv'");
      }
      storePath = this.host.store.addPath(baseName(path), path);
      this.copies.set(path, storePath);
    }
    return storePath;
  }

  equal(a: Slot, b: Slot): boolean {
    return equalSlots(a, b);
  }

  compare(a: Slot, b: Slot): number {
    return compareSlots(a, b);
  }

  deepForce(slot: Slot): Value {
    return this.atTop(() => deepForce(slot, this.callDepth));
  }

  /** Where evaluation is entered from outside, a used-up stack becomes an error of the language at the latest. */
  private atTop(evaluate: () => Value): Value {
    try {
      return evaluate();
    } catch (error) {
      throw languageError(error, noPos);
    }
  }
}

/** `builtins`, and the names that every expression sees: some builtins under their own names, all others as `__name`. */
function globalNames(
  definitions: readonly Builtin[],
  constants: readonly [name: string, slot: Slot][],
  extra: Readonly<Record<string, Slot>>,
): { builtins: Attrs; globals: Attrs } {
  const inBuiltins: [string, Slot][] = [["true", true], ["false", false], ["null", null], ...constants];
  const global: [string, Slot][] = [
    ["true", true],
    ["false", false],
    ["null", null],
    ...constants.map(([name, slot]): [string, Slot] => [`__${name}`, slot]),
  ];
  for (const { name, arity, fn, doc, global: isGlobal } of definitions) {
    const op = new PrimOp(name, arity, fn, doc);
    inBuiltins.push([name, op]);
    global.push([isGlobal === true ? name : `__${name}`, op]);
  }
  const self = lazy((): Value => builtins);
  inBuiltins.push(["builtins", self]);
  const builtins = Attrs.fromEntries(inBuiltins);
  const globals = Attrs.fromEntries([...global, ["builtins", builtins], ...Object.entries(extra)]);
  return { builtins, globals };
}
