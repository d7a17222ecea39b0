/** Attribute sets and `let`. */
import { withoutSpareRoom } from "../spare-room.ts";
import type { AttrBinding, AttrsExpr, Expr } from "../syntax/ast.ts";
import { formatPos, type Pos } from "../syntax/positions.ts";
import { intern, symbolName } from "../syntax/symbols.ts";
import { forceAttrs, forceString } from "./checks.ts";
import { type Compiler, makeSlot, type Recipe } from "./code.ts";
import { selectInherited } from "./compile-select.ts";
import { NixError } from "./errors.ts";
import { ArrayFrame, newFields, setField } from "./frames.ts";
import { NamesScope, type Scope } from "./scope.ts";
import { Shape } from "./shape.ts";
import { sortByNumber } from "./sort-symbols.ts";
import { updateAttrs } from "./update.ts";
import { Attrs, type Code, type Env, emptyAttrs, type List, type Slot, Thunk, ThunkCode } from "./value.ts";

const overrides = intern("__overrides");

/** What a binding's recipe runs in: an environment, or the set of the `inherit (e)` of this number. */
type Source = "inner" | "outer" | number;

interface CompiledBindings {
  /** Sorted by symbol, like `names`, `positions` and `sources`. */
  readonly recipes: readonly Recipe[];
  /** undefined where all are `inner`. */
  readonly sources: readonly Source[] | undefined;
  /** The `e` of each `inherit (e)`, made in the inner scope. */
  readonly inheritFrom: readonly Recipe[];
}

export function compileAttrs(compiler: Compiler, expr: AttrsExpr, scope: Scope): Code {
  const bindings = sorted(expr.bindings);
  const names = bindings.map((binding) => binding.name);
  const shape = Shape.of(names);
  const positions = bindings.map((binding) => binding.pos);
  const inner = expr.recursive ? new NamesScope(names, scope, false) : scope;
  const compiled = compileBindings(compiler, bindings, expr, inner, scope);
  const dynamic = expr.dynamic.length === 0 ? undefined : compileDynamic(compiler, expr, inner);
  return expr.recursive
    ? recursiveSet(compiled, shape, positions, dynamic)
    : simpleSet(compiled, shape, positions, dynamic);
}

export function compileLet(compiler: Compiler, expr: Extract<Expr, { kind: "let" }>, scope: Scope): Code {
  const bindings = sorted(expr.attrs.bindings);
  const inner = new NamesScope(
    bindings.map((binding) => binding.name),
    scope,
  );
  const compiled = compileBindings(compiler, bindings, expr.attrs, inner, scope);
  const body = compiler.compile(expr.body, inner);
  const size = bindings.length;
  const { fields } = inner;
  return (env) => {
    if (fields) {
      const frame = newFields(env, size);
      fillFields(compiled, env, frame, size);
      return body(frame);
    }
    const slots: Slot[] = new Array(size);
    const frame = new ArrayFrame(env, slots);
    fill(compiled, env, frame, slots);
    return body(frame);
  };
}

function sorted(bindings: readonly AttrBinding[]): AttrBinding[] {
  return sortByNumber([...bindings], (binding) => binding.name);
}

function compileBindings(
  compiler: Compiler,
  bindings: readonly AttrBinding[],
  expr: AttrsExpr,
  inner: Scope,
  outer: Scope,
): CompiledBindings {
  // Where `__overrides` may replace a variable, no binding may hold the slot that the variable has before.
  const keepSlots = !(expr.recursive && bindings.some((binding) => binding.name === overrides));
  const recipes: Recipe[] = [];
  const sources: Source[] = [];
  for (const binding of bindings) {
    switch (binding.kind) {
      case "plain":
        recipes.push(
          keepSlots
            ? compiler.delay(binding.value, inner)
            : new ThunkCode(compiler.compile(binding.value, inner)),
        );
        sources.push("inner");
        break;
      case "inherit":
        recipes.push(compiler.delay(binding.value, outer));
        sources.push(inner === outer ? "inner" : "outer");
        break;
      case "inheritFrom": {
        const { from, name, pos } = binding;
        // Such a thunk has the set instead of an environment.
        recipes.push(new ThunkCode((set) => selectInherited(set as unknown as Slot, name, pos)));
        sources.push(from);
        break;
      }
    }
  }
  return {
    recipes: withoutSpareRoom(recipes),
    sources: sources.every((source) => source === "inner") ? undefined : withoutSpareRoom(sources),
    inheritFrom: expr.inheritFrom.map((from) => compiler.delay(from, inner)),
  };
}

