/** Builtins on lists. */
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { integer } from "../eval/numbers.ts";
import { Shape } from "../eval/shape.ts";
import { Attrs, force, Lambda, type List, PrimOp, type Slot, type Value } from "../eval/value.ts";
import { withoutSpareRoom } from "../spare-room.ts";
import { noPos } from "../syntax/positions.ts";
import { intern, type Sym } from "../syntax/symbols.ts";
import { suspending } from "./apply.ts";
import { appendTo, attrsOfMap } from "./attrs.ts";
import type { Builtin } from "./builtin.ts";
import { type Less, peekSort } from "./sort.ts";

/** No list can be longer: V8 would end the process rather than fail. */
const maxLength = 1n << 26n;

export function listsFamily(evaluator: Evaluator): readonly Builtin[] {
  return [...access(evaluator), ...transformations(evaluator), ...folds(evaluator), ...groupings(evaluator)];
}

function access(evaluator: Evaluator): readonly Builtin[] {
  /** The list of `head` or `tail`. */
  const nonEmpty = (slot: Slot, builtin: string): List => {
    const list = evaluator.forceList(slot, noPos, `the first argument passed to 'builtins.${builtin}'`);
    if (list.length === 0) throw new NixError("eval", `'builtins.${builtin}' called on an empty list`);
    return list;
  };
  return [
    {
      name: "length",
      arity: 1,
      doc: "How many elements a list has.",
      fn: (list) =>
        integer(evaluator.forceList(list, noPos, "the first argument passed to builtins.length").length),
    },
    {
      name: "head",
      arity: 1,
      doc: "The first element of a list. Fails for an empty one.",
      fn: (list) => force(nonEmpty(list, "head")[0]!),
    },
    {
      name: "tail",
      arity: 1,
      doc: "A list without its first element. Fails for an empty one. Copies the list.",
      fn: (list) => nonEmpty(list, "tail").slice(1),
    },
    {
      name: "elemAt",
      arity: 2,
      doc: "`elemAt list n`: the element number `n`, counted from 0. Fails when there is none.",
      fn: (list, index) => {
        const n = evaluator.forceInt(index, noPos, "the second argument passed to 'builtins.elemAt'");
        const elements = evaluator.forceList(list, noPos, "the first argument passed to 'builtins.elemAt'");
        if (n < 0n || n >= BigInt(elements.length)) {
          const on = `on a list of size ${elements.length}`;
          throw new NixError("eval", `'builtins.elemAt' called with index ${n} ${on}`);
        }
        return force(elements[Number(n)]!);
      },
    },
    {
      name: "elem",
      arity: 2,
      doc: "`elem x list`: whether the list has an element equal to `x`. Looks no further than the first one.",
      fn: (wanted, list) =>
        evaluator
          .forceList(list, noPos, "the second argument passed to builtins.elem")
          .some((element) => evaluator.equal(wanted, element)),
    },
  ];
}

function transformations(evaluator: Evaluator): readonly Builtin[] {
  const suspend = suspending(evaluator);
  return [
    {
      name: "map",
      arity: 2,
      global: true,
      doc: "`map f list`: the list of `f x` for every element `x`, each computed when needed.",
      fn: (fn, list) => {
        const elements = evaluator.forceList(list, noPos, "the second argument passed to builtins.map");
        if (elements.length === 0) return elements;
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.map");
        return elements.map((element) => suspend(f, element));
      },
    },
    {
      name: "filter",
      arity: 2,
      doc: "`filter f list`: the elements `x` for which `f x` is true.",
      fn: (fn, list) => {
        const elements = evaluator.forceList(list, noPos, "the second argument passed to builtins.filter");
        if (elements.length === 0) return elements;
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.filter");
        const what = "the return value of the filtering function passed to builtins.filter";
        const kept = elements.filter((element) =>
          evaluator.forceBool(evaluator.call(f, element), noPos, what),
        );
        return kept.length === elements.length ? elements : withoutSpareRoom(kept);
      },
    },
    {
      name: "genList",
      arity: 2,
      doc: "`genList f n`: the list of `f 0` to `f (n - 1)`, each computed when needed.",
      fn: (fn, length) => {
        const n = evaluator.forceInt(length, noPos, "the second argument passed to builtins.genList");
        if (n < 0n || n > maxLength) throw new NixError("eval", `cannot create list of size ${n}`);
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.genList");
        const list: Slot[] = new Array(Number(n));
        for (let index = 0; index < list.length; index++) list[index] = suspend(f, integer(index));
        return list;
      },
    },
    {
      name: "concatLists",
      arity: 1,
      doc: "One list of the elements of all lists in a list.",
      fn: (lists) => {
        const list = evaluator.forceList(lists, noPos, "the first argument passed to builtins.concatLists");
        return concatenated(
          list.map((element) =>
            evaluator.forceList(element, noPos, "a value of the list passed to builtins.concatLists"),
          ),
        );
      },
    },
    {
      name: "concatMap",
      arity: 2,
      doc: "`concatMap f list` is `concatLists (map f list)`.",
      fn: (fn, list) => {
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.concatMap");
        const elements = evaluator.forceList(list, noPos, "the second argument passed to builtins.concatMap");
        const what = "the return value of the function passed to builtins.concatMap";
        const pos = f instanceof Lambda ? f.code.pos : noPos;
        return concatenated(
          elements.map((element) => evaluator.forceList(evaluator.call(f, element), pos, what)),
        );
      },
    },
    {
      name: "sort",
      arity: 2,
      doc: "`sort less list`: the list in the order in which `less a b` tells whether `a` comes before `b`. Stable.",
      fn: (less, list) => {
        const elements = evaluator.forceList(list, noPos, "the second argument passed to builtins.sort");
        if (elements.length === 0) return elements;
        const f = evaluator.forceFunction(less, noPos, "the first argument passed to builtins.sort");
        for (const element of elements) force(element);
        const sorted = [...elements];
        peekSort(sorted, comparison(evaluator, f));
        return sorted;
      },
    },
  ];
}

