/**
 * Sets of the Nix language as TypeScript code reads them: an object whose properties are computed and converted
 * when they are read. A name that the set does not have is `undefined`. Views cannot be changed; as a definition a
 * view is the set itself.
 */
import { NixError } from "../lang/eval/errors.ts";
import { type Attrs, force, type Value } from "../lang/eval/value.ts";
import { lookupSymbol } from "../lang/syntax/symbols.ts";
import { fromText, toText } from "../store/bytes.ts";
import { attached } from "./attached.ts";
import { toJs } from "./convert.ts";
import { currentScriptPosition } from "./script-position.ts";
import type { ModuleSystem } from "./system.ts";

export type View = Readonly<Record<string, unknown>>;

const viewed = attached<object, () => Value>();
const views = attached<Attrs, View>();

/** The value that a view or a function that was read stands for; undefined for anything else. */
export function viewedValue(value: object): Value | undefined {
  return viewed.get(value)?.();
}

/** Makes a JavaScript function stand for a function of the language. */
export function standFor<Fn extends (...args: unknown[]) => unknown>(fn: Fn, value: Value): Fn {
  viewed.set(fn, () => value);
  return fn;
}

/** The same view for the same set. */
export function viewOf(system: ModuleSystem, attrs: Attrs): View {
  let view = views.get(attrs);
  if (view === undefined) {
    view = lazyView(system, () => attrs);
    views.set(attrs, view);
  }
  return view;
}

/** A view of a set that is computed when something of it is read. */
export function lazyView(system: ModuleSystem, attrs: () => Attrs): View {
  const view: View = new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_, name) => {
      if (typeof name === "string") return read(system, attrs(), name);
      return name === Symbol.toPrimitive ? refuse : undefined;
    },
    has: (_, name) => typeof name === "string" && slotOf(attrs(), name) !== undefined,
    ownKeys: () => attrs().names().map(toText),
    getOwnPropertyDescriptor: (_, name) =>
      typeof name === "string" && slotOf(attrs(), name) !== undefined
        ? { configurable: true, enumerable: true, get: () => read(system, attrs(), name) }
        : undefined,
    set: (_, name) => {
      throw new NixError(
        "module",
        `a configuration is read only: '${fromText(String(name))}' cannot be assigned; return a definition instead`,
        { pos: currentScriptPosition() },
      );
    },
    deleteProperty: (_, name) => {
      throw new NixError(
        "module",
        `a configuration is read only: '${fromText(String(name))}' cannot be deleted`,
        { pos: currentScriptPosition() },
      );
    },
  });
  viewed.set(view, attrs);
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
    { pos: currentScriptPosition() },
  );
}
