/** Symbols and fixed shapes of the sets that the module system reads and makes. */
import { Shape } from "../lang/eval/shape.ts";
import { Attrs, type Slot } from "../lang/eval/value.ts";
import { intern, type Sym } from "../lang/syntax/symbols.ts";

/** The file of modules that say none. */
export const unknownFile = "<unknown-file>";

export const names = {
  type: intern("_type"),
  args: intern("args"),
  apply: intern("apply"),
  check: intern("check"),
  class: intern("_class"),
  condition: intern("condition"),
  config: intern("config"),
  content: intern("content"),
  contents: intern("contents"),
  declarations: intern("declarations"),
  default: intern("default"),
  disabledModules: intern("disabledModules"),
  file: intern("_file"),
  defFile: intern("file"),
  freeformType: intern("freeformType"),
  functionArgs: intern("__functionArgs"),
  functor: intern("__functor"),
  typeFunctor: intern("functor"),
  imports: intern("imports"),
  key: intern("key"),
  lib: intern("lib"),
  meta: intern("meta"),
  module: intern("_module"),
  name: intern("name"),
  options: intern("options"),
  optionType: intern("type"),
  outPath: intern("outPath"),
  prefix: intern("_prefix"),
  priority: intern("priority"),
  readOnly: intern("readOnly"),
  require: intern("require"),
  specialArgs: intern("specialArgs"),
  toString: intern("__toString"),
  value: intern("value"),
} as const;

/** A maker of sets that all have these attributes: they share one shape. The slots come in the order of the names. */
export function shaped(...attributes: readonly string[]): (...slots: readonly Slot[]) => Attrs {
  const { shape, order } = shapeOf(attributes);
  return (...slots) =>
    new Attrs(
      shape,
      order.map((index) => slots[index]!),
    );
}

/** The shape of these names, and for each of its places the index of the name that stands there. */
export function shapeOf(attributes: readonly string[]): { shape: Shape; order: readonly number[] } {
  const symbols = attributes.map(intern);
  const order = symbols.map((_, index) => index).sort((a, b) => symbols[a]! - symbols[b]!);
  return { shape: Shape.of(order.map((index) => symbols[index]!)), order };
}

/** The set without one attribute; the same set when it has none of that name. */
export function withoutAttr(attrs: Attrs, sym: Sym): Attrs {
  const at = attrs.shape.indexOf(sym);
  if (at < 0) return attrs;
  return new Attrs(
    Shape.of(attrs.shape.symbols.toSpliced(at, 1)),
    attrs.values.toSpliced(at, 1),
    attrs.positions?.toSpliced(at, 1),
  );
}
