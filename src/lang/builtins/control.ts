/** Control of evaluation: import, failures, tracing, forcing, types, the search path. */

import { isFunction, isList, unexpectedType } from "../eval/checks.ts";
import { compareValues } from "../eval/equality.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator, SearchPathEntry } from "../eval/evaluator.ts";
import { showBriefly, showValue } from "../eval/print.ts";
import { type TypeName, typeOf } from "../eval/type-name.ts";
import {
  Attrs,
  AttrsBuilder,
  emptyAttrs,
  force,
  Lambda,
  type LambdaCode,
  type List,
  NixPath,
  NixString,
  type Slot,
  stringValue,
  type Value,
} from "../eval/value.ts";
import { noPos, resolvePos } from "../syntax/positions.ts";
import { lookupSymbol } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";
import { importDerivation } from "./imported-derivation.ts";
import { realisePath } from "./realise.ts";

export function controlFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    ...imports(evaluator),
    ...failures(evaluator),
    ...messages(evaluator),
    ...forcing(evaluator),
    ...types(),
    ...reflection(evaluator),
    genericClosure(evaluator),
  ];
}

function argument(which: "first" | "second", builtin: string): string {
  return `the ${which} argument passed to builtins.${builtin}`;
}

function imports(evaluator: Evaluator): readonly Builtin[] {
  const path = (slot: Slot, what: string): string => realisePath(evaluator, slot, what, "none");
  return [
    {
      name: "import",
      arity: 1,
      global: true,
      doc: "Evaluates the file at the path (of a directory: its `default.nix`). Each file is evaluated once. A `.drv` in the store gives its derivation.",
      fn: (slot) => {
        const file = path(slot, argument("first", "import"));
        return importDerivation(evaluator.host.store, file) ?? evaluator.importFile(file);
      },
    },
    {
      name: "scopedImport",
      arity: 2,
      global: true,
      doc: "As `import`, with the attributes of the set visible as variables in the file.",
      fn: (scope, file) => {
        const found = path(file, argument("second", "scopedImport"));
        const derivation = importDerivation(evaluator.host.store, found);
        if (derivation !== undefined) return derivation;
        const names = evaluator.forceAttrs(scope, noPos, argument("first", "scopedImport"));
        return evaluator.scopedImport(names, found);
      },
    },
    {
      name: "findFile",
      arity: 2,
      doc: "Looks a name up in a search path, a list of sets with `path` and `prefix`. `<name>` is this with `builtins.nixPath`.",
      fn: (searchPath, name) => {
        const what = argument("first", "findFile");
        const entries = evaluator
          .forceList(searchPath, noPos, what)
          .map((entry) => searchEntry(evaluator, entry));
        const text = evaluator.forceString(name, noPos, argument("second", "findFile"), undefined);
        return new NixPath(evaluator.findFile(entries, text, noPos));
      },
    },
    {
      name: "getEnv",
      arity: 1,
      doc: "The environment variable, or the empty string where there is none (always, in pure or restricted evaluation).",
      fn: (name) => {
        const variable = evaluator.forceString(name, noPos, argument("first", "getEnv"), undefined);
        const { pureEval, restrictEval } = evaluator.settings;
        return pureEval || restrictEval ? "" : (evaluator.host.environmentVariable(variable) ?? "");
      },
    },
  ];
}

function searchEntry(evaluator: Evaluator, slot: Slot): SearchPathEntry {
  const inList = "of an element of the list passed to builtins.findFile";
  const entry = evaluator.forceAttrs(slot, noPos, "an element of the list passed to builtins.findFile");
  const prefix = entry.getByName("prefix");
  const path = entry.getByName("path");
  if (path === undefined) {
    throw new NixError("missingAttribute", "attribute 'path' missing").addTrace(
      noPos,
      "in an element of the __nixPath",
    );
  }
  return {
    prefix:
      prefix === undefined
        ? ""
        : evaluator.forceString(prefix, noPos, `the \`prefix\` attribute ${inList}`, undefined),
    path: evaluator.coerceToString(path, noPos, `the \`path\` attribute ${inList}`, new Set(), {
      coerceMore: false,
      copyToStore: false,
    }),
  };
}

