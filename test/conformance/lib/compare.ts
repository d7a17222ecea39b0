/** One expression by Nix, in a process, and by us, in this one. */
import { families } from "../../../src/lang/builtins/index.ts";
import { createEvaluator, NixError, printValue, showError } from "../../../src/lang/index.ts";
import { createNodeHost } from "../../../src/lang/node-host.ts";
import { instantiate } from "./instantiate.ts";
import { nix } from "./settings.ts";

/** Where relative paths start, and the working directory of both. */
const basePath = "/";

/** The value as printed, or why there is none; byte strings. */
type Evaluated =
  | { readonly type: "value"; readonly text: string }
  | { readonly type: "failure"; readonly text: string };

/** @param expression a byte string */
function evaluateByUs(expression: string): Evaluated {
  const evaluator = createEvaluator({
    host: createNodeHost({ env: {}, onMessage: () => {} }),
    settings: { pureEval: false, restrictEval: false, nixPath: [], currentSystem: "x86_64-linux" },
    families,
  });
  try {
    const value = evaluator.evalString(expression, { kind: "stdin" }, basePath);
    return { type: "value", text: printValue(evaluator.deepForce(value)) };
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return { type: "failure", text: showError(error, { showTrace: false }) };
  }
}

/** @param expression a byte string */
async function evaluateByNix(expression: string): Promise<Evaluated> {
  const args = ["--eval", "--strict", "-"];
  const { succeeded, stdout, stderr } = await instantiate(nix, args, expression, basePath);
  return succeeded ? { type: "value", text: stdout } : { type: "failure", text: stderr };
}

/** Fails when they do not agree; a byte string that shows both. Undefined: they agree. */
export async function disagreement(expression: string): Promise<string | undefined> {
  const [theirs, ours] = [await evaluateByNix(expression), evaluateByUs(expression)];
  if (theirs.type === ours.type && (theirs.type === "failure" || theirs.text === ours.text)) return undefined;
  return `${expression}\n\nNix: ${theirs.text}\n\nNixus: ${ours.text}\n`;
}
