/** The `linux` platform: a configuration of any distribution with systemd, evaluated by our own module system. */
import { NixError } from "../../../lang/eval/errors.ts";
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { type Attrs, NixString } from "../../../lang/eval/value.ts";
import { noPos } from "../../../lang/syntax/positions.ts";
import { defineModule } from "../../../modules/define.ts";
import { type Evaluation, evalModules } from "../../../modules/evaluate.ts";
import type { ModuleSource } from "../../../modules/module.ts";
import type { Location } from "../../../modules/type.ts";
import type { NodeEvaluation } from "../../network/network.ts";
import { Reader } from "../../reader.ts";
import { LinuxSystemError } from "./names.ts";
import { linuxOptions } from "./options/index.ts";
import { readLinuxSystem } from "./read/config.ts";
import { emptySystem, type LinuxSystem } from "./system.ts";
import { addLinuxSystem } from "./tree.ts";

export function evaluateLinux(evaluator: Evaluator, node: NodeEvaluation): Evaluation {
  const config = () => evaluator.forceAttrs(evaluation.config, noPos, "a value of the configuration");
  const toplevel = defineModule({
    file: import.meta.url,
    config: {
      system: {
        build: {
          toplevel: () => addSystem(evaluator, readLinuxSystem(new Reader(evaluator), config(), node.system)),
        },
      },
    },
  });
  const evaluation = evalModules(evaluator, {
    modules: [...linuxOptions, toplevel, ...node.modules],
    specialArgs: node.specialArgs,
    prefix: node.prefix,
  });
  return evaluation;
}

/** The platform's options and those of `more`, for documentation; `prefix` is where they stand. */
export function documentLinux(evaluator: Evaluator, prefix: Location, more: readonly ModuleSource[]): Attrs {
  return evalModules(evaluator, { modules: [...linuxOptions, ...more], prefix }).options;
}

/** Generation 0: the system that manages nothing. Returns its store path. */
export function addBaseline(evaluator: Evaluator, system: string): string {
  return addLinuxSystem(evaluator.host.store, emptySystem(system));
}

function addSystem(evaluator: Evaluator, system: LinuxSystem): NixString {
  try {
    const path = addLinuxSystem(evaluator.host.store, system);
    return new NixString(path, new Set([path]));
  } catch (error) {
    if (error instanceof LinuxSystemError) throw new NixError("module", error.message, { cause: error });
    throw error;
  }
}
