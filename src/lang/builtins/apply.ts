/** Applications that wait until somebody needs their value: what `map`, `genList`, `mapAttrs`... put in their results. */
import { apply, applyTwo } from "../eval/call.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { force, lazy, type Slot, Thunk, ThunkCode } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";

/** What an application waits with. There are many of them: one object, no JavaScript closure. */
class Application {
  readonly fn: Slot;
  readonly first: Slot;
  /** Undefined: there is only one argument. */
  readonly second: Slot | undefined;
  constructor(fn: Slot, first: Slot, second: Slot | undefined) {
    this.fn = fn;
    this.first = first;
    this.second = second;
  }
}

const applicationCode = new ThunkCode((content) => {
  // `content` is what the thunk was made with, here not an environment.
  const { fn, first, second } = content as unknown as Application;
  return second === undefined ? apply(force(fn), first, noPos) : applyTwo(force(fn), first, second, noPos);
});

/** Makes a thunk of `fn first` or `fn first second`. */
type Suspend = (fn: Slot, first: Slot, second?: Slot) => Thunk;

const suspend: Suspend = (fn, first, second) =>
  new Thunk(applicationCode, new Application(fn, first, second));

export function suspending(evaluator: Evaluator): Suspend {
  if (evaluator.callDepth === undefined) return suspend;
  return (fn, first, second) =>
    lazy(() => (second === undefined ? evaluator.call(fn, first) : evaluator.call(fn, first, second)));
}
