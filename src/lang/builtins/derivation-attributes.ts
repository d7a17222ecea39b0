/** The attributes of a derivation: what each means, and what of it the builder gets to see. */
import { type HashAlgorithm, hashAlgorithmNamed } from "../../store/hash.ts";
import type { ContentAddressMethod } from "../../store/store-path.ts";
import { isList } from "../eval/checks.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { Attrs, force, type Slot, type Value } from "../eval/value.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import { symbolName } from "../syntax/symbols.ts";
import { JsonParseError, parseJson } from "./json-parse.ts";
import { printJson } from "./json-print.ts";

/** What the attributes say; all texts are byte strings. */
export interface Collected {
  readonly context: ReadonlySet<string>;
  readonly env: Map<string, string>;
  readonly args: readonly string[];
  /** Empty: missing. */
  readonly builder: string;
  readonly system: string;
  readonly outputs: readonly string[];
  readonly outputHash: string | undefined;
  readonly algorithm: HashAlgorithm | undefined;
  readonly method: ContentAddressMethod | undefined;
  readonly contentAddressed: boolean;
  readonly impure: boolean;
}

/** Evaluates all attributes in the order of their names. */
export function collectAttributes(evaluator: Evaluator, name: string, attrs: Attrs): Collected {
  const flag = (key: string): boolean => {
    const slot = attrs.getByName(key);
    const what = `the \`${key}\` attribute passed to builtins.derivationStrict`;
    return slot !== undefined && evaluator.forceBool(slot, noPos, what);
  };
  const isStructured = flag("__structuredAttrs");
  const ignoresNulls = flag("__ignoreNulls");
  const collector = new Collector(evaluator, name, isStructured);
  const { shape, values, positions } = attrs;
  for (const index of shape.byName) {
    const key = symbolName(shape.symbols[index]!);
    if (key === "__ignoreNulls") continue;
    const slot = values[index]!;
    const pos = positions?.[index] ?? noPos;
    try {
      if (!ignoresNulls || force(slot) !== null) collector.add(key, slot, pos);
    } catch (error) {
      if (error instanceof NixError) {
        error.addTrace(pos, `while evaluating attribute '${key}' of derivation '${name}'`);
      }
      throw error;
    }
  }
  return collector.finish();
}

/** What has no effect any more once attributes are structured: `outputChecks` replaces them. */
const ignoredWhenStructured: ReadonlySet<string> = new Set([
  "allowedReferences",
  "allowedRequisites",
  "disallowedReferences",
  "disallowedRequisites",
  "maxSize",
  "maxClosureSize",
]);

class Collector {
  private readonly evaluator: Evaluator;
  private readonly name: string;
  private readonly isStructured: boolean;
  private readonly context = new Set<string>();
  private readonly env = new Map<string, string>();
  /** Members of the JSON object that holds structured attributes. */
  private readonly json: string[] = [];
  private args: string[] = [];
  private builder = "";
  private system = "";
  private outputs: readonly string[] = ["out"];
  private outputHash: string | undefined;
  private algorithm: HashAlgorithm | undefined;
  private method: ContentAddressMethod | undefined;
  private contentAddressed = false;
  private impure = false;

  constructor(evaluator: Evaluator, name: string, isStructured: boolean) {
    this.evaluator = evaluator;
    this.name = name;
    this.isStructured = isStructured;
  }

  add(key: string, slot: Slot, pos: Pos): void {
    const what = `the attribute '${key}'`;
    switch (key) {
      case "__contentAddressed":
        this.contentAddressed = this.evaluator.forceBool(slot, pos, what);
        break;
      case "__impure":
        this.impure = this.evaluator.forceBool(slot, pos, what);
        break;
      case "args":
        this.args = this.evaluator
          .forceList(slot, pos, what)
          .map((element) => this.text(element, pos, "an element of the argument list"));
        break;
      default:
        if (this.isStructured) this.addStructured(key, slot, pos, what);
        else this.addVariable(key, slot, pos, what);
    }
  }

  finish(): Collected {
    if (this.isStructured) this.env.set("__json", `{${this.json.join(",")}}`);
    const { context, env, args, builder, system, outputs } = this;
    const { outputHash, algorithm, method, contentAddressed, impure } = this;
    return {
      context,
      env,
      args,
      builder,
      system,
      outputs,
      outputHash,
      algorithm,
      method,
      contentAddressed,
      impure,
    };
  }

