/**
 * One evaluation of a set of modules (the network, a submodule): groups of options with their definitions. Nothing is
 * computed before it is asked for; reading one option looks at the definitions of that option only.
 */

import { NixError } from "../lang/eval/errors.ts";
import { typeOf } from "../lang/eval/type-name.ts";
import {
  Attrs,
  AttrsBuilder,
  emptyAttrs,
  force,
  lazy,
  type Slot,
  type Thunk,
  type Value,
} from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import { lookupSymbol, type Sym, symbolName } from "../lang/syntax/symbols.ts";
import type { DeclarationGroup, Declared } from "./declaration.ts";
import { notASet, type UnknownOption } from "./errors.ts";
import { dischargeOption, optionSet, optionValue } from "./option.ts";
import { type Discharged, pushDown } from "./properties.ts";
import { currentScriptPosition } from "./script-position.ts";
import { showOption } from "./show.ts";
import { type ModuleSystem, type Tracked, trackedThunk } from "./system.ts";
import type { Location, RawDefinition } from "./type.ts";

/** A set of options of an evaluation. */
export class GroupInstance {
  readonly system: ModuleSystem;
  readonly group: DeclarationGroup;
  readonly loc: Location;
  private readonly rawDefinitions: () => readonly RawDefinition[];
  private readonly cells: (Cell | undefined)[] = [];
  private byName: Map<Sym, RawDefinition[]> | "computing" | undefined;
  private configSet: Attrs | undefined;
  private optionSet: Attrs | undefined;

  constructor(
    system: ModuleSystem,
    group: DeclarationGroup,
    loc: Location,
    rawDefinitions: () => readonly RawDefinition[],
  ) {
    this.system = system;
    this.group = group;
    this.loc = loc;
    this.rawDefinitions = rawDefinitions;
  }

  /** Final values, by name. */
  get config(): Attrs {
    this.configSet ??= new Attrs(
      this.group.shape,
      this.group.nodes.map((_, index) => this.cell(index).thunk),
    );
    return this.configSet;
  }

  /** Options, by name. */
  get options(): Attrs {
    this.optionSet ??= new Attrs(
      this.group.shape,
      this.group.nodes.map((_, index) => lazy(() => this.cell(index).option)),
    );
    return this.optionSet;
  }

  cell(index: number): Cell {
    let cell = this.cells[index];
    if (cell === undefined) {
      cell = new Cell(this, index);
      this.cells[index] = cell;
    }
    return cell;
  }

  cellOf(sym: Sym): Cell | undefined {
    const index = this.group.shape.indexOf(sym);
    return index < 0 ? undefined : this.cell(index);
  }

  /** Whether it is just being found out which names the modules define. */
  get computing(): boolean {
    return this.byName === "computing";
  }

  /** The definitions of each name, also of those that are no options. */
  definitions(): ReadonlyMap<Sym, readonly RawDefinition[]> {
    if (this.byName === "computing") throw structureNeedsValue(this.system, this.loc);
    if (this.byName !== undefined) return this.byName;
    this.byName = "computing";
    try {
      const found = new Map<Sym, RawDefinition[]>();
      for (const raw of this.rawDefinitions()) {
        pushDown(raw, (value, def) => addAttributes(this.system, found, value, def, this.loc));
      }
      this.byName = found;
      return found;
    } catch (error) {
      this.byName = undefined;
      throw error;
    }
  }

  /** Definitions of names that no module declares, here and below. */
  unknown(path: Location = [], found: UnknownOption[] = []): UnknownOption[] {
    for (const [sym, defs] of this.definitions()) {
      const cell = this.cellOf(sym);
      if (cell === undefined) {
        for (const def of defs) found.push({ path: [...path, symbolName(sym)], def });
      } else {
        cell.nested?.unknown([...path, symbolName(sym)], found);
      }
    }
    return found;
  }

  /** The config with a freeform value below it: declared options win, sets of options are merged with it. */
  overlay(freeform: Attrs): Attrs {
    const builder = new AttrsBuilder();
    freeform.shape.symbols.forEach((sym, index) => {
      builder.set(sym, freeform.values[index]!, freeform.positions?.[index]);
    });
    this.group.shape.symbols.forEach((sym, index) => {
      const below = freeform.get(sym);
      const nested = below === undefined ? undefined : this.cell(index).nested;
      builder.set(
        sym,
        nested === undefined
          ? this.cell(index).thunk
          : lazy(() => {
              const set = force(below!);
              return set instanceof Attrs ? nested.overlay(set) : nested.config;
            }),
      );
    });
    return builder.build();
  }
}

