/** `evalModules`: the fixed point of a set of modules. Semantics: NixOS manual, "Writing NixOS Modules". */
import { NixError } from "../lang/eval/errors.ts";
import type { Evaluator } from "../lang/eval/evaluator.ts";
import {
  Attrs,
  AttrsBuilder,
  force,
  lazy,
  PrimOp,
  type Slot,
  type Thunk,
  type Value,
} from "../lang/eval/value.ts";
import { noPos } from "../lang/syntax/positions.ts";
import { intern } from "../lang/syntax/symbols.ts";
import { fromText, toText } from "../store/bytes.ts";
import { collect, type GraphNode, graphOf, loadAll, type ModuleNode } from "./collect.ts";
import { toJs } from "./convert.ts";
import type { DeclarationGroup } from "./declaration.ts";
import { declarationsOf } from "./declarations.ts";
import type { ModuleArgs } from "./define.ts";
import { unknownOptions } from "./errors.ts";
import { explain } from "./explain.ts";
import { attrAt, type Cell, GroupInstance, structureNeedsValue } from "./instance.ts";
import { internalFile, internalOptions } from "./internal.ts";
import { type LoadedModule, type ModuleScope, simple } from "./load.ts";
import type { ModuleSource } from "./module.ts";
import { names, shaped, unknownFile, withoutAttr } from "./names.ts";
import { withGuards } from "./properties.ts";
import { sourcesOf } from "./sources.ts";
import { ModuleSystem } from "./system.ts";
import type { Definition, ExplainedDefinition, Location } from "./type.ts";
import { locationOf } from "./type-value.ts";
import { submoduleWith } from "./types/submodule.ts";
import { lazyView } from "./view.ts";

export interface ModuleRequest {
  readonly modules: readonly ModuleSource[];
  /** Arguments that every module can ask for, also to decide on its `imports`. Names are byte strings. */
  readonly specialArgs?: Readonly<Record<string, Slot>>;
  /** Where the options stand in a larger configuration; for messages. */
  readonly prefix?: Location;
  /** Modules with another `_class` are refused. */
  readonly class?: string | undefined;
}

export interface Evaluation {
  /**
   * Final values, each computed when it is forced. Getting the set itself finds out which modules and options there
   * are, and checks that every definition belongs to a declared option (unless `_module.check` is false or a
   * freeform type takes the others).
   */
  readonly config: Attrs;
  /** The declared options with what is known of each: `value`, `isDefined`, `definitions`, `files`, ... */
  readonly options: Attrs;
  /** The same, without checking that every definition belongs to one; for messages about those that do not. */
  readonly declaredOptions: Attrs;
  /** The same modules and more, evaluated anew. */
  extendModules(more: Partial<ModuleRequest>): Evaluation;
  /**
   * What defines the option, or the part of an option's value, at the path (byte strings): in the order in which it
   * is merged, discarded ones after them. Empty when nothing defines it or there is no such option.
   */
  definitionsOf(path: Location): readonly ExplainedDefinition[];
  /** The modules that were asked for, each with those that it imports. */
  graph(): readonly GraphNode[];
  /** As `lib.evalModules` returns it. */
  readonly value: Attrs;
}

/** Evaluates modules. Nothing is computed yet when it returns. */
export function evalModules(evaluator: Evaluator, request: ModuleRequest): Evaluation {
  return new Instance(ModuleSystem.of(evaluator), request);
}

/** What the fixed modules of a submodule amount to, prepared once for all its instances. */
export interface Prepared {
  readonly nodes: readonly ModuleNode[];
  /** The modules at the top and those that they import. */
  readonly top: readonly LoadedModule[];
  readonly imported: readonly LoadedModule[];
  readonly declarations: DeclarationGroup;
}

/** What an instance of a submodule adds to the modules of its type. */
export interface SubmoduleInput {
  readonly name: string;
  readonly defs: readonly Definition[];
  /** Whether a definition can bring modules and options or is definitions only. */
  isPlain(def: Definition): boolean;
  readonly prepared: Prepared | undefined;
}

const located = shaped("_file", "imports");
const moduleSet = shaped("_module");
const moduleConfig = shaped("args", "specialArgs");
const moduleConfigNamed = shaped("name", "extendModules", "moduleType");
const moduleConfigUnnamed = shaped("extendModules", "moduleType");
const resultSet = shaped("_type", "options", "config", "_module", "extendModules", "type", "class", "graph");
const graphSet = shaped("key", "file", "imports", "disabled");

