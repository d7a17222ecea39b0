/**
 * Interned identifiers. Attribute names and variables are compared and looked up by number. The table is global
 * to the thread: symbols of different evaluations may meet.
 */
export type Sym = number & { readonly __sym: never };

const names: string[] = [];
const ids = new Map<string, Sym>();

export function intern(name: string): Sym {
  const known = ids.get(name);
  if (known !== undefined) return known;
  const id = names.length as Sym;
  names.push(name);
  ids.set(name, id);
  return id;
}

/** The symbol of a name that some source or value has already used; undefined when no attribute can have it. */
export function lookupSymbol(name: string): Sym | undefined {
  return ids.get(name);
}

export function symbolName(sym: Sym): string {
  return names[sym]!;
}