function addAttributes(
  system: ModuleSystem,
  found: Map<Sym, RawDefinition[]>,
  value: Value,
  def: RawDefinition,
  loc: Location,
): void {
  if (!(value instanceof Attrs)) throw notASet(loc, def, typeOf(value));
  const { shape, values, positions } = value;
  const { symbols } = shape;
  for (let i = 0; i < symbols.length; i++) {
    const pos = positions?.[i] ?? noPos;
    const raw: RawDefinition = {
      file: def.file,
      pos: pos === noPos ? def.pos : pos,
      slot: values[i]!,
      guards: def.guards,
    };
    if (system.trial?.omits({ loc: [...loc, symbolName(symbols[i]!)], pos: raw.pos })) continue;
    const known = found.get(symbols[i]!);
    if (known === undefined) found.set(symbols[i]!, [raw]);
    else known.push(raw);
  }
}

/** Which options a module defines must not depend on the value of one of them. */
export function structureNeedsValue(system: ModuleSystem, loc: Location): NixError {
  // The module system's own options are read on the way to any other.
  const reading = system.evaluating.findLast((one) => one.loc().at(-2) !== "_module");
  const option = reading === undefined ? "`config'" : `the option \`${showOption(reading.loc())}'`;
  const where = loc.length === 0 ? "" : ` in \`${showOption(loc)}'`;
  const file = system.running.at(-1);
  return new NixError(
    "infiniteRecursion",
    file === undefined
      ? `infinite recursion encountered: ${option} is read while it is still being found out which options${where} the modules define.\n` +
          "A module whose very structure depends on `config' cannot be evaluated: write `lib.mkIf condition { ... }' instead of `if condition then { ... } else { }', " +
          "and move what depends on `config' into the value of an option."
      : `infinite recursion encountered: ${option} is read while the module ${file} is still saying which options it defines.\n` +
          "Wrap what reads `config' so that it is computed later: `() => value', or `mkIf(() => condition, () => definitions)'.",
    { pos: file === undefined ? undefined : currentScriptPosition() },
  );
}

const none: readonly RawDefinition[] = [];

/** One name of a group: an option, or a group in turn. */
export class Cell implements Tracked {
  readonly system: ModuleSystem;
  readonly thunk: Thunk = trackedThunk();
  private readonly parent: GroupInstance;
  private readonly index: number;
  private group: GroupInstance | undefined;
  private dischargedOnce: Discharged | undefined;
  private optionOnce: Attrs | undefined;

  constructor(parent: GroupInstance, index: number) {
    this.system = parent.system;
    this.parent = parent;
    this.index = index;
    this.thunk.content = this;
  }

  private get sym(): Sym {
    return this.parent.group.shape.symbols[this.index]!;
  }

  loc(): Location {
    return [...this.parent.loc, symbolName(this.sym)];
  }

  get declared(): Declared {
    return this.parent.group.nodes[this.index]!.resolve(this.system, this.loc());
  }

  get raw(): readonly RawDefinition[] {
    return this.parent.definitions().get(this.sym) ?? none;
  }

  /** The options inside, when it is a group. */
  get nested(): GroupInstance | undefined {
    const { declared } = this;
    if (declared.kind === "option") return undefined;
    this.group ??= new GroupInstance(this.system, declared.group, this.loc(), () => this.raw);
    return this.group;
  }

  get discharged(): Discharged {
    const { declared } = this;
    if (declared.kind === "group")
      throw new NixError("module", `\`${showOption(this.loc())}' is not an option`);
    this.dischargedOnce ??= dischargeOption(declared.option, this.raw);
    return this.dischargedOnce;
  }

  compute(loc: Location): Value {
    const { declared } = this;
    if (declared.kind === "group") return this.nested!.config;
    return optionValue(this.system, loc, declared.option, this.raw, this.discharged);
  }

  /** What stands in `options`. */
  get option(): Attrs {
    const { declared } = this;
    if (declared.kind === "group") return this.nested!.options;
    this.optionOnce ??= optionSet(
      this.system,
      this.loc(),
      declared.option,
      () => this.discharged,
      this.thunk,
    );
    return this.optionOnce;
  }
}

/** The value at a path of a set, as far as it goes. */
export function attrAt(attrs: Attrs, path: readonly string[]): Attrs {
  let found: Value = attrs;
  for (const name of path) {
    const sym = lookupSymbol(name);
    const slot: Slot | undefined = found instanceof Attrs && sym !== undefined ? found.get(sym) : undefined;
    if (slot === undefined) return emptyAttrs;
    found = force(slot);
  }
  return found instanceof Attrs ? found : emptyAttrs;
}