const argsSym = intern("args");
const checkSym = intern("check");
const specialArgsSym = intern("specialArgs");

/** An evaluation of modules, with what its modules need of it. */
export class Instance implements Evaluation, ModuleScope {
  readonly system: ModuleSystem;
  readonly prefix: Location;
  private readonly request: ModuleRequest;
  private readonly submodule: SubmoduleInput | undefined;
  /** What modules read as `config`: unchecked, with `_module`. */
  private readonly innerConfig: Thunk;
  private readonly innerOptions: Thunk;
  private readonly checkedConfig: Thunk;
  private readonly checkedOptions: Thunk;
  private rootOnce: GroupInstance | "computing" | undefined;
  private baseArgsOnce: Attrs | undefined;
  private nativeArgsOnce: ModuleArgs | undefined;

  constructor(system: ModuleSystem, request: ModuleRequest, submodule?: SubmoduleInput) {
    this.system = system;
    this.request = request;
    this.submodule = submodule;
    this.prefix = request.prefix ?? [];
    this.innerConfig = lazy(() => this.computeConfig());
    this.innerOptions = lazy(() => this.root.options);
    this.checkedConfig = lazy(() => {
      this.checkUnknown();
      const config = force(this.innerConfig) as Attrs;
      const { visible, shape } = this.root.group;
      if (config.shape !== shape) return withoutAttr(config, names.module);
      return new Attrs(
        visible.shape,
        visible.indices.map((index) => config.values[index]!),
      );
    });
    this.checkedOptions = lazy(() => {
      this.checkUnknown();
      return this.root.options;
    });
  }

  get config(): Attrs {
    return force(this.checkedConfig) as Attrs;
  }

  get options(): Attrs {
    return force(this.checkedOptions) as Attrs;
  }

  get declaredOptions(): Attrs {
    return this.root.options;
  }

  /** All options. Needs every module, and their declarations as far as names go. */
  get root(): GroupInstance {
    if (this.rootOnce === "computing") {
      if (this.system.running.length > 0) throw structureNeedsValue(this.system, this.prefix);
      throw new NixError(
        "infiniteRecursion",
        "infinite recursion encountered: `config' is needed while it is still being found out which modules take part.\n" +
          "If you get an infinite recursion here, you probably reference `config' in `imports'. " +
          "`imports' and the names in `options' cannot depend on `config' (or on `_module.args'): import unconditionally and use `lib.mkIf' in the module, or pass a `specialArgs'.",
      );
    }
    if (this.rootOnce !== undefined) return this.rootOnce;
    this.rootOnce = "computing";
    try {
      const { modules, declarations } = this.modulesAndDeclarations();
      const root = new GroupInstance(this.system, declarations, this.prefix, () =>
        modules.map((module) => ({
          file: module.file,
          pos: noPos,
          slot: module.config(this),
          guards: null,
        })),
      );
      this.rootOnce = root;
      return root;
    } catch (error) {
      this.rootOnce = undefined;
      throw error;
    }
  }

  /** Later modules stand first: that is the order in which NixOS merges. */
  private modulesAndDeclarations(): { modules: LoadedModule[]; declarations: DeclarationGroup } {
    const { system, submodule, request } = this;
    const prepared = submodule?.prepared;
    const internal = this.internalModule();
    if (submodule !== undefined && prepared !== undefined && submodule.defs.every(submodule.isPlain)) {
      const own = submodule.defs.map((def, index) => plainModule(def, index));
      const modules = [...prepared.top, ...own, internal, ...prepared.imported].reverse();
      return { modules, declarations: prepared.declarations };
    }
    const settings = { class: request.class, modulesPath: this.modulesPath() };
    const own = (submodule?.defs ?? []).map((def, index): ModuleSource | ModuleNode =>
      submodule?.isPlain(def)
        ? { module: plainModule(def, index), imports: [] }
        : { kind: "nix", value: located(def.file, [def.value]), file: def.file },
    );
    const fixed = prepared?.nodes ?? loadAll(system, request.modules, settings, this);
    const more = own.flatMap((one, index) =>
      "module" in one ? [one] : loadAll(system, [one], settings, this, `:definition-${index + 1}`),
    );
    const modules = collect(
      system,
      [...fixed, ...more, { module: internal, imports: [] }],
      settings,
    ).reverse();
    return { modules, declarations: declarationsOf(this.system, modules) };
  }

