/**
 * Attribute sets while they are parsed: nested paths are merged and duplicates are refused as soon as they are read.
 */
import { NixError } from "../eval/errors.ts";
import { withoutSpareRoom } from "../spare-room.ts";
import type { AttrBinding, AttrName, AttrsExpr, Expr } from "./ast.ts";
import { formatPos, type Pos } from "./positions.ts";
import { showAttrPath } from "./printer.ts";
import type { Sym } from "./symbols.ts";

/** An AttrsExpr that its parser still fills; a later path may even add to one that was closed. */
export interface AttrsDraft extends AttrsExpr {
  bindings: AttrBinding[];
  inheritFrom: Expr[];
  dynamic: AttrsExpr["dynamic"][number][];
}

/** Shared by all sets that have none of a kind; replaced at the first one. */
const nothing: never[] = [];

export function newAttrs(pos: Pos, recursive: boolean): AttrsDraft {
  return { kind: "attrs", pos, recursive, bindings: nothing, inheritFrom: nothing, dynamic: nothing };
}

/** Gives back the room for more bindings. There may be more all the same. */
export function trim(attrs: AttrsDraft): void {
  if (attrs.bindings.length > 1) attrs.bindings = withoutSpareRoom(attrs.bindings);
}

/** From this many bindings on, an index is kept to find them. */
const indexFrom = 12;

/** Adds the bindings of one source text to their sets. */
export class AttrsFiller {
  /** Of large sets: where in `bindings` each name is. */
  private readonly indices = new Map<AttrsDraft, Map<Sym, number>>();
  /** Sets that no brace ends: a later path may still add to them. */
  private readonly opened: AttrsDraft[] = [];

  /** At the end of the source. */
  end(): void {
    for (const attrs of this.opened) trim(attrs);
  }

  /** `path = value;`, with the position of the path. Sets on the way are made, or found and added to. */
  add(attrs: AttrsDraft, path: readonly AttrName[], pos: Pos, value: Expr): void {
    let target = attrs;
    const last = path.length - 1;
    for (let i = 0; i < last; i++) target = this.descend(target, path, i, pos);
    const name = path[last]!;
    if (name.kind === "dynamic") addDynamic(target, name.expr, pos, value);
    else this.addPlain(target, path, { kind: "plain", name: name.name, pos, value });
  }

  /** `inherit name;` or `inherit (from) name;` */
  addInherited(attrs: AttrsDraft, binding: AttrBinding): void {
    const known = this.find(attrs, binding.name);
    if (known !== undefined) {
      throw alreadyDefined(
        [{ kind: "static", pos: binding.pos, name: binding.name }],
        binding.pos,
        known.pos,
      );
    }
    this.append(attrs, binding);
  }

  /** Registers the expression of `inherit (e) ...` and returns its number. */
  addInheritFrom(attrs: AttrsDraft, expr: Expr): number {
    if (attrs.inheritFrom === nothing) attrs.inheritFrom = [expr];
    else attrs.inheritFrom.push(expr);
    return attrs.inheritFrom.length - 1;
  }

  /** The set that step `index` of the path names. */
  private descend(attrs: AttrsDraft, path: readonly AttrName[], index: number, pos: Pos): AttrsDraft {
    const name = path[index]!;
    if (name.kind === "dynamic") {
      const nested = newAttrs(pos, false);
      addDynamic(attrs, name.expr, pos, nested);
      return nested;
    }
    const known = this.find(attrs, name.name);
    if (known === undefined) {
      const nested = newAttrs(pos, false);
      this.append(attrs, { kind: "plain", name: name.name, pos, value: nested });
      this.opened.push(nested);
      return nested;
    }
    if (known.kind === "plain" && known.value.kind === "attrs") return known.value as AttrsDraft;
    throw alreadyDefined(path.slice(0, index + 1), pos, known.pos);
  }

  /** `path`: up to and with the binding's name, for the message. */
  private addPlain(
    attrs: AttrsDraft,
    path: readonly AttrName[],
    binding: AttrBinding & { readonly kind: "plain" },
  ): void {
    const known = this.find(attrs, binding.name);
    if (known === undefined) {
      this.append(attrs, binding);
      nameFunction(binding.value, binding.name);
    } else if (known.kind === "plain" && known.value.kind === "attrs" && binding.value.kind === "attrs") {
      this.merge(known.value as AttrsDraft, binding.value, path);
    } else throw alreadyDefined(path, binding.pos, known.pos);
  }

  /**
   * Two sets for one name become one. As in Nix, whether it is recursive is what the first one says
   * (https://github.com/NixOS/nix/issues/9020).
   */
  private merge(into: AttrsDraft, other: AttrsExpr, path: readonly AttrName[]): void {
    const firstFrom = into.inheritFrom.length;
    for (const binding of other.bindings) {
      const { pos, name } = binding;
      const fullPath: readonly AttrName[] = [...path, { kind: "static", pos, name }];
      if (binding.kind === "plain") {
        this.addPlain(into, fullPath, binding);
        continue;
      }
      const known = this.find(into, name);
      if (known !== undefined) throw alreadyDefined(fullPath, pos, known.pos);
      this.append(
        into,
        binding.kind === "inheritFrom" ? { ...binding, from: firstFrom + binding.from } : binding,
      );
    }
    for (const expr of other.inheritFrom) this.addInheritFrom(into, expr);
    for (const { name, pos, value } of other.dynamic) addDynamic(into, name, pos, value);
  }

  private find(attrs: AttrsDraft, name: Sym): AttrBinding | undefined {
    const { bindings } = attrs;
    if (bindings.length < indexFrom) {
      for (const binding of bindings) if (binding.name === name) return binding;
      return undefined;
    }
    let index = this.indices.get(attrs);
    if (index === undefined) {
      index = new Map(bindings.map((binding, at) => [binding.name, at]));
      this.indices.set(attrs, index);
    }
    const at = index.get(name);
    return at === undefined ? undefined : bindings[at];
  }

  private append(attrs: AttrsDraft, binding: AttrBinding): void {
    if (attrs.bindings === nothing) {
      attrs.bindings = [binding];
      return;
    }
    const length = attrs.bindings.push(binding);
    if (length > indexFrom) this.indices.get(attrs)?.set(binding.name, length - 1);
  }
}

function addDynamic(attrs: AttrsDraft, name: Expr, pos: Pos, value: Expr): void {
  if (attrs.dynamic === nothing) attrs.dynamic = [{ pos, name, value }];
  else attrs.dynamic.push({ pos, name, value });
}

/** A function's name, for messages, is that of the attribute; so is that of the function it returns. */
function nameFunction(value: Expr, name: Sym): void {
  for (let expr = value; expr.kind === "lambda"; expr = expr.body) expr.name = name;
}

function alreadyDefined(path: readonly AttrName[], pos: Pos, known: Pos): NixError {
  return new NixError("syntax", `attribute '${showAttrPath(path)}' already defined at ${formatPos(known)}`, {
    pos,
  });
}
