/** A JavaScript function as a function of the language. */
import { PrimOp, type Slot, type Value } from "../lang/eval/value.ts";

export type JsFunction = (...args: unknown[]) => unknown;

/** Remembers the function that it calls: a module that is a function gets its arguments lazily (see load.ts). */
export class NativeFunction extends PrimOp {
  readonly js: JsFunction;
  constructor(name: string, js: JsFunction, fn: (...args: Slot[]) => Value) {
    super(name, js.length, fn);
    this.js = js;
  }
}
