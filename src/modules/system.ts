/** The module system of one evaluation: what all its `evalModules` share. */
import { NixError } from "../lang/eval/errors.ts";
import type { Evaluator } from "../lang/eval/evaluator.ts";
import {
  Attrs,
  force,
  Lambda,
  type NixString,
  type Slot,
  stringValue,
  Thunk,
  ThunkCode,
  type Value,
} from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import { symbolName } from "../lang/syntax/symbols.ts";
import { characters, isString } from "./check.ts";
import { loadLib } from "./lib/load.ts";
import type { ModuleSource } from "./module.ts";
import { names } from "./names.ts";
import { typeTag } from "./properties.ts";
import { showOption } from "./show.ts";
import type { Trial } from "./trial.ts";
import type { Location, OptionType } from "./type.ts";
import { ForeignType, TypeValue } from "./type-value.ts";

/** Paths are byte strings. */
export interface ScriptLoader {
  /** The module that a file has. */
  load(path: string): ModuleSource;
  /** The file that a name such as `package/module` means in a file. */
  resolve(name: string, file: string): string;
}

const systems = new WeakMap<Evaluator, ModuleSystem>();

export class ModuleSystem {
  readonly evaluator: Evaluator;
  /** The values that are being computed, outermost first. */
  readonly evaluating: Tracked[] = [];
  /** Files of the TypeScript modules whose `config` function runs. */
  readonly running: string[] = [];
  /** Loads the modules of files that are not Nix (`imports = [ ./x.ts ]`); set by who can. */
  scripts: ScriptLoader | undefined;
  /** Where an option that does not exist at a place does exist, e.g. in another evaluation; set by who knows. */
  elsewhere: ((loc: Location) => Location | undefined) | undefined;
  /** Watches an evaluation or changes it, for those who ask what a value depends on; see trial.ts. */
  trial: Trial | undefined;
  private readonly typeValues = new WeakMap<OptionType, TypeValue>();
  private readonly foreignTypes = new WeakMap<Attrs, OptionType>();
  private loadedLib: Attrs | undefined;

  private constructor(evaluator: Evaluator) {
    this.evaluator = evaluator;
  }

  /** The one of this evaluator. */
  static of(evaluator: Evaluator): ModuleSystem {
    let system = systems.get(evaluator);
    if (system === undefined) {
      system = new ModuleSystem(evaluator);
      systems.set(evaluator, system);
    }
    return system;
  }

  /** The `lib` that modules get; also the value of `import <nixus/lib>`. */
  get lib(): Attrs {
    const lib = this.loadedLib ?? loadLib(this);
    this.loadedLib = lib;
    return lib;
  }

  /** Calls a function of `lib`. */
  libCall(name: string, ...args: Slot[]): Value {
    return this.evaluator.call(this.lib.getByName(name)!, ...args);
  }

  /** The set that the language sees of a type. */
  typeValue(type: OptionType): Attrs {
    if (type instanceof ForeignType) return type.attrs;
    let value = this.typeValues.get(type);
    if (value === undefined) {
      value = new TypeValue(this, type);
      this.typeValues.set(type, value);
    }
    return value;
  }

  /** The type that a value is; undefined when it is none. Sets that other libraries made are types as well. */
  asType(value: Value): OptionType | undefined {
    if (value instanceof TypeValue) return value.type;
    if (typeTag(value) !== "option-type") return undefined;
    const attrs = value as Attrs;
    let type = this.foreignTypes.get(attrs);
    if (type === undefined) {
      type = new ForeignType(this, attrs);
      this.foreignTypes.set(attrs, type);
    }
    return type;
  }

  /** As `toString` of the language. */
  toStringValue(slot: Slot): { readonly text: string; readonly value: string | NixString } {
    const value = force(slot);
    if (isString(value)) return { text: characters(value), value };
    const context = new Set<string>();
    const text = this.evaluator.coerceToString(slot, noPos, "a value of a module", context, {
      coerceMore: true,
      copyToStore: false,
    });
    return { text, value: stringValue(text, context) };
  }

  /** The named arguments of a function, as `lib.functionArgs`; undefined: it takes anything. */
  formals(fn: Value): readonly { readonly name: string; readonly hasDefault: boolean }[] | undefined {
    if (fn instanceof Lambda) {
      return fn.code.formals?.map(({ name, hasDefault }) => ({ name: symbolName(name), hasDefault }));
    }
    if (!(fn instanceof Attrs)) return undefined;
    const declared = fn.get(names.functionArgs);
    if (declared !== undefined) {
      const args = this.evaluator.forceAttrs(declared, noPos, "`__functionArgs'");
      return [...args.entries()].map(([name, hasDefault]) => ({
        name,
        hasDefault: force(hasDefault) === true,
      }));
    }
    const functor = fn.get(names.functor);
    return functor === undefined ? undefined : this.formals(this.evaluator.call(functor, fn));
  }

  /**
   * A thunk of something that has a place in the configuration. While it is computed it stands in
   * {@link evaluating}; errors that pass through it say so; and when it needs itself, the error names the
   * options on the way round.
   */
  tracked(loc: () => Location, compute: (loc: Location) => Value): Thunk {
    const thunk = trackedThunk();
    const tracked: Tracked = { system: this, thunk, loc, compute };
    thunk.content = tracked;
    return thunk;
  }
}

/** A value with a place in the configuration that can be computed. */
export interface Tracked {
  readonly system: ModuleSystem;
  readonly thunk: Thunk;
  loc(): Location;
  compute(loc: Location): Value;
}

/** A thunk for {@link Tracked}; its maker then sets `content` to the tracked value. */
export function trackedThunk(): Thunk {
  return new Thunk(runTracked, undefined);
}

const runTracked = new ThunkCode((content) => {
  const tracked = content as unknown as Tracked;
  const { thunk, system } = tracked;
  // Takes the place of the evaluator's own marker, which knows nothing of options.
  thunk.code = reentered;
  thunk.content = tracked;
  const loc = tracked.loc();
  system.trial?.read(loc);
  system.evaluating.push(tracked);
  try {
    return tracked.compute(loc);
  } catch (error) {
    if (error instanceof NixError && error.trace.length < 200) {
      error.addTrace(noPos, `while evaluating the option \`${showOption(loc)}':`);
    }
    throw error;
  } finally {
    system.evaluating.pop();
  }
});

const reentered = new ThunkCode((content) => {
  const tracked = content as unknown as Tracked;
  const { evaluating } = tracked.system;
  const chain = evaluating.slice(evaluating.indexOf(tracked)).map((one) => `\`${showOption(one.loc())}'`);
  const steps = chain.map((option, index) => `\n  ${option} needs ${chain[index + 1] ?? chain[0]}`);
  throw new NixError(
    "infiniteRecursion",
    `infinite recursion encountered: the value of the option ${chain[0]} is needed to compute it:${steps.join("")}`,
  );
});
