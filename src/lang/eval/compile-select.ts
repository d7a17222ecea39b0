/** `a.b.c`, `a.b or c`, `a ? b.c`. */
import type { AttrName, HasAttrExpr, SelectExpr } from "../syntax/ast.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import { showName } from "../syntax/printer.ts";
import { intern, type Sym, symbolName } from "../syntax/symbols.ts";
import { forceString, unexpectedType } from "./checks.ts";
import {
  type Compiler,
  computedValue,
  DeferredCode,
  forceAt,
  framed,
  type Recipe,
  replacesThunk,
} from "./code.ts";
import { addressOf, placeReader } from "./compile-variables.ts";
import { NixError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import type { Shape } from "./shape.ts";
import { languageError } from "./stack.ts";
import { missingNote, nearMisses } from "./suggestions.ts";
import { Attrs, type Code, type Env, emptyAttrs, force, type Slot, Thunk, type Value } from "./value.ts";

type Key = (env: Env) => Sym;

function compileKey(compiler: Compiler, name: AttrName, scope: Scope): Key {
  if (name.kind === "static") {
    const sym = name.name;
    return () => sym;
  }
  const code = compiler.compile(name.expr, scope);
  const { pos } = name.expr;
  return (env) => intern(forceString(code(env), pos, "an attribute name", undefined));
}

function pathText(path: readonly AttrName[], keys: readonly Key[], env: Env): string {
  const names = path.map((name, i) => {
    if (name.kind === "static") return showName(symbolName(name.name));
    try {
      return showName(symbolName(keys[i]!(env)));
    } catch {
      // The name itself fails to evaluate; the error that is on its way already says so.
      return '"..."';
    }
  });
  return names.join(".");
}

function missingAttribute(attrs: Attrs, name: Sym, pos: Pos): NixError {
  const text = symbolName(name);
  return new NixError(
    "missingAttribute",
    `attribute '${showName(text)}' missing${missingNote(attrs, text)}`,
    {
      pos,
      suggestions: nearMisses(text, attrs.names()),
    },
  );
}

/** `inherit (e) name;`, with `e` in the slot. */
export function selectInherited(from: Slot, name: Sym, pos: Pos): Value {
  try {
    const set = from instanceof Thunk ? forceAt(from, pos) : from;
    if (!(set instanceof Attrs)) throw unexpectedType("a set", set);
    const slot = set.get(name);
    if (slot === undefined) throw missingAttribute(set, name, pos);
    return slot instanceof Thunk ? forceAt(slot, pos) : slot;
  } catch (error) {
    throw framed(error, pos, `while evaluating the attribute '${showName(symbolName(name))}'`);
  }
}

export function compileSelect(compiler: Compiler, expr: SelectExpr, scope: Scope): Code {
  const [first] = expr.path;
  if (expr.default !== undefined) return selectOr(compiler, expr, expr.default, scope);
  if (expr.path.length === 1 && first!.kind === "static") {
    return selectOne(compiler.compile(expr.subject, scope), first!.name, expr.pos);
  }
  return selectPath(compiler, expr, scope);
}

/**
 * `variable.name` in a slot. Where the set and the attribute are computed already, no thunk is needed to hold the
 * attribute's value.
 */
export function delaySelect(compiler: Compiler, expr: SelectExpr, scope: Scope): Recipe | undefined {
  const [first] = expr.path;
  if (expr.path.length !== 1 || first!.kind !== "static" || expr.subject.kind !== "var") return undefined;
  const variable = addressOf(expr.subject, scope);
  if (variable.kind !== "slot") return undefined;
  const read = placeReader(variable);
  const name = first!.name;
  const code = new DeferredCode(compiler, expr, scope);
  return (env) => {
    const slot = read(env);
    const set = slot instanceof Thunk && slot.code === null ? slot.content : slot;
    if (set instanceof Attrs) {
      const attribute = set.get(name);
      const value = attribute === undefined ? undefined : computedValue(attribute);
      if (value !== undefined) return value;
    }
    return new Thunk(code, env);
  };
}

/** The common case: one name that is known. Remembers where it was in sets of the last shape. */
function selectOne(subject: Code, name: Sym, pos: Pos): Code {
  let cachedShape: Shape | undefined;
  let cachedIndex = 0;
  return (env) => {
    const set = subject(env);
    if (set instanceof Attrs) {
      let index = cachedIndex;
      if (set.shape !== cachedShape) {
        index = set.shape.indexOf(name);
        if (index >= 0) {
          cachedShape = set.shape;
          cachedIndex = index;
        }
      }
      if (index >= 0) {
        const slot = set.values[index]!;
        if (!(slot instanceof Thunk)) return slot;
        try {
          const value = forceAt(slot, pos);
          // The thunk has done its work; for a function it stays, as the identity of the slot.
          if (replacesThunk(value)) set.values[index] = value;
          return value;
        } catch (error) {
          throw framedSelection(error, pos, showName(symbolName(name)), set.positionOf(name));
        }
      }
    }
    throw cannotSelect(set, name, pos);
  };
}

/** @param definition where the attribute is defined that could not be computed; {@link noPos}: not known */
function framedSelection(error: unknown, pos: Pos, path: string, definition: Pos): unknown {
  const failure = languageError(error, pos);
  return framed(failure, definition === noPos ? pos : definition, `while evaluating the attribute '${path}'`);
}

function cannotSelect(set: Value, name: Sym, pos: Pos): NixError {
  return set instanceof Attrs ? missingAttribute(set, name, pos) : notASet(set, pos);
}

function notASet(value: Value, pos: Pos): NixError {
  return unexpectedType("a set", value).addTrace(pos, "while selecting an attribute");
}

function selectPath(compiler: Compiler, expr: SelectExpr, scope: Scope): Code {
  const { path, pos } = expr;
  const subject = compiler.compile(expr.subject, scope);
  const keys = path.map((name) => compileKey(compiler, name, scope));
  return (env) => {
    let value = subject(env);
    let within: Attrs = emptyAttrs;
    let last: Sym | undefined;
    try {
      for (const key of keys) {
        const name = key(env);
        if (!(value instanceof Attrs)) {
          throw notASet(value, pos);
        }
        const slot = value.get(name);
        if (slot === undefined) throw missingAttribute(value, name, pos);
        within = value;
        last = name;
        value = slot instanceof Thunk ? forceAt(slot, pos) : slot;
      }
      return value;
    } catch (error) {
      if (last === undefined) throw languageError(error, pos);
      throw framedSelection(error, pos, pathText(path, keys, env), within.positionOf(last));
    }
  };
}

function selectOr(compiler: Compiler, expr: SelectExpr, fallback: SelectExpr["subject"], scope: Scope): Code {
  const { path, pos } = expr;
  const subject = compiler.compile(expr.subject, scope);
  const keys = path.map((name) => compileKey(compiler, name, scope));
  const otherwise = compiler.compile(fallback, scope);
  return (env) => {
    let value = subject(env);
    try {
      let found = true;
      for (const key of keys) {
        const name = key(env);
        const slot = value instanceof Attrs ? value.get(name) : undefined;
        if (slot === undefined) {
          found = false;
          break;
        }
        value = slot instanceof Thunk ? forceAt(slot, pos) : slot;
      }
      if (found) return value;
    } catch (error) {
      throw framed(error, pos, `while evaluating the attribute '${pathText(path, keys, env)}'`);
    }
    return otherwise(env);
  };
}

export function compileHasAttr(compiler: Compiler, expr: HasAttrExpr, scope: Scope): Code {
  const subject = compiler.compile(expr.subject, scope);
  const keys = expr.path.map((name) => compileKey(compiler, name, scope));
  return (env) => {
    let slot: Slot = subject(env);
    for (const key of keys) {
      const set = force(slot);
      const name = key(env);
      const next = set instanceof Attrs ? set.get(name) : undefined;
      if (next === undefined) return false;
      slot = next;
    }
    return true;
  };
}