function failures(evaluator: Evaluator): readonly Builtin[] {
  // A path is copied to the store, although only a message comes of it: one that does not exist is another failure.
  const message = (slot: Slot, builtin: string): string =>
    evaluator.coerceToString(slot, noPos, `the error message passed to builtins.${builtin}`, new Set(), {
      coerceMore: false,
      copyToStore: true,
    });
  const result = (success: boolean, value: Slot): Attrs =>
    Attrs.fromEntries([
      ["success", success],
      ["value", value],
    ]);
  return [
    {
      name: "throw",
      arity: 1,
      global: true,
      doc: "Fails with this message. `tryEval` catches it.",
      fn: (text) => {
        throw new NixError("throw", message(text, "throw"));
      },
    },
    {
      name: "abort",
      arity: 1,
      global: true,
      doc: "Ends the evaluation with this message. Nothing catches it.",
      fn: (text) => {
        const reason = message(text, "abort");
        throw new NixError("abort", `evaluation aborted with the following error message: '${reason}'`);
      },
    },
    {
      name: "tryEval",
      arity: 1,
      doc: "`{ success = true; value = e; }`, or `success = false` when forcing `e` (not deeply) ends in `throw` or a failed `assert`.",
      fn: (slot) => {
        try {
          force(slot);
        } catch (error) {
          if (error instanceof NixError && error.catchable) return result(false, false);
          throw error;
        }
        return result(true, slot);
      },
    },
    {
      name: "addErrorContext",
      arity: 2,
      doc: "The second argument; when it fails, the first (a string) is added to the trace of the error.",
      fn: (text, slot) => {
        try {
          return force(slot);
        } catch (error) {
          if (error instanceof NixError) {
            const what = "the error message passed to builtins.addErrorContext";
            const options = { coerceMore: false, copyToStore: false };
            const frame = evaluator.coerceToString(text, noPos, what, new Set(), options);
            error.addFrame({ pos: noPos, message: frame, always: true });
          }
          throw error;
        }
      },
    },
  ];
}

function messages(evaluator: Evaluator): readonly Builtin[] {
  const trace = (shown: Slot, slot: Slot): Value => {
    const value = force(shown);
    const text = value instanceof NixString ? value.text : value;
    evaluator.host.message("trace", typeof text === "string" ? text : showValue(text));
    return force(slot);
  };
  return [
    { name: "trace", arity: 2, doc: "Shows the first argument, then is the second.", fn: trace },
    {
      name: "traceVerbose",
      arity: 2,
      doc: "As `trace` where verbose tracing is on (`--trace-verbose`); otherwise just its second argument.",
      fn: (shown, slot) => (evaluator.settings.traceVerbose === true ? trace(shown, slot) : force(slot)),
    },
    {
      name: "warn",
      arity: 2,
      doc: "Shows a warning, a string, then is the second argument.",
      fn: (text, slot) => {
        const warning = evaluator.forceString(text, noPos, argument("first", "warn"), new Set());
        evaluator.host.message("evaluation warning", warning);
        if (evaluator.settings.abortOnWarn === true) {
          throw new NixError("abort", "aborting to reveal stack trace of warning, as abort-on-warn is set");
        }
        return force(slot);
      },
    },
    {
      name: "break",
      arity: 1,
      global: true,
      doc: "Its argument: there is no debugger to enter.",
      fn: force,
    },
  ];
}

function forcing(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "seq",
      arity: 2,
      doc: "Forces the first argument, then is the second.",
      fn: (first, second) => {
        force(first);
        return force(second);
      },
    },
    {
      name: "deepSeq",
      arity: 2,
      doc: "As `seq`, forcing also everything inside of the first argument.",
      fn: (first, second) => {
        evaluator.deepForce(first);
        return force(second);
      },
    },
    {
      name: "toString",
      arity: 1,
      global: true,
      doc: "Any value that has a text as a string: numbers, paths, `true` as `1`, `false` and `null` as the empty string, lists with spaces between, sets by `__toString` or `outPath`.",
      fn: (slot) => {
        const value = force(slot);
        // The usual case, without a set for a context that is not there.
        if (typeof value === "string") return value;
        const context = new Set<string>();
        const options = { coerceMore: true, copyToStore: false };
        const text = evaluator.coerceToString(slot, noPos, argument("first", "toString"), context, options);
        return stringValue(text, context);
      },
    },
  ];
}

function types(): readonly Builtin[] {
  const tests: readonly [name: string, type: TypeName, meaning: string][] = [
    ["isAttrs", "set", "a set"],
    ["isBool", "bool", "a Boolean"],
    ["isFloat", "float", "a float"],
    ["isFunction", "lambda", "a function (a set with `__functor` is not)"],
    ["isInt", "int", "an integer"],
    ["isList", "list", "a list"],
    ["isNull", "null", "null"],
    ["isPath", "path", "a path"],
    ["isString", "string", "a string"],
  ];
  return [
    ...tests.map(
      ([name, type, meaning]): Builtin => ({
        name,
        arity: 1,
        doc: `Whether the value is ${meaning}.`,
        fn: (slot) => typeOf(force(slot)) === type,
        ...(name === "isNull" ? { global: true } : {}),
      }),
    ),
    {
      name: "typeOf",
      arity: 1,
      doc: "The type: `int`, `bool`, `string`, `path`, `null`, `set`, `list`, `lambda` or `float`.",
      fn: (slot) => typeOf(force(slot)),
    },
  ];
}

