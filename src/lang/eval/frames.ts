/**
 * Environments: what compiled code finds its variables in. There are millions of them and most hold one to three
 * slots, so those are plain fields of one small object; an array would be a second one. Which kind a scope has is known to the
 * compiler (eval/scope.ts), so only the way outward sees more than one kind.
 */
import { type Env, noEnv, type Slot } from "./value.ts";

/** A slot of a `let` or `rec` that is not initialised yet is undefined. */
export type Place = Slot | undefined;

/** Scopes with more names than this keep their slots in an array. */
export const maxFields = 3;

export class Frame1 implements Env {
  readonly up: Env;
  a: Place;
  constructor(up: Env, a: Place) {
    this.up = up;
    this.a = a;
  }
}

export class Frame2 implements Env {
  readonly up: Env;
  a: Place;
  b: Place;
  constructor(up: Env, a: Place, b: Place) {
    this.up = up;
    this.a = a;
    this.b = b;
  }
}

export class Frame3 implements Env {
  readonly up: Env;
  a: Place;
  b: Place;
  c: Place;
  constructor(up: Env, a: Place, b: Place, c: Place) {
    this.up = up;
    this.a = a;
    this.b = b;
    this.c = c;
  }
}

export class ArrayFrame implements Env {
  readonly up: Env;
  readonly slots: Place[];
  constructor(up: Env, slots: Place[]) {
    this.up = up;
    this.slots = slots;
  }
}

/** A frame of up to {@link maxFields} slots, not filled yet. */
export function newFields(up: Env, size: number): Env {
  switch (size) {
    case 0:
    case 1:
      return new Frame1(up, undefined);
    case 2:
      return new Frame2(up, undefined, undefined);
    default:
      return new Frame3(up, undefined, undefined, undefined);
  }
}

/** Sets a slot, counted from 0, of a frame that keeps them in fields. */
export function setField(frame: Env, index: number, slot: Slot): void {
  switch (index) {
    case 0:
      (frame as Frame1).a = slot;
      break;
    case 1:
      (frame as Frame2).b = slot;
      break;
    default:
      (frame as Frame3).c = slot;
  }
}

/** The environment of what stands in no scope. */
export const outermost: Env = new Frame1(noEnv, undefined);

export function outward(env: Env, depth: number): Env {
  let current = env;
  for (let i = depth; i > 0; i--) current = current.up;
  return current;
}
