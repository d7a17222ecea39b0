/**
 * What a `flake.nix` says of itself before it is evaluated: its inputs. They must be plain data, so that a flake can be
 * looked at without running it; that is checked in the syntax tree.
 */
import { fromBytes } from "../../store/bytes.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { parentPath, resolvePath } from "../eval/paths.ts";
import { describeType } from "../eval/print.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { force, Lambda, NixPath, NixString, type Slot } from "../eval/value.ts";
import type { InputValue } from "../fetch/attributes.ts";
import { withAttrs } from "../fetch/attributes.ts";
import { type FetchedInput, fetchInput } from "../fetch/fetch-input.ts";
import { type FlakeRef, flakeRefFromAttrs, parseFlakeRef, printFlakeRef } from "../fetch/flake-ref.ts";
import type { AttrsExpr, Expr } from "../syntax/ast.ts";
import { parse } from "../syntax/parser.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import { intern, symbolName } from "../syntax/symbols.ts";
import type { InputPath } from "./flakes-lock-file.ts";

export interface FlakeInput {
  readonly ref: FlakeRef | undefined;
  /** False: a tree without a `flake.nix`. */
  readonly isFlake: boolean;
  /** From the root of the lock file: it is the same as that input. */
  readonly follows: InputPath | undefined;
  /** What is said of the inputs of the input. */
  readonly overrides: ReadonlyMap<string, FlakeInput>;
}

export interface Flake {
  readonly ref: FlakeRef;
  /** The tree, with what is known of it; its own attributes only, for a flake in the tree of another. */
  readonly source: FetchedInput;
  /** Directory of the `flake.nix`, absolute. */
  readonly directory: string;
  readonly inputs: ReadonlyMap<string, FlakeInput>;
}

/** Reads flakes. One that is asked for several times is fetched once. */
export class FlakeReader {
  private readonly evaluator: Evaluator;
  private readonly fetched = new Map<string, FetchedInput>();

  constructor(evaluator: Evaluator) {
    this.evaluator = evaluator;
  }

  /** Fetches a tree; `final` as {@link fetchInput} has it. */
  fetch(ref: FlakeRef, final = false): FetchedInput {
    const key = JSON.stringify([final, ...[...ref.input].map(([name, value]) => [name, String(value)])]);
    let tree = this.fetched.get(key);
    if (tree === undefined) {
      tree = fetchInput(this.evaluator.host, ref.input, { final });
      this.fetched.set(key, tree);
    }
    return tree;
  }

  /** Fetches a flake. `path` is where it is among the inputs of the flake that everything starts from. */
  get(ref: FlakeRef, path: InputPath, final = false): Flake {
    const source = this.fetch(ref, final);
    const flake = this.read(ref, source, resolvePath(source.storePath, ref.subdirectory || "."), path);
    const wanted = flake.self;
    if (wanted.size === 0) return flake;
    // `inputs.self.submodules = true` is known only once the flake was read without.
    const changes = { ...Object.fromEntries(wanted), narHash: undefined };
    const again = this.fetch({ ...ref, input: withAttrs(ref.input, changes) });
    return this.read(ref, again, resolvePath(again.storePath, ref.subdirectory || "."), path);
  }

  /** A flake in a tree that is there. */
  read(
    ref: FlakeRef,
    source: FetchedInput,
    directory: string,
    path: InputPath,
  ): Flake & { readonly self: ReadonlyMap<string, InputValue> } {
    const { host } = this.evaluator;
    const file = `${directory}/flake.nix`;
    if (host.fileType(file) === undefined) throw new NixError("io", `path '${file}' does not exist`);
    const expr = parse(fromBytes(host.readFile(file)), { kind: "file", path: file }, { basePath: directory });
    if (expr.kind !== "attrs") throw new NixError("type", `file '${file}' must be an attribute set`);
    checkPlain(expr);
    const attrs = this.evaluator.forceAttrs(this.evaluator.importFile(file), noPos, "a flake");
    const shown = () => asNixErrors("eval", () => printFlakeRef(ref));
    for (const name of attrs.names()) {
      if (!["description", "inputs", "outputs", "nixConfig"].includes(name)) {
        const pos = attrs.positionOf(intern(name));
        throw new NixError("eval", `flake '${shown()}' has an unsupported attribute '${name}'`, { pos });
      }
    }
    const description = attrs.getByName("description");
    if (description !== undefined) this.string(description, "the description of a flake");
    const outputs = attrs.getByName("outputs");
    if (outputs === undefined) throw new NixError("eval", `flake '${shown()}' lacks attribute 'outputs'`);
    const { inputs, self } = this.inputsOf(attrs.getByName("inputs"), path, directory, true);
    addFormals(this.evaluator.forceFunction(outputs, noPos, "the outputs of a flake"), inputs);
    return { ref, source, directory, inputs, self };
  }

  private inputsOf(slot: Slot | undefined, path: InputPath, directory: string, allowSelf: boolean) {
    const inputs = new Map<string, FlakeInput>();
    const self = new Map<string, InputValue>();
    if (slot === undefined) return { inputs, self };
    for (const [name, each] of this.evaluator.forceAttrs(slot, noPos, "the inputs of a flake").entries()) {
      if (name !== "self") inputs.set(name, this.input(name, each, path, directory));
      else if (!allowSelf) throw new NixError("eval", "'self' input attribute not allowed here");
      else {
        for (const [key, value] of this.evaluator.forceAttrs(each, noPos, "the input 'self'").entries()) {
          if (key !== "submodules")
            throw new NixError("eval", `flake 'self' attribute '${key}' is not supported`);
          self.set(key, this.inputValue(key, value));
        }
      }
    }
    return { inputs, self };
  }