  private modulesPath(): string {
    const slot = this.request.specialArgs?.["modulesPath"];
    return slot === undefined ? "" : this.system.toStringValue(slot).text;
  }

  /** Defines `_module`. */
  private internalModule(): LoadedModule {
    const { specialArgs } = this.request;
    const extend = new PrimOp("extendModules", 1, (more) => this.extendFromValue(more).value);
    const type = lazy(() => this.typeValue());
    const args =
      this.submodule === undefined
        ? moduleConfigUnnamed(extend, type)
        : moduleConfigNamed(this.submodule.name, extend, type);
    const definitions = moduleSet(
      moduleConfig(
        args,
        lazy(() => Attrs.fromEntries(Object.entries(specialArgs ?? {}))),
      ),
    );
    return {
      ...simple(internalFile, internalFile, definitions),
      options: internalOptions(this.system),
    };
  }

  private cellAt(...path: readonly (typeof names.module)[]): Cell {
    let group = this.root;
    for (const sym of path.slice(0, -1)) group = group.cellOf(sym)!.nested!;
    return group.cellOf(path.at(-1)!)!;
  }

  private computeConfig(): Attrs {
    const { root } = this;
    const freeform = force(this.cellAt(names.module, names.freeformType).thunk);
    if (freeform === null) return root.config;
    const type = this.system.asType(freeform)!;
    const unknown = root.unknown();
    if (unknown.length === 0) return root.config;
    const defs = unknown.map(
      ({ path, def }): Definition => ({
        file: def.file,
        pos: def.pos,
        priority: 100,
        order: 1000,
        value: nest(path, withGuards(def)),
      }),
    );
    const merged = type.merge(this.system, this.prefix, defs);
    return merged instanceof Attrs ? root.overlay(merged) : root.config;
  }

  private checkUnknown(): void {
    const { root } = this;
    const unknown = root.unknown();
    if (unknown.length === 0) return;
    if (force(this.cellAt(names.module, checkSym).thunk) !== true) return;
    if (force(this.cellAt(names.module, names.freeformType).thunk) !== null) return;
    const options = root.options;
    throw unknownOptions(this.prefix, unknown, {
      candidates: (path) =>
        attrAt(options, path.slice(0, -1))
          .names()
          .filter((name) => name !== "_module"),
      hasOptions: options.size > 1,
      isSubmodule: this.submodule !== undefined,
      elsewhere: this.system.elsewhere,
    });
  }

  get baseArgs(): Attrs {
    if (this.baseArgsOnce === undefined) {
      const builder = new AttrsBuilder()
        .set(
          names.lib,
          lazy(() => this.system.lib),
        )
        .set(names.options, this.innerOptions)
        .set(names.config, this.innerConfig)
        .set(
          specialArgsSym,
          lazy(() => Attrs.fromEntries(Object.entries(this.request.specialArgs ?? {}))),
        )
        .set(names.class, this.request.class ?? null)
        .set(names.prefix, this.prefix);
      for (const [name, slot] of Object.entries(this.request.specialArgs ?? {}))
        builder.set(intern(name), slot);
      this.baseArgsOnce = builder.build();
    }
    return this.baseArgsOnce;
  }

  get nativeArgs(): ModuleArgs {
    this.nativeArgsOnce ??= new Proxy({} as ModuleArgs, {
      get: (_, property) => (typeof property === "string" ? this.nativeArgument(property) : undefined),
    });
    return this.nativeArgsOnce;
  }

  /** `config` and the like must be there before they can be computed: modules take them apart at once. */
  private nativeArgument(property: string): unknown {
    const name = fromText(property);
    const base = this.baseArgs.getByName(name);
    if (property === "config" || property === "options" || property === "lib") {
      return lazyView(this.system, () => force(base!) as Attrs);
    }
    if (base !== undefined) return toJs(this.system, base);
    if (property === "name" && this.submodule !== undefined) return toText(this.submodule.name);
    const file = this.system.running.at(-1);
    if (file !== undefined && (this.rootOnce === "computing" || this.root.computing)) {
      throw new NixError(
        "infiniteRecursion",
        `infinite recursion encountered: the argument \`${name}' is read while the module ${file} is still saying which options it defines.\n` +
          `Arguments from \`_module.args' cannot be taken apart at once; read them where they are needed: \`(args) => ({ option: () => args.${name} })'.`,
      );
    }
    return toJs(
      this.system,
      lazy(() => this.argument(name, file ?? "a TypeScript module")),
    );
  }