function reflection(evaluator: Evaluator): readonly Builtin[] {
  /** One module system after the other asks for those of the same functions. */
  const known = new WeakMap<LambdaCode, Attrs>();
  /** Nix has `derivation` in the language itself: `drvAttrs @ { outputs ? [ "out" ], ... }: ...`. */
  const ofDerivation = Attrs.fromEntries([["outputs", true]]);
  return [
    {
      name: "functionArgs",
      arity: 1,
      doc: "The arguments that a function with a set pattern takes: `true` for those with a default.",
      fn: (slot) => {
        const fn = force(slot);
        if (!isFunction(fn)) throw new NixError("type", "'functionArgs' requires a function");
        if (!(fn instanceof Lambda)) {
          return fn === evaluator.builtins.getByName("derivation") ? ofDerivation : emptyAttrs;
        }
        let args = known.get(fn.code);
        if (args === undefined) {
          args = argumentsOf(fn.code);
          known.set(fn.code, args);
        }
        return args;
      },
    },
    {
      name: "unsafeGetAttrPos",
      arity: 2,
      doc: "`{ file, line, column }` of where the attribute was defined; null when that is unknown.",
      fn: (name, set) => {
        const text = evaluator.forceString(name, noPos, argument("first", "unsafeGetAttrPos"), undefined);
        const attrs = evaluator.forceAttrs(set, noPos, argument("second", "unsafeGetAttrPos"));
        const sym = lookupSymbol(text);
        const at = sym === undefined ? undefined : resolvePos(attrs.positionOf(sym));
        if (at === undefined || at.source.origin.kind !== "file") return null;
        return Attrs.fromEntries([
          ["file", at.source.origin.path],
          ["line", BigInt(at.line)],
          ["column", BigInt(at.column)],
        ]);
      },
    },
  ];
}

function argumentsOf({ formals = [] }: LambdaCode): Attrs {
  const builder = new AttrsBuilder();
  for (const formal of formals) builder.set(formal.name, formal.hasDefault, formal.pos);
  return builder.build();
}

function genericClosure(evaluator: Evaluator): Builtin {
  const required = (attrs: Attrs, name: string): Slot => {
    const slot = attrs.getByName(name);
    if (slot !== undefined) return slot;
    throw new NixError("missingAttribute", `attribute '${name}' missing`).addTrace(
      noPos,
      "in the attrset passed as argument to builtins.genericClosure",
    );
  };
  return {
    name: "genericClosure",
    arity: 1,
    doc: "All sets that can be reached from those in `startSet` by `operator`, one for each `key`, in the order in which they are found.",
    fn: (slot) => {
      const attrs = evaluator.forceAttrs(slot, noPos, argument("first", "genericClosure"));
      const passed = (name: string): string =>
        `the '${name}' attribute passed as argument to builtins.genericClosure`;
      const start = evaluator.forceList(required(attrs, "startSet"), noPos, passed("startSet"));
      if (start.length === 0) return start;
      const operator = evaluator.forceFunction(required(attrs, "operator"), noPos, passed("operator"));
      const returned = "the return value of the `operator` passed to builtins.genericClosure";
      const keys = new KeySet();
      const queue: Slot[] = [...start];
      const found: Slot[] = [];
      for (let next = 0; next < queue.length; next++) {
        const element = queue[next]!;
        try {
          const set = force(element);
          if (!(set instanceof Attrs)) throw unexpectedType("a set", set);
          const key = set.getByName("key");
          if (key === undefined) throw new NixError("missingAttribute", "attribute 'key' missing");
          if (!keys.add(force(key))) continue;
          found.push(element);
          queue.push(...listOf(evaluator, evaluator.call(operator, element), returned));
        } catch (error) {
          if (error instanceof NixError) {
            error.addTrace(noPos, `in genericClosure element ${showBriefly(element)}`);
          }
          throw error;
        }
      }
      return found;
    },
  };
}

function listOf(evaluator: Evaluator, value: Value, what: string): List {
  return isList(value) ? value : evaluator.forceList(value, noPos, what);
}

/** Values that `compareValues` can order. Strings, the usual keys, are hashed; others are kept in order. */
class KeySet {
  private readonly strings = new Set<string>();
  private readonly others: Value[] = [];

  /** Whether the key is new. Fails when it cannot be compared with the others. */
  add(key: Value): boolean {
    const text = key instanceof NixString ? key.text : key;
    if (typeof text === "string") {
      if (this.others.length > 0) compareValues(text, this.others[0]!);
      const { size } = this.strings;
      return this.strings.add(text).size > size;
    }
    const [someString] = this.strings;
    if (someString !== undefined) compareValues(key, someString);
    let low = 0;
    let high = this.others.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareValues(key, this.others[middle]!);
      if (order === 0) return false;
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    this.others.splice(low, 0, key);
    return true;
  }
}
