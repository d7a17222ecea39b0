/** `nixus nix-instantiate`, the part outside of the thread that evaluates. */
import { fromText, toBytes } from "../../store/bytes.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { startEvaluationThread } from "../evaluation/thread.ts";
import * as text from "../text.ts";
import { version } from "../version.ts";
import { help, type Invocation, parseInvocation } from "./flags.ts";
import type { InstantiateInput, InstantiateMessage } from "./protocol.ts";

/** SGR sequences of ECMA-48. */
const colors = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*m`, "g");

export async function runNixInstantiate(
  this: Context,
  _flags: Record<never, never>,
  ...args: string[]
): Promise<void> {
  const { process } = this;
  const invocation = parse(args, process.env);
  switch (invocation.task) {
    case "help":
      process.stdout.write(help);
      return;
    case "version":
      process.stdout.write(`nix-instantiate (Nixus) ${version}\n`);
      return;
    default:
      await evaluate(process, invocation);
  }
}

function parse(args: readonly string[], env: NodeJS.ProcessEnv): Invocation {
  try {
    return parseInvocation(args, env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}\n${text.tryHelp(["nix-instantiate"])}`);
  }
}

function evaluate(process: NodeJS.Process, invocation: Invocation): Promise<void> {
  const input: InstantiateInput = { invocation };
  // Whoever reads the output may have had enough of it, or has no more room for it: nobody else needs a value.
  process.stdout.on("error", () => process.exit(1));
  const shown = (message: string): string => (process.stderr.isTTY ? message : withoutColors(message));
  const worker = startEvaluationThread(new URL("./worker.cjs", import.meta.url), input);
  return new Promise((resolve, reject) => {
    worker.on("message", (message: InstantiateMessage) => {
      switch (message.type) {
        case "output":
          process.stdout.write(toBytes(message.text));
          break;
        case "message":
          process.stderr.write(toBytes(`${fromText(message.kind)}: ${shown(message.text)}\n`));
          break;
        case "error":
          process.stderr.write(toBytes(`${shown(message.text)}\n`));
          process.exitCode = 1;
          break;
      }
    });
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}

/** Messages of nixpkgs have colours in them, which Nix too leaves out of what is no terminal. */
function withoutColors(message: string): string {
  return message.replaceAll(colors, "");
}
