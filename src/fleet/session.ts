/** An evaluator set up for networks: files of this machine, a virtual store, all builtins, `<nixus/lib>`. */
import { families } from "../lang/builtins/index.ts";
import { createEvaluator } from "../lang/eval/evaluation.ts";
import type { Evaluator } from "../lang/eval/evaluator.ts";
import type { MessageKind } from "../lang/host.ts";
import { createNodeHost, type NodeHost } from "../lang/node-host.ts";
import { reachableLib } from "../modules/lib/reachable.ts";
import { ModuleSystem } from "../modules/system.ts";
import { sharedPlaces } from "./platforms/nixos/shared-places.ts";
import { createScriptLoader } from "./script/loader.ts";
import { searchPath } from "./search-path.ts";

export interface SessionOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `builtins.trace` and warnings; byte strings. */
  readonly onMessage: (kind: MessageKind, text: string) => void;
}

export interface Session {
  readonly evaluator: Evaluator;
  readonly host: NodeHost;
}

export function createSession({ env, onMessage }: SessionOptions): Session {
  const host = createNodeHost({ env, onMessage });
  const evaluator: Evaluator = createEvaluator({
    host,
    settings: {
      pureEval: false,
      restrictEval: false,
      nixPath: searchPath(env["NIX_PATH"]),
      // The deploying machine's own system must not leak into what other machines get.
      currentSystem: undefined,
      // There is no flag that turns it on; without it these operators are nothing that could mean something else.
      experimentalFeatures: new Set(["pipe-operators"]),
    },
    families,
    ...reachableLib(() => evaluator),
    sharedPlaces,
  });
  ModuleSystem.of(evaluator).scripts = createScriptLoader(host);
  return { evaluator, host };
}