/** Fills `target` with the slots of the bindings. */
function fill(bindings: CompiledBindings, outer: Env, inner: Env, target: Slot[]): void {
  const { recipes, sources } = bindings;
  if (sources === undefined) {
    for (let i = 0; i < recipes.length; i++) target[i] = makeSlot(recipes[i]!, inner);
    return;
  }
  const sets = inheritedSets(bindings, inner);
  for (let i = 0; i < recipes.length; i++) {
    target[i] = slotFrom(recipes[i]!, sources[i]!, outer, inner, sets);
  }
}

/** As {@link fill}, for an environment that keeps its slots in fields. */
function fillFields(bindings: CompiledBindings, outer: Env, frame: Env, size: number): void {
  const { recipes, sources } = bindings;
  if (sources === undefined) {
    for (let i = 0; i < size; i++) setField(frame, i, makeSlot(recipes[i]!, frame));
    return;
  }
  const sets = inheritedSets(bindings, frame);
  for (let i = 0; i < size; i++) {
    setField(frame, i, slotFrom(recipes[i]!, sources[i]!, outer, frame, sets));
  }
}

function inheritedSets(bindings: CompiledBindings, inner: Env): List {
  const { inheritFrom } = bindings;
  switch (inheritFrom.length) {
    case 0:
      return noSets;
    case 1:
      return [makeSlot(inheritFrom[0]!, inner)];
    default:
      return inheritFrom.map((from) => makeSlot(from, inner));
  }
}

const noSets: List = [];

function slotFrom(recipe: Recipe, source: Source, outer: Env, inner: Env, sets: List): Slot {
  if (typeof source === "number") return new Thunk(recipe as ThunkCode, sets[source]!);
  return makeSlot(recipe, source === "inner" ? inner : outer);
}

/** Adds the attributes with computed names, which are evaluated in the environment. */
type AddDynamic = (attrs: Attrs, env: Env) => Attrs;

function simpleSet(
  bindings: CompiledBindings,
  shape: Shape,
  positions: readonly Pos[],
  dynamic: AddDynamic | undefined,
): Code {
  const size = shape.symbols.length;
  const make = (env: Env): Attrs => {
    const values: Slot[] = new Array(size);
    fill(bindings, env, env, values);
    return new Attrs(shape, values, positions);
  };
  if (dynamic === undefined) return size === 0 ? () => emptyAttrs : make;
  return (env) => dynamic(size === 0 ? emptyAttrs : make(env), env);
}

function recursiveSet(
  bindings: CompiledBindings,
  shape: Shape,
  positions: readonly Pos[],
  dynamic: AddDynamic | undefined,
): Code {
  const size = shape.symbols.length;
  const hasOverrides = shape.indexOf(overrides) >= 0;
  return (outer) => {
    const values: Slot[] = new Array(size);
    const env = new ArrayFrame(outer, values);
    fill(bindings, outer, env, values);
    // The set and the environment share the slots, except where the environment's will be replaced.
    let attrs = new Attrs(shape, hasOverrides ? [...values] : values, positions);
    if (hasOverrides) attrs = applyOverrides(attrs, env);
    return dynamic === undefined ? attrs : dynamic(attrs, env);
  };
}

/** `rec { __overrides = { a = 1; }; ... }`: the set replaces and adds attributes, also for references inside. */
function applyOverrides(attrs: Attrs, env: ArrayFrame): Attrs {
  const pos = attrs.positionOf(overrides);
  const replacements = forceAttrs(attrs.get(overrides)!, pos, "the `__overrides` attribute");
  replacements.shape.symbols.forEach((name, i) => {
    const index = attrs.shape.indexOf(name);
    if (index >= 0) env.slots[index] = replacements.values[i]!;
  });
  return updateAttrs(attrs, replacements);
}

/** Adds the attributes whose names are computed; one whose name is null is left out. */
function compileDynamic(compiler: Compiler, expr: AttrsExpr, scope: Scope): AddDynamic {
  const dynamic = expr.dynamic.map((attr) => ({
    pos: attr.pos,
    name: compiler.compile(attr.name, scope),
    value: compiler.delay(attr.value, scope),
  }));
  return (attrs, env) => {
    let result = attrs;
    for (const { pos, name, value } of dynamic) {
      const nameValue = name(env);
      if (nameValue === null) continue;
      const sym = intern(forceString(nameValue, pos, "the name of a dynamic attribute", undefined));
      if (result.has(sym)) {
        const where = formatPos(result.positionOf(sym)) ?? "an unknown place";
        const message = `dynamic attribute '${symbolName(sym)}' already defined at ${where}`;
        throw new NixError("eval", message, { pos });
      }
      result = updateAttrs(result, new Attrs(Shape.of([sym]), [makeSlot(value, env)], [pos]));
    }
    return result;
  };
}
