/**
 * What a network has computed for its NixOS nodes, as plain modules in the Nix language, so that Nix itself can evaluate
 * the same machines (plain-network.nix). Modules that are files stay these files. All texts are byte strings.
 */

import { secretsOf } from "../../../src/fleet/modules/secrets/evaluate.ts";
import { renderSecretsManifest } from "../../../src/fleet/modules/secrets/manifest.ts";
import type { NodeEvaluation } from "../../../src/fleet/network/network.ts";
import type { NixosEvaluation } from "../../../src/fleet/platforms/nixos/platform.ts";
import { moduleForNixpkgs } from "../../../src/fleet/platforms/nixos/script-modules.ts";
import { Reader } from "../../../src/fleet/reader.ts";
import type { Evaluator } from "../../../src/lang/eval/evaluator.ts";
import {
  Attrs,
  force,
  Lambda,
  NixPath,
  NixString,
  PrimOp,
  PrimOpApp,
  type Slot,
} from "../../../src/lang/eval/value.ts";
import { noPos } from "../../../src/lang/syntax/positions.ts";
import { showFloat, showName, stringLiteral } from "../../../src/lang/syntax/printer.ts";
import { symbolName } from "../../../src/lang/syntax/symbols.ts";
import { moduleValue } from "../../../src/modules/sources.ts";
import { ModuleSystem } from "../../../src/modules/system.ts";
import { fromText } from "../../../src/store/bytes.ts";

/** The node as plain-network.nix takes it; its variables `package` and `withPath` are in scope. */
export function plainNode(evaluator: Evaluator, node: NodeEvaluation, evaluation: NixosEvaluation): string {
  const printer = new ModulePrinter(evaluator, node, evaluation);
  const system = ModuleSystem.of(evaluator);
  const modules = node.modules.map((source) => printer.module(moduleValue(moduleForNixpkgs(system, source))));
  return `{
    system = ${stringLiteral(node.system)};
    nixpkgs = ${evaluator.coerceToPath(node.nixpkgs, noPos, "the nixpkgs of a node", new Set())};
    modules = [\n${modules.map((module) => `(${module})`).join("\n")}\n];
    secrets = ${printer.secrets()};
  }`;
}

class ModulePrinter {
  private readonly evaluator: Evaluator;
  private readonly node: NodeEvaluation;
  private readonly evaluation: NixosEvaluation;

  constructor(evaluator: Evaluator, node: NodeEvaluation, evaluation: NixosEvaluation) {
    this.evaluator = evaluator;
    this.node = node;
    this.evaluation = evaluation;
  }

  /** A module: a file, or what its function gives with the arguments that it gets in the end. */
  module(slot: Slot): string {
    const value = force(slot);
    if (value instanceof NixPath) return value.path;
    if (typeof value === "string" && value.startsWith("/")) return value;
    if (isFunction(value)) return this.module(this.evaluator.call(value, this.argumentsOf(value)));
    if (!(value instanceof Attrs)) throw new Error("what stands for a module is none");
    const parts = [...value.entries()].flatMap(([name, part]) => {
      if (name === "imports") return [`imports = [ ${this.imports(part)} ];`];
      // Those that modules of ours declare are declared in plain-network.nix.
      if (name === "options" || name === "_file" || name === "key") return [];
      return [`${showName(name)} = ${this.data(part)};`];
    });
    return `{ ${parts.join(" ")} }`;
  }

  /** `secrets.files` as it reads, and the file that tells the machine of it. */
  secrets(): string {
    const { evaluator, evaluation } = this;
    const secrets = secretsOf(new Reader(evaluator), evaluation.config);
    if (secrets.length === 0) return "{ files = { }; }";
    const referred = secrets.filter(({ explicitPath, early }) => explicitPath !== null || early);
    const manifest = new NixString(
      fromText(renderSecretsManifest(secrets)),
      new Set(referred.map(({ pointer }) => pointer)),
    );
    const scripts = force(this.at(evaluation.config, "system", "activationScripts", "script"));
    const [, path = ""] =
      /\. (\/nix\/store\/\S+-nixus-secrets-scripts)\//.exec((scripts as NixString).text) ?? [];
    return `{
      files = ${this.data(this.at(evaluation.config, "secrets", "files"))};
      manifest = ${this.data(manifest)};
      scripts = ${this.data(new NixString(path, new Set([path])))};
    }`;
  }

  private imports(slot: Slot): string {
    return this.evaluator
      .forceList(slot, noPos, "imports")
      .map((module) => `(${this.module(module)})`)
      .join(" ");
  }

  private argumentsOf(fn: Lambda | PrimOp | PrimOpApp): Attrs {
    const { config, options } = this.evaluation;
    const pkgs = this.at(options, "_module", "args", "value", "pkgs");
    const lib = this.at(pkgs, "lib");
    const all = { config, options, pkgs, lib, ...this.node.specialArgs };
    const formals = fn instanceof Lambda && !fn.code.ellipsis ? fn.code.formals : undefined;
    const wanted = formals?.map(({ name }) => symbolName(name));
    return Attrs.fromEntries(Object.entries(all).filter(([name]) => wanted?.includes(name) ?? true));
  }

  private at(slot: Slot, ...path: readonly string[]): Slot {
    return path.reduce((set, name) => {
      const part = this.evaluator.forceAttrs(set, noPos, name).getByName(name);
      if (part === undefined) throw new Error(`there is no ${path.join(".")}`);
      return part;
    }, slot);
  }

  /** A value of a definition. What a condition leaves out is not evaluated. */
  private data(slot: Slot): string {
    const value = force(slot);
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "bigint") return `(${value})`;
    if (typeof value === "number") return `(${showFloat(value)})`;
    if (typeof value === "string") return stringLiteral(value);
    if (value instanceof NixString) return this.string(value);
    if (value instanceof NixPath) return `(/. + ${stringLiteral(value.path)})`;
    if (value instanceof Attrs) return this.set(value);
    if (isFunction(value)) throw new Error("a function in a definition can't be written down");
    return `[ ${value.map((element) => this.data(element)).join(" ")} ]`;
  }

  private set(value: Attrs): string {
    const type = value.getByName("type");
    if (type !== undefined && force(type) === "derivation") {
      const { context } = force(value.getByName("drvPath")!) as NixString;
      const [drv = ""] = context;
      const output = force(value.getByName("outputName")!) as string;
      return `(package ${stringLiteral(drv.slice(1))} ${stringLiteral(output)})`;
    }
    const kind = value.getByName("_type");
    if (kind !== undefined && force(kind) === "if" && force(value.getByName("condition")!) === false) {
      return `{ _type = "if"; condition = false; content = { }; }`;
    }
    return `{ ${[...value.entries()].map(([name, part]) => `${showName(name)} = ${this.data(part)};`).join(" ")} }`;
  }

  private string({ text, context }: NixString): string {
    return [...context].reduce((printed, element) => {
      const output = /^!([^!]+)!(.*)$/.exec(element);
      if (output !== null) {
        return `(sameContext (package ${stringLiteral(output[2]!)} ${stringLiteral(output[1]!)}) ${printed})`;
      }
      return `(withPath ${stringLiteral(element)} ${printed})`;
    }, stringLiteral(text));
  }
}

function isFunction(value: unknown): value is Lambda | PrimOp | PrimOpApp {
  return value instanceof Lambda || value instanceof PrimOp || value instanceof PrimOpApp;
}
