/**
 * Scopes: which names an expression sees and where their values are. The compiler turns every variable into an
 * address: so many environments outward, slot so-and-so.
 */
import type { Sym } from "../syntax/symbols.ts";
import { maxFields } from "./frames.ts";
import type { Attrs, Slot } from "./value.ts";

export type Scope = GlobalScope | NamesScope | WithScope;

/** Where a variable's value is found. */
export type Address =
  | { readonly kind: "constant"; readonly slot: Slot }
  /** `depth`: how many environments outward; `index`: the slot there (from 0); `fields`: it is in a field (frames.ts). */
  | { readonly kind: "slot"; readonly depth: number; readonly index: number; readonly fields: boolean }
  /** In the first of these `with` sets that has it: how many environments outward each is, innermost first. */
  | { readonly kind: "with"; readonly depths: readonly number[] };

/** Names that are known before evaluation: the builtins, or what `scopedImport` adds. Has no environment. */
export class GlobalScope {
  readonly kind = "globals";
  readonly up: GlobalScope | undefined;
  readonly attrs: Attrs;
  constructor(attrs: Attrs, up?: GlobalScope) {
    this.attrs = attrs;
    this.up = up;
  }

  find(name: Sym): Slot | undefined {
    const slot = this.attrs.get(name);
    return slot !== undefined ? slot : this.up?.find(name);
  }
}

/** Beyond this many names a scope is searched through a map. */
const fewNames = 8;

/** One environment: names in the order of its slots. */
export class NamesScope {
  readonly kind = "names";
  readonly up: Scope;
  readonly names: readonly Sym[];
  /** Whether the environment keeps the slots in fields, as those of few names do, rather than in an array. */
  readonly fields: boolean;
  private indices: Map<Sym, number> | undefined;

  constructor(names: readonly Sym[], up: Scope, fields: boolean = names.length <= maxFields) {
    this.names = names;
    this.up = up;
    this.fields = fields;
  }

  /** The slot's index in the environment, -1 when the name is not of this scope. Of equal names the last one counts. */
  indexOf(name: Sym): number {
    if (this.names.length <= fewNames) return this.names.lastIndexOf(name);
    if (this.indices === undefined) {
      this.indices = new Map(this.names.map((sym, index) => [sym, index]));
    }
    return this.indices.get(name) ?? -1;
  }
}

/** `with`: an environment of one slot, the set. */
export class WithScope {
  readonly kind = "with";
  readonly up: Scope;
  constructor(up: Scope) {
    this.up = up;
  }
}

/** Lexical names win over every `with`, however near. Undefined when nothing can define the name. */
export function resolve(name: Sym, scope: Scope): Address | undefined {
  const depths: number[] = [];
  let depth = 0;
  for (let current = scope; ; ) {
    switch (current.kind) {
      case "globals": {
        const slot = current.find(name);
        if (slot !== undefined) return { kind: "constant", slot };
        return depths.length > 0 ? { kind: "with", depths } : undefined;
      }
      case "names": {
        const index = current.indexOf(name);
        if (index >= 0) return { kind: "slot", depth, index, fields: current.fields };
        break;
      }
      case "with":
        depths.push(depth);
        break;
    }
    depth++;
    current = current.up;
  }
}
