/**
 * Interned identifiers. Attribute names and variables are compared and looked up by number. The table is global
 * to the thread: symbols of different evaluations may meet.
 */
export type Sym = number & { readonly __sym: never };

/** What Nix has numbered before it reads anything, in its order. Numbers show where values are forced one after the other. */
const known = `
  <with> outPath drvPath type meta name value system __overrides outputs outputName __ignoreNulls file line column __functor
  __toString right wrong __structuredAttrs __json allowedReferences allowedRequisites disallowedReferences
  disallowedRequisites maxSize maxClosureSize builder args __contentAddressed __impure outputHash outputHashAlgo
  outputHashMode recurseForDerivations description self startSet operator key path prefix outputSpecified __sub __lessThan
  __mul __div or __findFile __nixPath body
`;

const names: string[] = known.split(/\s+/).filter((name) => name !== "");
const ids = new Map(names.map((name, index) => [name, index as Sym]));

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