function comparison(evaluator: Evaluator, less: Value): Less<Slot> {
  if (less instanceof PrimOp && less.name === "lessThan") {
    return (a, b) => {
      try {
        return evaluator.compare(a, b) < 0;
      } catch (error) {
        if (error instanceof NixError) {
          error.addTrace(noPos, "while evaluating the ordering function passed to builtins.sort");
        }
        throw error;
      }
    };
  }
  const what = "the return value of the sorting function passed to builtins.sort";
  return (a, b) => evaluator.forceBool(evaluator.call(less, a, b), noPos, what);
}

/** The one list itself when all others are empty. */
function concatenated(lists: readonly List[]): List {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length === 1) return filled[0]!;
  const all: Slot[] = new Array(filled.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of filled) for (let i = 0; i < list.length; i++) all[at++] = list[i]!;
  return all;
}

function folds(evaluator: Evaluator): readonly Builtin[] {
  /** Whether the predicate gives `sought` for some element; looks no further than the first one. */
  const exists = (builtin: "any" | "all", sought: boolean, fn: Slot, list: Slot): boolean => {
    const f = evaluator.forceFunction(fn, noPos, `the first argument passed to builtins.${builtin}`);
    const elements = evaluator.forceList(list, noPos, `the second argument passed to builtins.${builtin}`);
    const what = `the return value of the function passed to builtins.${builtin}`;
    return elements.some(
      (element) => evaluator.forceBool(evaluator.call(f, element), noPos, what) === sought,
    );
  };
  return [
    {
      name: "foldl'",
      arity: 3,
      doc: "`foldl' f z [ a b ]` is `f (f z a) b`, with every result of `f` forced before the next call.",
      fn: (fn, start, list) => {
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.foldlStrict");
        const elements = evaluator.forceList(
          list,
          noPos,
          "the third argument passed to builtins.foldlStrict",
        );
        let result = start;
        for (const element of elements) result = evaluator.call(f, result, element);
        return force(result);
      },
    },
    {
      name: "any",
      arity: 2,
      doc: "`any f list`: whether `f x` is true for some element `x`.",
      fn: (fn, list) => exists("any", true, fn, list),
    },
    {
      name: "all",
      arity: 2,
      doc: "`all f list`: whether `f x` is true for every element `x`.",
      fn: (fn, list) => !exists("all", false, fn, list),
    },
  ];
}

const [right, wrong] = [intern("right"), intern("wrong")];
const partitionShape = Shape.of([right, wrong].sort((a, b) => a - b));

function groupings(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "partition",
      arity: 2,
      doc: "`partition f list` is `{ right = filter f list; wrong = ...; }`, with the other elements in `wrong`.",
      fn: (fn, list) => {
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.partition");
        const elements = evaluator.forceList(list, noPos, "the second argument passed to builtins.partition");
        const what = "the return value of the partition function passed to builtins.partition";
        const accepted: Slot[] = [];
        const refused: Slot[] = [];
        for (const element of elements) {
          force(element);
          const accept = evaluator.forceBool(evaluator.call(f, element), noPos, what);
          (accept ? accepted : refused).push(element);
        }
        const values = partitionShape.symbols.map((sym) =>
          withoutSpareRoom(sym === right ? accepted : refused),
        );
        return new Attrs(partitionShape, values);
      },
    },
    {
      name: "groupBy",
      arity: 2,
      doc: "`groupBy f list`: a set with the list of elements `x` under each name that `f x` gives.",
      fn: (fn, list) => {
        const f = evaluator.forceFunction(fn, noPos, "the first argument passed to builtins.groupBy");
        const elements = evaluator.forceList(list, noPos, "the second argument passed to builtins.groupBy");
        const what = "the return value of the grouping function passed to builtins.groupBy";
        const groups = new Map<Sym, Slot[]>();
        for (const element of elements) {
          const name = evaluator.forceString(evaluator.call(f, element), noPos, what, undefined);
          appendTo(groups, intern(name), element);
        }
        return attrsOfMap(groups, withoutSpareRoom);
      },
    },
  ];
}