  private input(name: string, slot: Slot, path: InputPath, directory: string): FlakeInput {
    const set = this.evaluator.forceAttrs(slot, noPos, `the flake input '${name}'`);
    const attrs = new Map<string, InputValue>();
    let isFlake = true;
    let follows: InputPath | undefined;
    let overrides: ReadonlyMap<string, FlakeInput> = new Map();
    for (const [key, each] of set.entries()) {
      const what = `the attribute '${key}' of the flake input '${name}'`;
      switch (key) {
        case "url":
          attrs.set("url", this.url(each, what, directory));
          break;
        case "flake":
          isFlake = this.evaluator.forceBool(each, noPos, what);
          break;
        case "inputs":
          overrides = this.inputsOf(each, path, directory, false).inputs;
          break;
        case "follows":
          follows = [...path, ...parseInputPath(this.string(each, what))];
          break;
        default:
          attrs.set(key, this.inputValue(key, each));
      }
    }
    const ref = this.inputRef(attrs, isFlake);
    if (ref !== undefined && follows !== undefined) {
      throw new NixError("eval", `flake input '${name}' has both a flake reference and a follows attribute`);
    }
    return { ref, isFlake, follows, overrides };
  }

  private inputRef(attrs: ReadonlyMap<string, InputValue>, isFlake: boolean): FlakeRef | undefined {
    if (attrs.has("type")) return asNixErrors("eval", () => flakeRefFromAttrs(attrs));
    for (const name of attrs.keys()) {
      if (name !== "url") throw new NixError("eval", `unexpected flake input attribute '${name}'`);
    }
    const url = attrs.get("url");
    if (typeof url !== "string") return undefined;
    return asNixErrors("eval", () => parseFlakeRef(url, { isFlake, allowRelative: true }));
  }

  private url(slot: Slot, what: string, directory: string): string {
    const value = force(slot);
    if (!(value instanceof NixPath)) return this.string(value, what);
    return `path:${relativeTo(directory, value.path)}`;
  }

  private string(slot: Slot, what: string): string {
    return this.evaluator.forceString(slot, noPos, what, undefined);
  }

  private inputValue(name: string, slot: Slot): InputValue {
    const value = force(slot);
    if (value instanceof NixString) return value.text;
    if (typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "bigint" && value >= 0n) return value;
    if (typeof value === "bigint") {
      throw new NixError("eval", `negative value given for flake input attribute ${name}: ${value}`);
    }
    throw new NixError(
      "type",
      `flake input attribute '${name}' is ${describeType(value)} while a string, Boolean, or integer is expected`,
    );
  }
}

/** Arguments of `outputs` that are not among the inputs are inputs of that name, from a registry. */
function addFormals(outputs: unknown, inputs: Map<string, FlakeInput>): void {
  if (!(outputs instanceof Lambda)) return;
  for (const formal of outputs.code.formals ?? []) {
    const name = symbolName(formal.name);
    if (name === "self" || inputs.has(name)) continue;
    const ref = asNixErrors("eval", () => parseFlakeRef(name));
    inputs.set(name, { ref, isFlake: true, follows: undefined, overrides: new Map() });
  }
}

/** `a/b`: the input `b` of the input `a`. */
function parseInputPath(text: string): InputPath {
  const names = text.split("/").filter((name) => name !== "");
  for (const name of names) {
    if (!/^[a-zA-Z][a-zA-Z0-9_-]*$/.test(name)) {
      throw new NixError("eval", `invalid flake input attribute path element '${name}'`);
    }
  }
  return names;
}

function relativeTo(directory: string, path: string): string {
  if (path === directory) return ".";
  let up = "";
  for (let base = directory; base !== "/"; base = parentPath(base), up += "../") {
    if (path.startsWith(`${base}/`))
      return up === "" ? `./${path.slice(base.length + 1)}` : up + path.slice(base.length + 1);
  }
  return path;
}

/** Fails unless `inputs`, `description` and `outputs` can be told without evaluating anything. */
function checkPlain(flake: AttrsExpr): void {
  for (const binding of flake.bindings) {
    const name = symbolName(binding.name);
    if (binding.kind !== "plain") throw notPlain("a value", binding.pos);
    const { value } = binding;
    if (name === "inputs") checkData(value);
    else if (name === "description" && value.kind !== "string") throw notPlain("a string", value.pos);
    else if (name === "outputs" && !isPlain(value)) throw notPlain("a function", value.pos);
  }
  const [dynamic] = flake.dynamic;
  if (dynamic !== undefined) throw notPlain("a value", dynamic.pos);
}

/** Whether Nix has the value, at least its outermost part, without computing anything. */
function isPlain(expr: Expr): boolean {
  return ["attrs", "int", "float", "string", "path", "list", "lambda", "var"].includes(expr.kind);
}

function checkData(expr: Expr): void {
  switch (expr.kind) {
    case "attrs":
      for (const binding of expr.bindings) {
        if (binding.kind !== "plain") throw notPlain("a value", binding.pos);
        checkData(binding.value);
      }
      if (expr.dynamic.length > 0) throw notPlain("a set", expr.pos);
      return;
    case "var":
      if (["true", "false", "null"].includes(symbolName(expr.name))) return;
      throw notPlain("a value", expr.pos);
    default:
      if (!isPlain(expr)) throw notPlain("a value", expr.pos);
  }
}

function notPlain(expected: string, pos: Pos): NixError {
  return new NixError(
    "type",
    `expected ${expected} but got a thunk: what a flake says of itself is not computed`,
    {
      pos,
    },
  );
}
