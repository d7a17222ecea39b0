/**
 * Values that are remembered with an object and go with it: what a `WeakMap` is for. But V8 takes the values of a `WeakMap`
 * for alive whenever it collects the young generation, whatever has become of their keys (`ScavengeVisitor::VisitEphemeronHashTable`).
 * A view leads to all that a node's evaluation has made, which was copied, and moved to where only a full collection finds it,
 * for that reason alone. Here the object itself holds the value.
 */
export interface Attached<Key extends object, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
}

class Itself {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: so that a subclass adds its private field to that object
    return object;
  }
}

/** Values of one kind. They are in a private field of the kind's own, which frozen objects and proxies can have as well. */
export function attached<Key extends object, Value>(): Attached<Key, Value> {
  class Holder extends Itself {
    #value: Value;

    constructor(key: object, value: Value) {
      super(key);
      this.#value = value;
    }

    static get(key: object): Value | undefined {
      return #value in key ? key.#value : undefined;
    }

    static set(key: object, value: Value): void {
      if (#value in key) key.#value = value;
      else new Holder(key, value);
    }
  }
  return Holder;
}
