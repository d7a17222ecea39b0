/**
 * Sets of the Nix language as TypeScript code reads them: an object whose properties are computed and converted
 * when they are read. A name that the set does not have is `undefined`. Views cannot be changed; as a definition a
 * view is the set itself.
 */
import { NixError } from "../lang/eval/errors.ts";
import { type Attrs, force } from "../lang/eval/value.ts";
import { lookupSymbol } from "../lang/syntax/symbols.ts";
import { fromText, toText } from "../store/bytes.ts";
import { toJs } from "./convert.ts";
import type { ModuleSystem } from "./system.ts";

export type View = Readonly<Record<string, unknown>>;

const viewed = new WeakMap<object, Attrs>();
const views = new WeakMap<Attrs, View>();

/** The set that a view shows; undefined for anything else. */
export function viewedAttrs(value: object): Attrs | undefined {
  return viewed.get(value);
}

/** The same view for the same set. */
export function viewOf(system: ModuleSystem, attrs: Attrs): View {
  const known = views.get(attrs);
  if (known !== undefined) return known;
  const view: View = new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_, name) =>
      typeof name === "string"
        ? read(system, attrs, name)
        : (name === Symbol.toPrimitive && refuse) || undefined,
    has: (_, name) => typeof name === "string" && slotOf(attrs, name) !== undefined,
    ownKeys: () => attrs.names().map(toText),
    getOwnPropertyDescriptor: (_, name) =>
      typeof name === "string" && slotOf(attrs, name) !== undefined
        ? { configurable: true, enumerable: true, get: () => read(system, attrs, name) }
        : undefined,
    set: (_, name) => {
      throw new NixError(
        "module",
        `a configuration is read only: '${fromText(String(name))}' cannot be assigned; return a definition instead`,
      );
    },
    deleteProperty: (_, name) => {
      throw new NixError(
        "module",
        `a configuration is read only: '${fromText(String(name))}' cannot be deleted`,
      );
    },
  });
  viewed.set(view, attrs);
  views.set(attrs, view);
  return view;
}

function slotOf(attrs: Attrs, name: string) {
  const sym = lookupSymbol(fromText(name));
  return sym === undefined ? undefined : attrs.get(sym);
}

function read(system: ModuleSystem, attrs: Attrs, name: string): unknown {
  const slot = slotOf(attrs, name);
  return slot === undefined ? undefined : toJs(system, force(slot));
}

function refuse(): never {
  throw new NixError(
    "module",
    "a set of the configuration would be turned into a string or number by JavaScript; read the attribute that is meant, " +
      "or put the package into a text`...` template for its store path",
  );
}
