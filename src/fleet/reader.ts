/**
 * Reads merged option values. Their types were checked when they were merged, so a wrong kind of value here is a
 * mistake of ours and not of a user.
 */

import { NixError } from "../lang/eval/errors.ts";
import type { Evaluator } from "../lang/eval/evaluator.ts";
import { type Attrs, force, type Slot, type Value } from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import type { StoreText } from "./platforms/linux/system.ts";

export class Reader {
  readonly evaluator: Evaluator;

  constructor(evaluator: Evaluator) {
    this.evaluator = evaluator;
  }

  /** The slot at a path that the options declare. */
  at(attrs: Attrs, ...path: readonly string[]): Slot {
    let slot: Slot = attrs;
    for (const name of path) {
      const found: Slot | undefined = this.attrs(slot).getByName(name);
      if (found === undefined) throw new Error(`option '${path.join(".")}' is not declared`);
      slot = found;
    }
    return slot;
  }

  attrs(slot: Slot): Attrs {
    return this.evaluator.forceAttrs(slot, noPos, "a value of the configuration");
  }

  bool(slot: Slot): boolean {
    return this.evaluator.forceBool(slot, noPos, "a value of the configuration");
  }

  integer(slot: Slot): number {
    return Number(this.evaluator.forceInt(slot, noPos, "a value of the configuration"));
  }

  list<T>(slot: Slot, read: (element: Slot) => T): T[] {
    return this.evaluator.forceList(slot, noPos, "a value of the configuration").map(read);
  }

  entries<T>(slot: Slot, read: (name: string, element: Slot) => T): T[] {
    return [...this.attrs(slot).entries()].map(([name, element]) => read(name, element));
  }

  nullOr<T>(slot: Slot, read: (slot: Slot) => T): T | null {
    return force(slot) === null ? null : read(slot);
  }

  /** A string that may refer to the store; a path is copied there. */
  text(slot: Slot): StoreText {
    const context = new Set<string>();
    const text = this.evaluator.coerceToString(slot, noPos, "a value of the configuration", context, {
      coerceMore: false,
      copyToStore: true,
    });
    return { text, references: references(context) };
  }

  /** A string for which a reference to the store makes no sense, e.g. a user's name; `option` is for the message. */
  plain(slot: Slot, option: string): string {
    const { text, references: found } = this.text(slot);
    if (found.length > 0) {
      throw new NixError(
        "module",
        `option '${option}' cannot refer to the store, but its value contains ${found[0]}`,
      );
    }
    return text;
  }

  strings(slot: Slot, option: string): string[] {
    return this.list(slot, (element) => this.plain(element, option));
  }

  value(slot: Slot): Value {
    return force(slot);
  }
}

/** The store paths of a string's context. A derivation's output has to be built first, which needs a Nix. */
function references(context: ReadonlySet<string>): string[] {
  return [...context].map((element) => {
    if (element.startsWith("/")) return element;
    const derivation = element.slice(element.indexOf("/"));
    throw new NixError(
      "store",
      `a system of the linux platform refers to the derivation '${derivation}', but is made without building anything; ` +
        "refer to files, texts and distribution packages instead",
    );
  });
}

/** Several texts as one. */
export function joinTexts(parts: readonly (StoreText | string)[]): StoreText {
  const found = new Set<string>();
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      text += part.text;
      for (const reference of part.references) found.add(reference);
    }
  }
  return { text, references: [...found].sort() };
}