  private addVariable(key: string, slot: Slot, pos: Pos, what: string): void {
    const text = this.text(slot, pos, what);
    this.env.set(key, text);
    switch (key) {
      case "builder":
        this.builder = text;
        break;
      case "outputs":
        this.setOutputs(text.split(/[ \t\n\r]+/).filter((name) => name !== ""));
        break;
      case "__json":
        this.warn(
          `In derivation '${this.name}': setting structured attributes via '__json' is deprecated, and may be ` +
            "disallowed in future versions of Nix. Set '__structuredAttrs = true' instead.",
        );
        this.env.set(key, normalJson(this.evaluator, text));
        break;
      default:
        this.setScalar(key, text);
    }
  }

  private addStructured(key: string, slot: Slot, pos: Pos, what: string): void {
    if (key === "__structuredAttrs") return;
    this.json.push(`${this.toJson(key)}:${this.toJson(slot)}`);
    const plain = (each: Slot) => this.evaluator.forceString(each, pos, what, undefined);
    switch (key) {
      case "builder":
        this.builder = this.evaluator.forceString(slot, pos, what, this.context);
        break;
      case "outputs":
        this.setOutputs(this.evaluator.forceList(slot, pos, what).map(plain));
        break;
      case "system":
      case "outputHash":
      case "outputHashAlgo":
      case "outputHashMode":
        this.setScalar(key, plain(slot));
        break;
      default:
        if (!ignoredWhenStructured.has(key)) break;
        this.warn(
          `In a derivation named '${this.name}', 'structuredAttrs' disables the effect of the derivation attribute '${key}'; ` +
            `use 'outputChecks.<output>.${key}' instead`,
        );
    }
  }

  private setScalar(key: string, text: string): void {
    switch (key) {
      case "system":
        this.system = text;
        break;
      case "outputHash":
        this.outputHash = text;
        break;
      case "outputHashAlgo":
        this.algorithm = hashAlgorithmNamed(text);
        break;
      case "outputHashMode":
        this.method = parseMethod(text);
        break;
    }
  }

  private setOutputs(names: readonly string[]): void {
    const duplicate = names.find((name, index) => names.indexOf(name) < index);
    if (duplicate !== undefined) throw new NixError("eval", `duplicate derivation output '${duplicate}'`);
    // The result has an attribute for each output beside `drvPath`.
    if (names.includes("drvPath")) throw new NixError("eval", "invalid derivation output name 'drvPath'");
    if (names.length === 0) throw new NixError("eval", "derivation cannot have an empty set of outputs");
    this.outputs = names;
  }

  private text(slot: Slot, pos: Pos, what: string): string {
    const options = { coerceMore: true, copyToStore: true };
    return this.evaluator.coerceToString(slot, pos, what, this.context, options);
  }

  private toJson(slot: Slot): string {
    const toJson = this.evaluator.builtins.getByName("toJSON");
    if (toJson === undefined) throw new NixError("eval", "structured attributes need builtins.toJSON");
    const json = this.evaluator.call(toJson, slot);
    return this.evaluator.forceString(json, noPos, "the result of builtins.toJSON", this.context);
  }

  private warn(message: string): void {
    this.evaluator.host.message("warning", message);
  }
}

/** An object's JSON text in the one way in which Nix writes it. */
function normalJson(evaluator: Evaluator, text: string): string {
  try {
    const value = parseJson(text);
    if (value instanceof Attrs) {
      return printJson(evaluator, value, { context: new Set(), copyToStore: false, setsAreObjects: true });
    }
    throw new JsonParseError(
      `[json.exception.type_error.302] type must be object, but is ${jsonType(value)}`,
    );
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw new NixError("eval", `cannot process __json attribute: ${error.message}`, { cause: error });
  }
}

function jsonType(value: Value): string {
  if (value === null) return "null";
  if (isList(value)) return "array";
  return typeof value === "bigint" ? "number" : typeof value;
}

function parseMethod(mode: string): ContentAddressMethod {
  switch (mode) {
    case "recursive":
    case "nar":
      return "nar";
    case "flat":
      return "flat";
    case "text":
      return "text";
    default:
      throw new NixError("eval", `invalid value '${mode}' for 'outputHashMode' attribute`);
  }
}