  argument(name: string, key: string): Value {
    try {
      const args = force(this.cellAt(names.module, argsSym).thunk) as Attrs;
      const slot = args.getByName(name);
      if (slot !== undefined) return force(slot);
      throw new NixError(
        "module",
        `The module ${key} takes the argument \`${name}', but no one provides it: define \`_module.args.${name}', or pass it in \`specialArgs'.`,
      );
    } catch (error) {
      if (error instanceof NixError) {
        error.addTrace(noPos, `while evaluating the module argument \`${name}' in "${key}":`);
      }
      throw error;
    }
  }

  extendModules(more: Partial<ModuleRequest>): Evaluation {
    const { request, submodule } = this;
    const modules = [...this.sources, ...(more.modules ?? [])];
    return new Instance(
      this.system,
      {
        ...request,
        modules,
        specialArgs: { ...request.specialArgs, ...more.specialArgs },
        prefix: more.prefix ?? this.prefix,
      },
      submodule && { ...submodule, defs: [], prepared: undefined },
    );
  }

  private extendFromValue(slot: Slot): Evaluation {
    const { evaluator } = this.system;
    const more = evaluator.forceAttrs(slot, noPos, "the argument of extendModules");
    const modules = more.getByName("modules");
    const specialArgs = more.getByName("specialArgs");
    const prefix = more.getByName("prefix");
    return this.extendModules({
      modules:
        modules === undefined ? [] : sourcesOf(evaluator.forceList(modules, noPos, "`modules'"), unknownFile),
      ...(specialArgs && {
        specialArgs: Object.fromEntries(evaluator.forceAttrs(specialArgs, noPos, "`specialArgs'").entries()),
      }),
      ...(prefix && { prefix: locationOf(this.system, prefix) }),
    });
  }

  /** The modules from outside: those of the request, and the definitions of a submodule. */
  private get sources(): ModuleSource[] {
    const own = (this.submodule?.defs ?? []).map(
      (def): ModuleSource => ({ kind: "nix", value: located(def.file, [def.value]), file: def.file }),
    );
    return [...this.request.modules, ...own];
  }

  graph(): readonly GraphNode[] {
    const settings = { class: this.request.class, modulesPath: this.modulesPath() };
    return graphOf(this.system, loadAll(this.system, this.sources, settings, this), settings);
  }

  private typeValue(): Attrs {
    const { specialArgs } = this.request;
    return this.system.typeValue(
      submoduleWith({
        modules: this.sources,
        ...(specialArgs && { specialArgs }),
        class: this.request.class,
      }),
    );
  }

  get value(): Attrs {
    return resultSet(
      "configuration",
      this.checkedOptions,
      this.checkedConfig,
      lazy(() => {
        this.checkUnknown();
        return force(this.cellAt(names.module).thunk);
      }),
      new PrimOp("extendModules", 1, (more) => this.extendFromValue(more).value),
      lazy(() => this.typeValue()),
      this.request.class ?? null,
      lazy(() => this.graph().map(graphValue)),
    );
  }

  /** The freeform type; undefined: there is none. */
  get freeformType() {
    return this.system.asType(force(this.cellAt(names.module, names.freeformType).thunk));
  }

  definitionsOf(path: Location): readonly ExplainedDefinition[] {
    return explain(this.system, this.root, this.freeformType, this.prefix, path);
  }
}

function graphValue({ key, file, imports, disabled }: GraphNode): Attrs {
  return graphSet(key, file, imports.map(graphValue), disabled);
}

function plainModule(def: Definition, index: number): LoadedModule {
  return simple(`:definition-${index + 1}`, def.file, def.value);
}

function nest(path: Location, slot: Slot): Slot {
  return path.reduceRight<Slot>((inner, name) => Attrs.fromEntries([[name, inner]]), slot);
}
